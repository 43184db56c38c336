"""What a laptop's commands record of a reading, beyond what the screens are compared for in `test_screens_agree`."""

from dataclasses import replace
from datetime import UTC, datetime

from onboarding import settings
from onboarding.table.products import read_trust_product
from onboarding.trust_products import Status
from onboarding.twilio import trust_hub
from shaken_stir.live import learned, request, survey
from tests.steps.conftest import Start
from tests.steps.whole_run import run
from tests.world import NAMED, PRODUCT, PROFILE, product


def test_twilio_s_own_words_for_a_rejection_are_recorded(start: Start) -> None:
    steps = start(products=[product(business_profile=PROFILE)])
    run(steps, NAMED)
    hub = trust_hub.of_parent(settings.load())
    read = survey.take(hub, request.complete(NAMED))
    [at_twilio] = read.products
    rejected = replace(at_twilio, status=Status.REJECTED, reasons=("The name is not that of the business",))

    learned.record(steps.table, hub, replace(read, products=(rejected,)), datetime.now(UTC), 0)

    recorded = read_trust_product(steps.table, PRODUCT)
    assert recorded
    assert (recorded.status, recorded.reasons) == (Status.REJECTED, ["The name is not that of the business"])
