"""The phone numbers on a Business Profile or a Trust Product, as Twilio lists, takes and removes them.

Source: https://www.twilio.com/docs/trust-hub/trusthub-rest-api.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import batched, chain
from typing import Any

from onboarding.side_by_side import side_by_side
from onboarding.twilio.http import if_found

PAGE_SIZE = 1000
SIDS_PER_FILTER = 100
"""How many SIDs one look-up names: 100 make a query string of 3.7 KB."""
PHONE_NUMBER = "phone-number"
"""The kind of channel endpoint that is signed."""


class ChannelEndpointAssignments:
    """The phone numbers on one Business Profile or Trust Product, `bundle_sid`; `at_once` requests at the most.

    Attributes:
        describe_bundle: As `TrustHub.describe_bundle`.
    """

    def __init__(
        self, bundle_sid: str, resource: Any, at_once: int, describe_bundle: Callable[[str], str | None]
    ) -> None:
        self.bundle_sid = bundle_sid
        self.describe_bundle = describe_bundle
        self._resource = resource
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

        def look_up(sids: tuple[str, ...]) -> list[Any]:
            return list(self._resource.list(channel_endpoint_sids=",".join(sids), page_size=PAGE_SIZE))

        pages = self.for_each(look_up, batched(phone_number_sids, SIDS_PER_FILTER, strict=False))
        return [(it.channel_endpoint_sid, it.sid) for it in chain.from_iterable(pages)]

    def stream(self) -> Iterator[tuple[str, str]]:
        """Read all of them, one call per 1,000.

        Yields:
            A number (`PN…`) and its assignment (`RA…`); a number with duplicates comes more than once.
        """
        for assignment in self._resource.stream(page_size=PAGE_SIZE):
            if assignment.channel_endpoint_type == PHONE_NUMBER:
                yield assignment.channel_endpoint_sid, assignment.sid

    def create(self, phone_number_sid: str) -> str:
        """Assign a phone number. Twilio accepts a second assignment of the same one: look before.

        Returns:
            The assignment, `RA…`.
        """
        created = self._resource.create(channel_endpoint_type=PHONE_NUMBER, channel_endpoint_sid=phone_number_sid)
        return str(created.sid)

    def delete(self, assignment_sid: str) -> None:
        """Remove an assignment, `RA…`; one that is not there any more is as good."""
        if_found(lambda: self._resource(assignment_sid).delete())
