"""The phone numbers on a Business Profile or a Trust Product, as Twilio lists, takes and removes them.

Source: https://www.twilio.com/docs/trust-hub/trusthub-rest-api.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import batched, chain
from typing import TYPE_CHECKING

from onboarding.side_by_side import side_by_side
from onboarding.twilio.answers import AssignmentAnswer
from onboarding.twilio.api import Api, Query
from onboarding.twilio.http import if_found

if TYPE_CHECKING:
    from datetime import datetime

PAGE_SIZE = 1000
SIDS_PER_FILTER = 100
"""How many SIDs one look-up names: 100 make a query string of 3.7 KB."""
PHONE_NUMBER = "phone-number"
"""The kind of channel endpoint that is signed."""


class ChannelEndpointAssignments:
    """The phone numbers on one Business Profile or Trust Product.

    Args:
        api: Twilio's Trust Hub.
        bundle: The path of the profile or product.
        at_once: How many requests may be under way at once.
        describe_bundle: As `TrustHub.describe_bundle`.

    Attributes:
        bundle_sid: The profile or product, `BU…`.
        newest: When the newest of those that `stream` has read was created, None if it has read none.
    """

    def __init__(self, api: Api, bundle: str, at_once: int, describe_bundle: Callable[[str], str | None]) -> None:
        self.bundle_sid = bundle.rpartition("/")[2]
        self.describe_bundle = describe_bundle
        self.newest: datetime | None = None
        self._api = api
        self._path = f"{bundle}/ChannelEndpointAssignments"
        self._at_once = at_once

    def for_each[Given, Result](self, do: Callable[[Given], Result], items: Iterable[Given]) -> list[Result]:
        """Do a thing that asks Twilio for each item; as `TrustHub.for_each`."""
        return side_by_side(do, items, self._at_once)

    def find(self, phone_number_sids: Iterable[str]) -> dict[str, str]:
        """Look up the assignment (`RA…`) of each of these numbers (`PN…`) that has one; of duplicates, the first."""
        found: dict[str, str] = {}
        for phone_number_sid, assignment_sid in self.find_all(phone_number_sids):
            found.setdefault(phone_number_sid, assignment_sid)
        return found

    def find_all(self, phone_number_sids: Iterable[str]) -> list[tuple[str, str]]:
        """Look up the assignments of these numbers (`PN…`), one call per 100.

        Returns:
            Each number with its assignment (`RA…`); a number with duplicates comes more than once.
        """

        def look_up(sids: tuple[str, ...]) -> list[tuple[str, str]]:
            found = self._list({"ChannelEndpointSids": ",".join(sids), "PageSize": PAGE_SIZE})
            # Compared here: an answer that ignores the filter has the assignments of all other numbers.
            return [(it.channel_endpoint_sid, it.sid) for it in found if it.channel_endpoint_sid in sids]

        pages = self.for_each(look_up, batched(phone_number_sids, SIDS_PER_FILTER, strict=False))
        return list(chain.from_iterable(pages))

    def stream(self) -> Iterator[tuple[str, str]]:
        """Read all of them, one call per 1,000.

        Yields:
            A number (`PN…`) and its assignment (`RA…`); a number with duplicates comes more than once.
        """
        for assignment in self._list({"PageSize": PAGE_SIZE}):
            if assignment.is_phone_number:
                if assignment.date_created:
                    self.newest = max(self.newest or assignment.date_created, assignment.date_created)
                yield assignment.channel_endpoint_sid, assignment.sid

    def create(self, phone_number_sid: str) -> str:
        """Assign a phone number. Twilio accepts a second assignment of the same one: look before.

        Returns:
            The assignment, `RA…`.
        """
        form = {"ChannelEndpointType": PHONE_NUMBER, "ChannelEndpointSid": phone_number_sid}
        return self._api.post(AssignmentAnswer, self._path, form, channel_endpoint_sid=phone_number_sid).sid

    def delete(self, assignment_sid: str) -> None:
        """Remove an assignment, `RA…`; one that is not there any more is as good."""
        if_found(lambda: self._api.delete(f"{self._path}/{assignment_sid}"))

    def _list(self, query: Query) -> Iterator[AssignmentAnswer]:
        return self._api.list(AssignmentAnswer, self._path, "results", query)
