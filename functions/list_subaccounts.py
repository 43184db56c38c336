"""State "List Subaccounts": write the manifest of the accounts that this run works on."""

from onboarding import manifest, settings, trust_hub
from onboarding.errors import InvalidRequest
from onboarding.models import AccountSid, PhoneNumberSid, StepEvent, StoredList, Subaccount
from onboarding.step import step
from onboarding.trust_hub import Account, TrustHub


class ListSubaccountsEvent(StepEvent):
    """Which subaccounts, None for all active ones; which of their numbers; whether also the parent's own ones."""

    subaccounts: list[AccountSid] | None
    phone_numbers: list[PhoneNumberSid] | None
    include_parent: bool


@step(ListSubaccountsEvent)
def handler(event: ListSubaccountsEvent) -> StoredList:
    """Handle the state's event."""
    environment = settings.load()
    subaccounts = choose(trust_hub.connect(environment), event)
    return manifest.write_subaccounts(manifest.connect(), environment.manifest_bucket, event.execution, subaccounts)


def choose(hub: TrustHub, event: ListSubaccountsEvent) -> list[Subaccount]:
    """Choose the accounts; that of numbers just bought without asking, since Twilio is asked for the numbers there.

    Raises:
        InvalidRequest: A subaccount cannot be worked on, or there is none.
    """
    if event.subaccounts and event.phone_numbers:
        return [Subaccount(subaccount_sid=sid, friendly_name=None) for sid in event.subaccounts]
    accounts = named(hub, event.subaccounts) if event.subaccounts else active(hub)
    if event.include_parent:
        accounts.append(Account(hub.account_sid, "parent account", "active"))
    if not accounts:
        raise InvalidRequest(
            f"The account {hub.account_sid} has no active subaccount; "
            "set include_parent to work on the parent's own numbers."
        )
    return [Subaccount(subaccount_sid=account.sid, friendly_name=account.friendly_name) for account in accounts]


def active(hub: TrustHub) -> list[Account]:
    """List the active subaccounts."""
    return [account for account in hub.subaccounts() if account.status == "active"]


def named(hub: TrustHub, sids: list[str]) -> list[Account]:
    """Find the subaccounts that the request names: one with one call, several with one list.

    Raises:
        InvalidRequest: One of them is unknown, the parent itself, suspended or closed.
    """
    if len(sids) == 1:
        found = hub.account(sids[0])
        known = {found.sid: found} if found else {}
    else:
        known = {account.sid: account for account in hub.subaccounts()}
    for place, sid in enumerate(sids):
        if sid == hub.account_sid:
            raise _refused(place, f"{sid} is the parent account; leave it out and set include_parent")
        if sid not in known:
            raise _refused(place, f"{sid} is not a subaccount of {hub.account_sid}")
        if known[sid].status != "active":
            raise _refused(place, f"{sid} is {known[sid].status}; only active subaccounts can be worked on")
    return [known[sid] for sid in sids]


def _refused(place: int, reason: str) -> InvalidRequest:
    return InvalidRequest(f"The request was refused: subaccounts[{place}]: {reason}.")
