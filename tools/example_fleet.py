"""A made-up fleet as the progress table knows it: for pictures, tests and measurements. Nothing in it is anybody's."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from boto3.dynamodb.types import TypeSerializer

from onboarding.errors import section
from onboarding.phone_numbers import Stage
from onboarding.table.dynamodb import Item
from onboarding.trust_products import Status

PRODUCT: Final = "BU" + "2" * 32
PROFILE: Final = "BU" + "1" * 32
NAMES: Final = (
    *("Harbor", "Cedar", "Lakeside", "Maple", "Summit", "Riverbend", "Orchard", "Granite", "Prairie", "Juniper"),
    *("Beacon", "Willow", "Canyon", "Meadow", "Copper", "Foxglove", "Sterling", "Birch", "Coral", "Aspen"),
)
TRADES: Final = (
    *("Dental", "Plumbing", "Clinic", "Realty", "Insurance", "Logistics", "Auto Care", "Legal", "Pharmacy", "Roofing"),
    *("Travel", "Tutoring", "Veterinary", "Catering", "Fitness", "Books", "Electric", "Gardens", "Hotel", "Optics"),
)
PAIRS: Final = len(NAMES) * len(TRADES)
AREA_CODES: Final = (212, 303, 312, 404, 415, 512, 602, 617, 702, 713, 804, 916)
REFUSALS: Final = ((22205, "Object is not owned by this account"), (22213, "Phone number is not known"))
OUTAGE: Final = (
    "Twilio did not answer GET IncomingPhoneNumbers within 10 seconds, five times; send the request again later "
    f"({section('TwilioUnavailable')})."
)
RUNS: Final = 26
OUTAGE_THEN, OUTAGE_NOW = range(8, 11), range(4)
"""How many days ago Twilio did not answer for some subaccounts."""


class Every(NamedTuple):
    """Which subaccounts something holds for: each of so many, from which one on."""

    of: int
    begins: int

    def has(self, index: int) -> bool:
        """Say whether it holds for this one."""
        return index % self.of == self.begins


FAILED, REFUSED, INELIGIBLE, TAKEN_OFF = Every(67, 5), Every(41, 7), Every(29, 3), Every(97, 11)

_serialize = TypeSerializer().serialize


def items(subaccounts: int, numbers: int, now: datetime) -> Iterator[Item]:
    """Give a fleet's items: most is well; some failed, were refused, are ineligible or were taken off by hand.

    Args:
        subaccounts: How many.
        numbers: How many each has.
        now: When all this is looked at.
    """
    total: Counter[Stage] = Counter()
    for index in range(subaccounts):
        stages = _stages(index, numbers)
        total.update(stages)
        yield _subaccount(index, stages, now)
        for position, stage in enumerate(stages):
            yield _number(index, position, stage, now)
    yield from _bundles(now)
    yield from _runs(total, subaccounts, now)


def in_dynamodb_json(item: Item) -> dict[str, Any]:
    """Write an item as DynamoDB's own JSON."""
    return {name: _serialize(value) for name, value in item.items()}


def _sid(prefix: str, number: int) -> str:
    return f"{prefix}{number + 1:032x}"


