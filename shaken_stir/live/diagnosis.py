"""What a person wants to know of an account before a run: findings, each with a mark, and what is in the way."""

import os
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from pydantic import BaseModel

from onboarding.errors import CredentialsRefused, OnboardingError
from onboarding.phone_numbers import Stage
from onboarding.requests import CompleteRequest
from onboarding.trust_products import Status
from onboarding.twilio.trust_hub import Account, Bundle, TrustHub
from onboarding.validity import BundleKind, explain_validity, is_ending
from shaken_stir.live import choices, learned, plan, plan_words, survey
from shaken_stir.live.account import refused
from shaken_stir.live.diagnosis_of_numbers import of_numbers, stages
from shaken_stir.live.finding import Finding, Mark, Section, in_the_way, look, unknown, well
from shaken_stir.live.numbers import AccountOutlook, work_of
from shaken_stir.live.plan import Plan
from shaken_stir.live.state_file import StateFile
from shaken_stir.live.survey import Assigned, OnProgress, Survey
from shaken_stir.words import plural

MOST_NAMED = 3


class Diagnosis(BaseModel):
    """The account in words and numbers, as `shaken-stir doctor --json` prints it.

    Attributes:
        twilio: What answered in Twilio's place, None for Twilio itself.
        state_file: Where it was read what earlier runs have recorded, None if there is no such file.
        in_the_way: What would make a run fail, empty if nothing is known to.
        sections: The findings.
        subaccounts: How many there are, by status.
        numbers: How many numbers the accounts have that a run would work on, by stage.
        accounts: These accounts and numbers; where a run would put a number, once nothing is in the way.
        business_profile_sid, trust_product_sid: What a run would use, None for nothing or a new one.
        gets, posts, deletes: What a run would send, by route.
    """

    account_sid: str
    twilio: str | None = None
    state_file: str | None = None
    in_the_way: list[str]
    sections: list[Section]
    subaccounts: dict[str, int] = {}
    numbers: dict[Stage, int] = {}
    business_profile_sid: str | None = None
    trust_product_sid: str | None = None
    gets: dict[str, int] = {}
    posts: dict[str, int] = {}
    deletes: dict[str, int] = {}
    accounts: tuple[AccountOutlook, ...] = ()


def diagnose(
    hub: TrustHub, request: CompleteRequest, file: StateFile, on_progress: OnProgress | None = None
) -> Diagnosis:
    """Read an account, record what is news, and say how it stands; one that cannot be read is a diagnosis, too.

    Args:
        hub: The client.
        request: What a run would be asked for.
        file: What earlier runs have recorded; looked at.
        on_progress: Called now and then.

    Raises:
        StateFileError: The file holds what is no item of the table.
    """
    known, twilio, read_at = file.known(), file.twilio, datetime.now(UTC)
    try:
        read = survey.take(hub, request, on_progress, known)
    except CredentialsRefused as error:
        return unreadable(hub, twilio, "Credentials", refused(twilio, error.request_id))
    except OnboardingError as error:
        return unreadable(hub, twilio, "Twilio", str(error))
    file.record_if_free(learned.recorder(hub, read, read_at))
    planned = plan.make(read, known)
    accounts = planned.accounts or tuple(it.account for it in work_of(read, known))
    return Diagnosis(
        account_sid=hub.account_sid,
        twilio=twilio,
        state_file=str(file.path) if file.found else None,
        in_the_way=list(planned.in_the_way),
        sections=[section for section in tell(read, planned, accounts, file, datetime.now(UTC)) if section.findings],
        subaccounts=Counter(account.status for account in read.subaccounts),
        numbers=stages(accounts),
        accounts=accounts,
        business_profile_sid=read.profile.sid if read.profile else None,
        trust_product_sid=read.product.sid if read.product else None,
        gets=planned.gets,
        posts=planned.posts,
        deletes=planned.deletes,
    )


def unreadable(hub: TrustHub, twilio: str | None, title: str, sentence: str) -> Diagnosis:
    """Say that nothing more can be said."""
    section = Section(title=title, findings=[Finding(mark=Mark.IN_THE_WAY, text=sentence)])
    return Diagnosis(account_sid=hub.account_sid, twilio=twilio, in_the_way=[sentence], sections=[section])


def tell(
    read: Survey, planned: Plan, accounts: tuple[AccountOutlook, ...], file: StateFile, now: datetime
) -> list[Section]:
    """Put all that was read into findings."""
    if choices.is_subaccount(read.account):
        return [Section(title="Credentials", findings=in_the_way(planned.in_the_way))]
    return [
        Section(title="Credentials", findings=[of_credentials(read.account), *of_environment(os.environ)]),
        Section(title="Subaccounts", findings=of_subaccounts(read)),
        Section(title="Business Profile", findings=of_profiles(read, now)),
        Section(title="Trust Product", findings=of_products(read, now)),
        Section(title="Phone numbers", findings=of_numbers(read, accounts)),
        Section(title="Assigned at Twilio", findings=of_assignments(read)),
        Section(title="Earlier runs", findings=[of_state_file(file)]),
        Section(
            title="What a run would do",
            findings=[*in_the_way(planned.in_the_way), *of_plan(planned)],
        ),
    ]


