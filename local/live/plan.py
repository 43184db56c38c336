"""What a run would do, call by call, in numbers: worked out from a survey by the state machine's own order.

It is the plan of a first run, with an empty table. A run whose table knows the numbers sends the same POSTs, but for
numbers that Twilio refused within the last 7 days, and fewer GETs; and only the table tells which orphans two runs in a
row have named, so that `release_orphans` removes them.
"""

from collections import Counter
from collections.abc import Iterator, Sized
from dataclasses import dataclass, field, replace
from itertools import batched
from math import ceil

from find_or_create_trust_product import BEST_FIRST
from local.live.survey import Number, Survey
from local.words import plural
from onboarding.models import Status
from onboarding.trust_hub import PAGE_SIZE, PHONE_NUMBERS_PER_PAGE, SIDS_PER_FILTER
from submit_trust_product import SUBMITTABLE
from summarise_subaccounts import left_out_words

PROFILES, PRODUCTS = "/v1/CustomerProfiles", "/v1/TrustProducts"
PROFILE, PRODUCT = f"{PROFILES}/{{Sid}}", f"{PRODUCTS}/{{Sid}}"
ON_PROFILE, ON_PRODUCT = f"{PROFILE}/ChannelEndpointAssignments", f"{PRODUCT}/ChannelEndpointAssignments"
CONNECTIONS = f"{PRODUCT}/EntityAssignments"
EVALUATIONS = f"{PRODUCT}/Evaluations"
ACCOUNTS, ACCOUNT = "/2010-04-01/Accounts.json", "/2010-04-01/Accounts/{Sid}.json"
NUMBERS = "/2010-04-01/Accounts/{Sid}/IncomingPhoneNumbers.json"
NUMBER = "/2010-04-01/Accounts/{Sid}/IncomingPhoneNumbers/{Sid}.json"


@dataclass(frozen=True)
class Plan:
    """What a run would do.

    Attributes:
        gets: How many GETs it would send by route, such as `/v1/TrustProducts/{Sid}`; what it asks while it waits for a
            verdict, and what it asks again after a refusal, comes on top.
        posts: How many POSTs it would send by route.
        to_profile: The numbers (`PN…`) to be put on the Business Profile.
        to_product: The numbers to be put on the Trust Product.
        may_remove: The orphans (`PN…`), if the request says to release what two runs in a row have named.
        creates, connects, submits: What it would do with the Trust Product; what is submitted is evaluated before.
        in_the_way: The sentences on what would make it fail; with POSTs all the same if it does what it can.
        words: The plan for a person, line by line.
    """

    gets: dict[str, int] = field(default_factory=dict)
    posts: dict[str, int] = field(default_factory=dict)
    to_profile: tuple[str, ...] = ()
    to_product: tuple[str, ...] = ()
    may_remove: frozenset[str] = frozenset()
    creates: bool = False
    connects: bool = False
    submits: bool = False
    in_the_way: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether the run may change anything at Twilio."""
        return bool(self.posts or self.may_remove)


def make(survey: Survey) -> Plan:
    """Work out what a run of the survey's request would do."""
    if survey.refused:
        return Plan(in_the_way=survey.refused)
    eligible = [number.sid for number in numbers_worked_on(survey) if not number.ineligible]
    plan = Plan(
        to_profile=tuple(sid for sid in eligible if sid not in survey.on_profile.by_number),
        to_product=tuple(sid for sid in eligible if sid not in survey.on_product.by_number),
        may_remove=(survey.orphans or frozenset()) if survey.request.release_orphans else frozenset(),
        creates=not survey.product,
        connects=not survey.product or not survey.product.connection_sid,
        submits=not survey.product or survey.product.status in SUBMITTABLE,
        in_the_way=tuple(obstacles(survey)),
    )
    counted = replace(plan, gets=gets(survey, plan), posts=posts(plan))
    return replace(counted, words=words(survey, counted))


def gets(survey: Survey, plan: Plan) -> dict[str, int]:
    """Count the GETs."""
    together = profile_gets(survey) + account_gets(survey) + product_gets(survey) + number_gets(survey)
    together += Counter({CONNECTIONS: int(plan.connects), PRODUCT: plan.submits + verdict_gets(survey)})
    if not survey.request.phone_numbers:
        together += audit_gets(survey) + orphan_gets(survey)
    return dict(together)