def _stages(index: int, numbers: int) -> list[Stage]:
    """Where the numbers of a subaccount stand."""
    stages = [Stage.ON_TRUST_PRODUCT] * numbers
    if FAILED.has(index):
        stages[-max(1, numbers // 4) :] = [Stage.DISCOVERED] * max(1, numbers // 4)
    if REFUSED.has(index):
        stages[0] = Stage.REFUSED
    if INELIGIBLE.has(index):
        stages[-1] = Stage.INELIGIBLE
    if TAKEN_OFF.has(index):
        stages[numbers // 2] = Stage.ON_BUSINESS_PROFILE
    return stages


def _subaccount(index: int, stages: list[Stage], now: datetime) -> Item:
    name = f"{NAMES[index % 20]} {TRADES[(index // 20 + index) % 20]}"
    told: Item = {
        "pk": "FLEET",
        "sk": f"SUBACCOUNT#{_sid('AC', index)}",
        "subaccount_sid": _sid("AC", index),
        "friendly_name": name if index < PAIRS else f"{name} {index // PAIRS + 1}",
        "status": "failed" if FAILED.has(index) else "onboarded",
        "numbers": dict(Counter(it.value for it in stages)),
        "recorded_by": _execution(0),
        "recorded_at": _iso(now - timedelta(hours=13, seconds=index % 600)),
        "last_success_at": _iso(now - timedelta(hours=13, seconds=index % 600)),
    }
    if not FAILED.has(index):
        return told
    since = _iso(now - timedelta(days=3, hours=13))
    gone = _iso(now - timedelta(days=4, hours=13))
    return told | {"error": "TwilioUnavailable", "message": OUTAGE, "failing_since": since, "last_success_at": gone}


def _number(index: int, position: int, stage: Stage, now: datetime) -> Item:
    account, sid = _sid("AC", index), f"PN{index + 1:016x}{position:016x}"
    area, line = AREA_CODES[index % len(AREA_CODES)], (index * 7 + position) % 100
    came = now - timedelta(days=60 + index % 300)
    told: Item = {
        "pk": f"SUBACCOUNT#{account}",
        "sk": f"NUMBER#{sid}",
        "phone_number_sid": sid,
        "phone_number": f"+1{area}55501{line:02}",
        "stage": stage.value,
        "since": _iso(came),
        "came_at": _iso(came),
        "updated_at": _iso(now - timedelta(hours=13)),
    }
    match stage:
        case Stage.REFUSED:
            code, reason = REFUSALS[index % len(REFUSALS)]
            refused_at = _iso(now - timedelta(days=2, hours=index % 40))
            refusal = {"reason": reason, "error_code": code, "refused_at": refused_at, "refused_by": PRODUCT}
            return told | refusal | {"since": refused_at}
        case Stage.INELIGIBLE:
            return told | {"reason": "its region is CA, not US", "phone_number": f"+141655501{line:02}"}
        case Stage.ON_BUSINESS_PROFILE:
            lost_at = _iso(now - timedelta(hours=9))
            return told | {"business_profile_sid": PROFILE, "since": lost_at, "lost_at": lost_at}
        case Stage.ON_TRUST_PRODUCT:
            return told | {"business_profile_sid": PROFILE, "trust_product_sid": PRODUCT}
        case _:
            return told | {"since": _iso(now - timedelta(days=3, hours=13))}


def _bundles(now: datetime) -> Iterator[Item]:
    begun = now - timedelta(days=64)
    history = [
        (Status.DRAFT, 0.0, []),
        (Status.PENDING_REVIEW, 0.1, []),
        (Status.IN_REVIEW, 21.0, []),
        (Status.REJECTED, 66.0, [18601, 18606]),
        (Status.PENDING_REVIEW, 95.5, []),
        (Status.IN_REVIEW, 118.0, []),
        (Status.APPROVED, 163.0, []),
    ]
    changes = [
        {"status": status.value, "errors": errors, "observed_at": _iso(begun + timedelta(hours=hours))}
        for status, hours, errors in history
    ]
    yield {
        "pk": f"TRUST_PRODUCT#{PRODUCT}",
        "sk": "STATUS",
        "sid": PRODUCT,
        "status": Status.APPROVED.value,
        "history": changes,
        "observed_at": _iso(now - timedelta(hours=13)),
    }
    for kind, sid, days in (("trust_product", PRODUCT, 301), ("business_profile", PROFILE, 21)):
        yield {
            "pk": "FLEET",
            "sk": f"VALIDITY#{sid}",
            "kind": kind,
            "sid": sid,
            "observed_at": _iso(now - timedelta(hours=13)),
            "valid_until": _iso(now + timedelta(days=days)),
        }
    for number in range(2):
        yield {
            "pk": f"TRUST_PRODUCT#{PRODUCT}",
            "sk": f"ORPHAN#{_sid('PN', number)}",
            "phone_number_sid": _sid("PN", number),
            "named_by": _execution(0),
            "named_at": _iso(now - timedelta(hours=13)),
        }


def _runs(total: Counter[Stage], subaccounts: int, now: datetime) -> Iterator[Item]:
    """Give daily runs over a fleet that grew, with an outage some days ago, and a number that was bought."""
    before: Counter[Stage] = Counter()
    for days in reversed(range(RUNS)):
        share = 0.62 + 0.38 * (RUNS - 1 - days) / (RUNS - 1)
        counts = Counter({stage: round(count * share) for stage, count in total.items()})
        if days in OUTAGE_THEN:
            waiting = counts[Stage.ON_TRUST_PRODUCT] * (days - 6) // 30
            counts.update({Stage.ON_TRUST_PRODUCT: -waiting, Stage.DISCOVERED: waiting})
        outage = days in (*OUTAGE_NOW, *OUTAGE_THEN)
        failed = sum(map(FAILED.has, range(subaccounts))) if outage else 0
        came_out = {"whole_fleet": True, "onboarded": round(subaccounts * share) - failed, "failed": failed}
        yield _run(_execution(days), now - timedelta(days=days, hours=13), counts, before or counts) | came_out
        before = counts
    at, bought, was = now - timedelta(days=1, hours=5), *(Counter({Stage.ON_TRUST_PRODUCT: it}) for it in (12, 11))
    yield _run("number-bought-7f3a", at, bought, was) | {"whole_fleet": False, "onboarded": 1, "failed": 0}


def _run(execution: str, at: datetime, counts: Counter[Stage], before: Counter[Stage]) -> Item:
    return {
        "pk": "RUNS",
        "sk": f"RUN#{at.date().isoformat()}#{execution}",
        "execution": execution,
        "summarised_at": _iso(at),
        "busy": 0,
        "changed": (counts - before).total(),
        "numbers": {stage.value: count for stage, count in counts.items()},
        "numbers_before": {stage.value: count for stage, count in before.items()},
    }


def _execution(days_ago: int) -> str:
    return f"whole-fleet-{RUNS - days_ago:03}"


def _iso(at: datetime) -> str:
    return at.isoformat()