def of_credentials(account: Account) -> Finding:
    """Tell whose credentials they are."""
    return well(f"The Auth Token of {account.sid} '{account.friendly_name}' works; it is a parent account.")


def of_environment(environment: Mapping[str, str]) -> list[Finding]:
    """Tell which variables of the environment change nothing, although Twilio's own library reads them."""
    ignored = [name for name in ("TWILIO_REGION", "TWILIO_EDGE") if environment.get(name)]
    if not ignored:
        return []
    is_ = "is" if len(ignored) == 1 else "are"
    return [look(f"{' and '.join(ignored)} {is_} ignored: Trust Hub answers at trusthub.twilio.com only.")]


def of_state_file(file: StateFile) -> Finding:
    """Tell whether it is known what earlier runs did."""
    if file.found:
        return well(f"What they did is known from {file.path}.")
    return unknown(f"There is no state file {file.path}: what a run would do is told as of a first one.")


def of_subaccounts(read: Survey) -> list[Finding]:
    """Tell which subaccounts there are, and which cannot be worked on."""
    by_status: dict[str, list[str]] = {}
    for account in read.subaccounts:
        by_status.setdefault(account.status, []).append(account.sid)
    active = by_status.pop("active", [])
    found = [
        well(
            f"{plural(len(active), 'subaccount')} active; a run would work on {plural(len(read.worked_on), 'account')}."
        )
    ]
    found += [
        look(f"{plural(len(sids), 'subaccount')} {status}: {named(sids)}; only active ones are worked on.")
        for status, sids in by_status.items()
    ]
    found += [look(f"The numbers of {sid} could not be read: {why}") for sid, why in read.unread.items()]
    return found


def of_profiles(read: Survey, now: datetime) -> list[Finding]:
    """Tell of the Business Profiles."""
    others = [profile for profile in read.profiles if profile != read.profile]
    found = [well(f"{described(read.profile)}: a run uses it.")] if read.profile else []
    found += of_validity("business_profile", read.profile, now)
    return found + [look(f"{described(profile)}: not used.") for profile in others]


def of_products(read: Survey, now: datetime) -> list[Finding]:
    """Tell of the Trust Products, and how the one that a run uses is connected."""
    found = []
    if product := read.product:
        mark = look if product.status is Status.REJECTED else well
        found.append(mark(f"{product.sid} ({product.status.value}): a run uses it."))
        profile = read.profile.sid if read.profile else "the Business Profile"
        if product.connection_sid:
            found.append(well(f"It is connected to {profile} ({product.connection_sid})."))
        else:
            found.append(look(f"It is not connected to {profile} yet."))
    elif read.profile:
        found.append(look("There is none for this profile yet: a run creates one."))
    used = next((it for it in read.products if read.product and it.sid == read.product.sid), None)
    found += of_validity("trust_product", used, now)
    return found + [look(f"{described(it)}: not used.") for it in read.products if it != used]


def of_validity(kind: BundleKind, used: Bundle | None, now: datetime) -> list[Finding]:
    """Tell until when the profile or the product that a run uses is valid; nothing if Twilio names no end."""
    if not used or not used.valid_until:
        return []
    mark = look if is_ending(used.valid_until, now) else well
    return [mark(explain_validity(kind, used.sid, used.valid_until, now))]


def of_plan(planned: Plan) -> list[Finding]:
    """Tell what a run would do, step by step."""
    lines = plan_words.steps(planned)
    return [well(line) for line in [*lines, plan_words.total(planned)]] if lines else []


def of_assignments(read: Survey) -> list[Finding]:
    """Tell what is amiss with the assignments: duplicates, orphans, what is on the product alone."""
    if not read.profile:
        return []
    found = [*of_duplicates("Business Profile", read.on_profile), *of_duplicates("Trust Product", read.on_product)]
    if alone := read.on_product.by_number.keys() - read.on_profile.by_number.keys():
        found.append(
            look(f"{plural(len(alone), 'number')} on the Trust Product but not on the profile: {named(alone)}.")
        )
    if read.orphans:
        found.append(
            look(f"{plural(len(read.orphans), 'assigned number')} in no account any more: {named(read.orphans)}.")
        )
    elif read.orphans is None:
        found.append(unknown("Orphans: not looked for, since not every account's numbers were read."))
    return found or [well("No number is assigned twice, and every assigned number is in an account.")]


def of_duplicates(where: str, assigned: Assigned) -> list[Finding]:
    """Tell which numbers are assigned twice."""
    twice = assigned.duplicates
    return (
        [look(f"{plural(len(twice), 'number')} assigned to the {where} more than once: {named(twice)}.")]
        if twice
        else []
    )


def described(bundle: Bundle) -> str:
    """Name a Business Profile or Trust Product with its status."""
    return f"{bundle.sid} '{bundle.friendly_name}' ({bundle.status.value})"


def named(sids: Collection[str]) -> str:
    """Name some of many."""
    first = sorted(sids)[:MOST_NAMED]
    return ", ".join(first) + (f" and {len(sids) - len(first):,} more" if len(sids) > len(first) else "")
