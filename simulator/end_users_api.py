"""trusthub.twilio.com: the end users."""

from functools import partial

from simulator import views
from simulator.messages import Request, Response
from simulator.paging import list_of_v1, page_of
from simulator.state import State


class EndUsersApi:
    """Answers requests to ``/v1/EndUsers``."""

    def __init__(self, state: State) -> None:
        self._state = state

    def list(self, request: Request) -> Response:
        """All end users."""
        page = page_of(self._state.end_users.in_order(), request)
        view = partial(views.end_user, account_sid=self._state.account_sid, base_url=request.base_url)
        return Response(200, list_of_v1(page, request.base_url, view))

    def fetch(self, request: Request, end_user_sid: str) -> Response:
        """One end user."""
        record = self._state.end_users.get(end_user_sid)
        if record is None:
            raise request.not_found()
        return Response(200, views.end_user(record, self._state.account_sid, request.base_url))
