"""trusthub.twilio.com: the policies."""

from functools import partial

from simulator import policies, views
from simulator.messages import Request, Response
from simulator.paging import list_of_v1, page_of
from simulator.records import Record, Register


class PoliciesApi:
    """Answers requests to ``/v1/Policies``."""

    def __init__(self) -> None:
        self._policies: Register[Record] = Register()
        for sid in policies.FRIENDLY_NAMES:
            self._policies.add(Record(sid=sid))

    def list(self, request: Request) -> Response:
        """All policies."""
        page = page_of(self._policies.in_order(), request)
        return Response(200, list_of_v1(page, request.base_url, partial(views.policy, base_url=request.base_url)))

    def fetch(self, request: Request, policy_sid: str) -> Response:
        """One policy."""
        record = self._policies.get(policy_sid)
        if record is None:
            raise request.not_found()
        return Response(200, views.policy(record, request.base_url))
