"""State "Release Orphans": take numbers that live in no account off the Trust Product and the Business Profile."""

import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import batched

from onboarding import clients, settings
from onboarding.assigning import BATCH_SECONDS
from onboarding.errors import TwilioRefused
from onboarding.models import BundleSid, Model, StepEvent
from onboarding.observability import logger, measure
from onboarding.phone_numbers import OrphanRecord
from onboarding.step import step
from onboarding.table.orphans import forget_orphans, read_orphans
from onboarding.twilio import trust_hub
from onboarding.twilio.assignments import SIDS_PER_FILTER, ChannelEndpointAssignments
from onboarding.twilio.trust_hub import TrustHub


class ReleaseOrphansEvent(StepEvent):
    """What the orphans are on."""

    business_profile_sid: BundleSid
    trust_product_sid: BundleSid


class ReleasedOrphans(Model):
    """How many were released, live after all, were refused by Twilio, or are left to a later run.

    An orphan that no account was ever seen to have is always left.
    """

    released: int
    living: int
    refused: int
    left: int


@step(ReleaseOrphansEvent)
def handler(event: ReleaseOrphansEvent) -> ReleasedOrphans:
    """Remove what two runs in a row have named, once Twilio confirms that it lives nowhere.

    Raises:
        TwilioThrottled, TwilioUnavailable: Some were not removed; try again.
    """
    environment = settings.load()
    hub, table = trust_hub.of_parent(environment), clients.table(environment)
    named_twice = [orphan for orphan in read_orphans(table, event.trust_product_sid) if orphan.named_before]
    # A number that no account was seen to have may live in one that Twilio does not list.
    removable = [orphan for orphan in named_twice if orphan.account_sid]
    done: Counter[str] = Counter()
    for batch in in_time(removable):
        gone = confirm_gone(hub, batch)
        refused = release(hub, event, gone)
        settled = [orphan.phone_number_sid for orphan in batch if orphan.phone_number_sid not in refused]
        forget_orphans(table, event.trust_product_sid, settled)
        done.update(released=len(gone) - len(refused), living=len(batch) - len(gone), refused=len(refused))
    measure(name="OrphansReleased", value=done["released"])
    return ReleasedOrphans(
        released=done["released"],
        living=done["living"],
        refused=done["refused"],
        left=len(named_twice) - done.total(),
    )


def in_time(orphans: list[OrphanRecord]) -> Iterator[list[OrphanRecord]]:
    """Give the orphans in batches of 100, for as long as there is time."""
    deadline = time.monotonic() + BATCH_SECONDS
    for batch in batched(orphans, SIDS_PER_FILTER, strict=False):
        if time.monotonic() > deadline:
            return
        yield list(batch)


def confirm_gone(hub: TrustHub, orphans: list[OrphanRecord]) -> list[str]:
    """Ask Twilio for each number where it was last; gives those that are not there."""

    def is_gone(orphan: OrphanRecord) -> bool:
        return hub.phone_number(orphan.account_sid or hub.account_sid, orphan.phone_number_sid) is None

    gone = hub.for_each(is_gone, orphans)
    return [orphan.phone_number_sid for orphan, it_is in zip(orphans, gone, strict=True) if it_is]


def release(hub: TrustHub, event: ReleaseOrphansEvent, phone_number_sids: list[str]) -> set[str]:
    """Remove every assignment of the numbers (`PN…`), from the product before the profile, as Twilio demands.

    Returns:
        The numbers that Twilio refused to remove: other products of Trust Hub may need them on the profile.
    """
    refused: set[str] = set()
    for assignments in (
        hub.on_trust_product(event.trust_product_sid),
        hub.on_business_profile(event.business_profile_sid),
    ):
        assigned = assignments.find_all(sid for sid in phone_number_sids if sid not in refused)
        refused |= {sid for sid in assignments.for_each(partial(refuses_to_remove, assignments), assigned) if sid}
    return refused


def refuses_to_remove(assignments: ChannelEndpointAssignments, assigned: tuple[str, str]) -> str | None:
    """Remove the assignment (`RA…`) of a number (`PN…`); gives the number if Twilio refuses to."""
    phone_number_sid, assignment_sid = assigned
    try:
        assignments.delete(assignment_sid)
    except TwilioRefused as refusal:
        said = {"phone_number_sid": phone_number_sid, "said": str(refusal)}
        logger().warning("an orphan was not removed", extra=said)
        return phone_number_sid
    return None
