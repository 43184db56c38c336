"""What a run would do, number by number and call by call: worked out from a survey by the state machine's own order.

What earlier runs have recorded is taken into account as the run itself does it: numbers that Twilio refused within the
last 7 days, and the orphans that two runs in a row have named.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Sized
from math import ceil

from pydantic import BaseModel, ConfigDict, computed_field

from onboarding import ownership
from onboarding.business_profiles import PRIMARY
from onboarding.errors import InvalidRequest
from onboarding.ownership import Asked
from onboarding.requests import LeftOutNumber
from onboarding.table.dynamodb import Table
from onboarding.table.orphans import read_orphans
from onboarding.table.other_bundles import read_other_bundles
from onboarding.table.ownership import has_run_over_the_fleet, read_supporting
from onboarding.trust_products import SUBMITTABLE, Status, best_first
from onboarding.twilio.assignments import PAGE_SIZE, SIDS_PER_FILTER
from onboarding.twilio.trust_hub import PHONE_NUMBERS_PER_PAGE
from shaken_stir.live.numbers import AccountOutlook, Side, Work, work_of
from shaken_stir.live.saved_table import SavedTable
from shaken_stir.live.survey import Number, Survey

PROFILES, PRODUCTS = "/v1/CustomerProfiles", "/v1/TrustProducts"
PROFILE, PRODUCT = f"{PROFILES}/{{Sid}}", f"{PRODUCTS}/{{Sid}}"
ON_PROFILE, ON_PRODUCT = f"{PROFILE}/ChannelEndpointAssignments", f"{PRODUCT}/ChannelEndpointAssignments"
CONNECTIONS = f"{PRODUCT}/EntityAssignments"
EVALUATIONS = f"{PRODUCT}/Evaluations"
OF_PROFILE, END_USER = f"{PROFILE}/EntityAssignments", "/v1/EndUsers/{Sid}"
ACCOUNTS, ACCOUNT = "/2010-04-01/Accounts.json", "/2010-04-01/Accounts/{Sid}.json"
NUMBERS = "/2010-04-01/Accounts/{Sid}/IncomingPhoneNumbers.json"
NUMBER = "/2010-04-01/Accounts/{Sid}/IncomingPhoneNumbers/{Sid}.json"


class Plan(BaseModel):
    """What a run would do, as `shaken-stir run --live --dry-run --json` prints it.

    Attributes:
        account_sid, friendly_name: The account that authenticates.
        twilio: What answered in Twilio's place, None for Twilio itself.
        state_file: Where it was read what earlier runs have recorded, None if nothing was.
        in_the_way: The sentences on what would make it fail; with POSTs all the same if it does what it can.
        business_profile_sid: The Business Profile (`BU…`) that it would use.
        trust_product_sid: The Trust Product that it would use, None for a new one.
        creates: The name of the Trust Product that it would create, None if it would not.
        connects, submits: What it would do with the Trust Product; what is submitted is evaluated before.
        waits: Whether it would wait for Twilio's verdict, None if there is nothing to wait for.
        accounts: The accounts that it would work on; where it would put which of their numbers, or why it would not.
        orphans: The assigned numbers (`PN…`) that it would find in no account, and name.
        removes: Those of them that it would remove, since the request says so and a run before has named them.
        left_out: The phone numbers that the request names but the account does not have.
        gets: How many GETs it would send by route, such as `/v1/TrustProducts/{Sid}`; what it asks while it waits for a
            verdict, and what it asks again after a refusal or a pause, comes on top.
        posts, deletes: How many POSTs and DELETEs it would send by route.
    """

    model_config = ConfigDict(frozen=True)

    account_sid: str
    friendly_name: str
    twilio: str | None = None
    state_file: str | None = None
    in_the_way: tuple[str, ...] = ()
    business_profile_sid: str | None = None
    trust_product_sid: str | None = None
    creates: str | None = None
    connects: bool = False
    submits: bool = False
    waits: bool | None = None
    accounts: tuple[AccountOutlook, ...] = ()
    orphans: tuple[str, ...] = ()
    removes: tuple[str, ...] = ()
    left_out: tuple[LeftOutNumber, ...] = ()
    gets: dict[str, int] = {}
    posts: dict[str, int] = {}
    deletes: dict[str, int] = {}

    @computed_field  # type: ignore[prop-decorator] # https://github.com/python/mypy/issues/1362
    @property
    def changes(self) -> bool:
        """Whether the run would change anything at Twilio."""
        return bool(self.posts or self.deletes)

    @property
    def goes_on(self) -> bool:
        """Whether a run would get so far as to do anything."""
        return bool(self.gets)

    def put_on(self, side: Side) -> int:
        """Count the numbers that would be put on the Business Profile or the Trust Product."""
        return sum(side in number.will_be_put_on for account in self.accounts for number in account.numbers)


def make(survey: Survey, known: Table | None = None, *, waits: bool = True) -> Plan:
    """Work out what a run of the survey's request would do.

    Args:
        survey: What is at Twilio.
        known: What earlier runs have recorded, None for a first run.
        waits: Whether the run would wait for Twilio's verdict.
    """
    if survey.refused:
        return Plan(
            account_sid=survey.account.sid, friendly_name=survey.account.friendly_name, in_the_way=survey.refused
        )
    known = known or SavedTable()
    if reason := why_stopped(survey, known):
        stop = (str(InvalidRequest(reason)),)
        return Plan(account_sid=survey.account.sid, friendly_name=survey.account.friendly_name, in_the_way=stop)
    work, product = work_of(survey, known), survey.product
    removes = to_remove(survey, known)
    approved = product is not None and product.status is Status.APPROVED
    plan = Plan(
        account_sid=survey.account.sid,
        friendly_name=survey.account.friendly_name,
        in_the_way=tuple(obstacles(survey)),
        business_profile_sid=survey.profile.sid if survey.profile else None,
        trust_product_sid=product.sid if product else None,
        creates=None if product else survey.request.trust_product.friendly_name,
        connects=not product or not product.connection_sid,
        submits=not product or product.status in SUBMITTABLE,
        waits=None if approved else waits,
        accounts=tuple(it.account for it in work),
        orphans=tuple(sorted(survey.orphans or ())),
        removes=removes,
        left_out=survey.left_out,
        deletes=deletes(survey, removes),
    )
    asked = gets(survey, plan, work) + ownership_gets(survey, known) + elsewhere_gets(survey, known, work)
    return plan.model_copy(update={"gets": dict(+asked), "posts": posts(plan)})


def why_stopped(survey: Survey, known: Table) -> str | None:
    """Return why `Find Or Create Trust Product` would stop a first run; None if it would not."""
    asked = whose_numbers(survey)
    if not asked:
        return None
    first = ownership.is_first(known, asked)
    if first and not asked.names_profile:
        pairs = ownership.other_pairs(asked.profile_sid, survey.profiles, survey.products, survey.supporting)
        if pairs:
            return ownership.say_several(asked, survey.profiles, survey.products, pairs)
    if not asked.whole_fleet or not (first or not has_run_over_the_fleet(known)):
        return None
    policy_sid = survey.profile.policy_sid if survey.profile else None
    return ownership.why_not_the_fleet(asked.profile_sid, policy_sid, survey.business_identity)


def whose_numbers(survey: Survey) -> Asked | None:
    """Return whose numbers the request means; None if nothing is asked of that."""
    if survey.request.own_numbers or not survey.profile:
        return None
    product = survey.product
    return Asked(
        profile_sid=survey.profile.sid,
        product_sid=product.sid if product else None,
        is_connected=product is not None and product.connection_sid is not None,
        names_profile=survey.request.business_profile_sid is not None,
        whole_fleet=survey.whole_fleet,
    )


def to_remove(survey: Survey, known: Table) -> tuple[str, ...]:
    """Pick the orphans (`PN…`) that `Release Orphans` would remove: a run has named them, and an account had them."""
    if not survey.request.release_orphans or not survey.product or not survey.orphans:
        return ()
    named = {it.phone_number_sid for it in read_orphans(known, survey.product.sid) if it.account_sid}
    return tuple(sorted(survey.orphans & named))


def gets(survey: Survey, plan: Plan, work: Sequence[Work]) -> Counter[str]:
    """Count the GETs."""
    together = profile_gets(survey) + account_gets(survey) + product_gets(survey) + number_gets(survey, work)
    verdict = verdict_gets(survey, waits=bool(plan.waits))
    together += Counter({CONNECTIONS: int(plan.connects), PRODUCT: plan.submits + verdict})
    if not survey.request.phone_numbers:
        together += audit_gets(survey) + orphan_gets(survey) + removal_gets(plan.removes)
    return together


def posts(plan: Plan) -> dict[str, int]:
    """Count the POSTs."""
    together = Counter(
        {
            PRODUCTS: int(plan.creates is not None),
            CONNECTIONS: int(plan.connects),
            EVALUATIONS: int(plan.submits),
            PRODUCT: int(plan.submits),
            ON_PROFILE: plan.put_on("business_profile"),
            ON_PRODUCT: plan.put_on("trust_product"),
        }
    )
    return dict(+together)


def deletes(survey: Survey, removes: Iterable[str]) -> dict[str, int]:
    """Count the DELETEs: each assignment of what is removed."""
    together = Counter(
        {
            f"{route}/{{Sid}}": sum(len(assigned.by_number.get(sid, ())) for sid in removes)
            for route, assigned in ((ON_PRODUCT, survey.on_product), (ON_PROFILE, survey.on_profile))
        }
    )
    return dict(+together)


def obstacles(survey: Survey) -> Iterator[str]:
    """Say what would make a run fail, or do harm, although it begins."""
    if survey.filter_holds is False:
        yield (
            "A look-up of assigned numbers by their SIDs did not find them all, so a run would assign some twice; "
            "do not run, and ask Twilio's support about ChannelEndpointSids."
        )
    for sid, why in unread_of(survey).items():
        yield f"{sid} would fail: {why}"
    for what in survey.unreadable_accounts if survey.whole_fleet else ():
        yield f"A subaccount would fail, since Twilio's record of it cannot be read: {what}."


def numbers_worked_on(survey: Survey) -> Iterator[Number]:
    """Pick the numbers of the accounts that a run would work on."""
    for account in survey.worked_on:
        yield from survey.numbers[account.sid].numbers


def unread_of(survey: Survey) -> dict[str, str]:
    """Pick the accounts (`AC…`) that a run would work on, but whose numbers could not be read."""
    return {account.sid: survey.unread[account.sid] for account in survey.worked_on if account.sid in survey.unread}


def profile_gets(survey: Survey) -> Counter[str]:
    """Count what `Find Business Profile` asks."""
    return Counter([PROFILE]) if survey.request.business_profile_sid else Counter({PROFILES: pages(survey.profiles)})


def account_gets(survey: Survey) -> Counter[str]:
    """Count what `List Subaccounts` asks: the accounts, and each phone number that the request names."""
    one = len(survey.request.subaccounts or []) == 1
    accounts = Counter([ACCOUNT]) if one else Counter({ACCOUNTS: pages([survey.account, *survey.subaccounts])})
    return accounts + Counter({NUMBER: len(survey.request.phone_numbers or [])})


def product_gets(survey: Survey) -> Counter[str]:
    """Count what `Find Or Create Trust Product` asks: all of it twice if it creates one."""
    if survey.request.trust_product.sid:
        return Counter([PRODUCT, CONNECTIONS])
    product = survey.product
    looked_at = len(survey.products)
    listed = [it.sid for it in best_first(survey.products)]
    if product and product.sid not in listed:
        return Counter({PRODUCTS: pages(survey.products), CONNECTIONS: looked_at, PRODUCT: 1})
    if product and product.connection_sid:
        looked_at = 1 + listed.index(product.sid)
    times = 1 if product else 2
    return Counter({PRODUCTS: times * pages(survey.products), CONNECTIONS: times * looked_at})


def ownership_gets(survey: Survey, known: Table) -> Counter[str]:
    """Count what `Find Or Create Trust Product` asks to learn whose numbers a first run has."""
    asked = whose_numbers(survey)
    if not asked:
        return Counter()
    together: Counter[str] = Counter()
    first = ownership.is_first(known, asked)
    if first and not asked.names_profile:
        together[PRODUCTS] += pages(survey.products)
        together[CONNECTIONS] += sum(read_supporting(known, sid) is None for sid in survey.supporting)
        together[PROFILES] += pages(survey.profiles) if any(survey.supporting.values()) else 0
    may_stop = asked.whole_fleet and (first or not has_run_over_the_fleet(known))
    is_primary = survey.profile is not None and survey.profile.policy_sid in PRIMARY
    if may_stop and is_primary and not ownership.knows_identity(known, asked.profile_sid):
        together.update({OF_PROFILE: 1, END_USER: int(survey.business_identity is not None)})
    return together


def elsewhere_gets(survey: Survey, known: Table, work: Sequence[Work]) -> Counter[str]:
    """Count what a run asks to learn which numbers are on other bundles: all of it once a day at most."""
    if not any(it.assigns for it in work):
        return Counter()
    together: Counter[str] = Counter()
    named = bool(survey.request.phone_numbers)
    for page in (page for it in work for page in it.pages):
        together[ON_PROFILE] += look_ups(page.elsewhere) + named * (page.elsewhere - page.on_other_product)
        together[ON_PRODUCT] += look_ups(page.also_on_profile) + named * page.on_other_product
    profile_sid, product_sid = survey.profile and survey.profile.sid, survey.product and survey.product.sid
    last = read_other_bundles(known, (profile_sid, product_sid)) if profile_sid and product_sid else None
    if last and (last.is_fresh or (named and not last.bundles)):
        return together
    together.update({PROFILES: pages(survey.profiles), PRODUCTS: pages(survey.products)})
    together.update(ON_PROFILE if kind == "business_profile" else ON_PRODUCT for kind, _ in survey.others)
    return together


def number_gets(survey: Survey, work: Iterable[Work]) -> Counter[str]:
    """Count what the Map's steps ask: each page of numbers, those that are gone, and each 100 that need work."""
    asked: Counter[str] = Counter()
    for it in work:
        read = survey.numbers[it.account.sid]
        asked.update({NUMBERS: read.calls, ACCOUNT: int(read.unreadable)})
        asked[NUMBER] += min(it.missing, PHONE_NUMBERS_PER_PAGE)
        for page in it.pages:
            asked.update({ON_PROFILE: look_ups(page.on_profile), ON_PRODUCT: look_ups(page.on_product)})
    return asked


