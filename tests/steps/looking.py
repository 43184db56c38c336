"""What `run --live` and `doctor` read of an account before anything is planned."""

from collections.abc import Mapping
from typing import Any

from onboarding.table.dynamodb import Table
from onboarding.twilio.api import TwilioClient
from onboarding.twilio.http import TwilioHttpClient
from onboarding.twilio.trust_hub import TrustHub
from shaken_stir.live import request, survey
from shaken_stir.live.survey import Survey
from simulator.simulator import Simulator


def look(simulator: Simulator, event: Mapping[str, Any], known: Table | None = None) -> Survey:
    """Survey the account for a request."""
    http_client = TwilioHttpClient(8, simulator.url)
    hub = TrustHub(TwilioClient(simulator.account_sid, simulator.auth_token, http_client))
    read = survey.take(hub, request.complete(event), known=known)
    http_client._session.close()
    return read
