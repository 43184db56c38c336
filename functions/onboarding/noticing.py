"""Notice when a validity ends: record what Twilio names, and announce an end that is near or past."""

from datetime import datetime

from onboarding import announcements, clients
from onboarding.announcements import ValidityEnding
from onboarding.table.dynamodb import Table
from onboarding.table.validities import read_validity, record_validity
from onboarding.validity import Validity, announcement_due, days_left, explain_validity, with_known


def notice_validity(table: Table, bus: str, seen: Validity, execution: str) -> None:
    """Record until when a Business Profile or a Trust Product is valid, and announce an end when it is due.

    Args:
        table: The progress table.
        bus: The name of the stack's event bus.
        seen: What Twilio names now; an answer that newer news have overtaken changes nothing.
        execution: Who has asked.
    """
    known = read_validity(table, seen.sid)
    if known and known.observed_at > seen.observed_at:
        return
    validity = with_known(known, seen)
    end, due = validity.valid_until, announcement_due(validity)
    if end and due is not None:
        # One that is not taken is left to the next run: there are 30 days to say it.
        ending = _ending(validity, end, due, execution)
        if announcements.try_to_announce(clients.event_bridge(), bus, ending):
            validity = validity.model_copy(update={"announced": due})
    record_validity(table, validity)


def _ending(validity: Validity, valid_until: datetime, due: int, execution: str) -> ValidityEnding:
    """Say what is announced of an end; executions at once say it with the same `id`."""
    kind, sid, now = validity.kind, validity.sid, validity.observed_at
    return ValidityEnding(
        id=f"{sid}/valid-until/{valid_until.isoformat()}/{due}",
        execution=execution,
        message=explain_validity(kind, sid, valid_until, now),
        kind=kind,
        sid=sid,
        valid_until=valid_until,
        days_left=days_left(valid_until, now),
    )