def posts(plan: Plan) -> dict[str, int]:
    """Count the POSTs."""
    together = Counter(
        {
            PRODUCTS: int(plan.creates),
            CONNECTIONS: int(plan.connects),
            EVALUATIONS: int(plan.submits),
            PRODUCT: int(plan.submits),
            ON_PROFILE: len(plan.to_profile),
            ON_PRODUCT: len(plan.to_product),
        }
    )
    return dict(+together)


def words(survey: Survey, plan: Plan) -> tuple[str, ...]:
    """Put the plan into lines, in the order in which a run would go."""
    profile = survey.profile.sid if survey.profile else "the Business Profile"
    lines = [left_out_words(survey.left_out)] if survey.left_out else []
    if plan.creates:
        lines.append(f"create the Trust Product «{survey.request.trust_product.friendly_name}»")
    if plan.connects:
        lines.append(f"connect the Trust Product to {profile}")
    if plan.submits:
        lines.append("let Twilio evaluate the Trust Product, and submit it for review, if it is compliant")
    if plan.to_profile:
        lines.append(f"put {plural(len(plan.to_profile), 'number')} on the Business Profile {profile}")
    if plan.to_product:
        lines.append(f"put {plural(len(plan.to_product), 'number')} on the Trust Product")
    if not plan.changes:
        lines.append("change nothing")
    if survey.orphans:
        removed = ", and remove what two runs in a row have named" if plan.may_remove else ""
        lines.append(f"name {plural(len(survey.orphans), 'orphan')}{removed}")
    if not survey.product or survey.product.status is not Status.APPROVED:
        lines.append("wait for Twilio's verdict")
    lines.append(f"in all: {plural(sum(plan.posts.values()), 'POST')}, {plural(sum(plan.gets.values()), 'GET')}")
    return tuple(lines)


def obstacles(survey: Survey) -> Iterator[str]:
    """Say what would make a run fail, or do harm, although it begins."""
    if survey.filter_holds is False:
        yield (
            "A look-up of assigned numbers by their SIDs did not find them all, so a run would assign some twice; "
            "do not run, and ask Twilio's support about ChannelEndpointSids."
        )
    for sid, why in unread_of(survey).items():
        yield f"{sid} would fail: {why}"


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
    if product and product.connection_sid:
        best_first = sorted(survey.products, key=lambda it: BEST_FIRST.index(it.status))
        looked_at = 1 + [it.sid for it in best_first].index(product.sid)
    times = 1 if product else 2
    return Counter({PRODUCTS: times * pages(survey.products), CONNECTIONS: times * looked_at})


def number_gets(survey: Survey) -> Counter[str]:
    """Count what the Map's steps ask: each page of numbers, and each 100 of them on the profile and on the product."""
    asked: Counter[str] = Counter()
    for account in survey.worked_on:
        read = survey.numbers[account.sid]
        asked[NUMBERS] += read.calls
        for page in batched(read.numbers, PHONE_NUMBERS_PER_PAGE, strict=False):
            eligible = sum(not number.ineligible for number in page)
            asked.update({ON_PROFILE: ceil(eligible / SIDS_PER_FILTER), ON_PRODUCT: ceil(eligible / SIDS_PER_FILTER)})
    return asked


def audit_gets(survey: Survey) -> Counter[str]:
    """Count what `Audit Assignments` asks: all that is assigned."""
    return Counter({ON_PROFILE: pages(survey.on_profile.assignments), ON_PRODUCT: pages(survey.on_product.assignments)})


def looks_for_orphans(survey: Survey) -> bool:
    """Say whether `Find Orphans` reads all other accounts: some number is in none that the run worked on."""
    if not survey.whole_fleet or unread_of(survey):
        return False
    assigned = survey.on_profile.by_number.keys() | survey.on_product.by_number.keys()
    return not assigned <= {number.sid for number in numbers_worked_on(survey)}


def orphan_gets(survey: Survey) -> Counter[str]:
    """Count what `Find Orphans` asks: all other accounts' numbers."""
    if not looks_for_orphans(survey):
        return Counter()
    listed = {account.sid for account in survey.worked_on}
    others = sum(it.calls for sid, it in survey.numbers.items() if sid not in listed)
    return Counter({ACCOUNTS: pages([survey.account, *survey.subaccounts]), NUMBERS: others})


def verdict_gets(survey: Survey) -> int:
    """Count what `Await Review` and `Check Trust Product` ask when the verdict comes by callback."""
    if not survey.product or survey.product.status is not Status.APPROVED:
        return 2
    return 0 if survey.request.phone_numbers else 1


def pages(listed: Sized) -> int:
    """Count the pages of a list; an empty one is a page, too."""
    return max(1, ceil(len(listed) / PAGE_SIZE))