def audit_gets(survey: Survey) -> Counter[str]:
    """Count what `Audit Assignments` asks: all that is assigned."""
    return Counter({ON_PROFILE: pages(survey.on_profile.assignments), ON_PRODUCT: pages(survey.on_product.assignments)})


def looks_for_orphans(survey: Survey) -> bool:
    """Say whether `Find Orphans` reads all other accounts: some number is in none that the run worked on."""
    if not survey.whole_fleet or unread_of(survey).keys() - survey.unreadable or survey.unreadable_accounts:
        return False
    return bool(survey.without_home(survey.numbers[account.sid] for account in survey.worked_on))


def orphan_gets(survey: Survey) -> Counter[str]:
    """Count what `Find Orphans` asks: all other accounts' numbers."""
    if not looks_for_orphans(survey):
        return Counter()
    listed = {account.sid for account in survey.worked_on}
    others = sum(it.calls for sid, it in survey.numbers.items() if sid not in listed)
    return Counter({ACCOUNTS: pages([survey.account, *survey.subaccounts]), NUMBERS: others})


def removal_gets(removes: Sized) -> Counter[str]:
    """Count what `Release Orphans` asks: each number where it was last, and each 100 on the product and the profile."""
    return Counter({NUMBER: len(removes), ON_PRODUCT: look_ups(len(removes)), ON_PROFILE: look_ups(len(removes))})


def verdict_gets(survey: Survey, *, waits: bool) -> int:
    """Count what `Await Review` asks, and `Check Trust Product` when the verdict comes by callback."""
    if not survey.product or survey.product.status is not Status.APPROVED:
        return 2 if waits else 1
    return 0 if survey.request.phone_numbers else 1


def pages(listed: Sized) -> int:
    """Count the pages of a list; an empty one is a page, too."""
    return max(1, ceil(len(listed) / PAGE_SIZE))


def look_ups(numbers: int) -> int:
    """Count the look-ups of so many numbers."""
    return ceil(numbers / SIDS_PER_FILTER)
