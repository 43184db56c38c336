"""Fleets to start from, and what a test wants to know afterwards."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from twilio.request_validator import RequestValidator

from onboarding.errors import section
from onboarding.table.reviews import read_waiters
from onboarding.twilio import assignments as assignments_of_bundles
from onboarding.twilio import trust_hub
from shaken_stir.simulated.place import SimulatedPlace
from shaken_stir.snapshot import Snapshot
from simulator.fleet import Verdict
from simulator.messages import Response
from simulator.reviews import UNDER_REVIEW

PROFILE = "BU" + "1" * 32
PRODUCT = "BU" + "2" * 32
NEVER = 10_000_000
"""The seconds, before the time scale, of a review that ends only when a test decides."""
NAMED = {"trust_product": {"friendly_name": "Acme Voice", "email": "trust@acme.example"}}


def told(error: str, sentence: str) -> str:
    """The cause of a run that ended with this error: its sentence, and where to read more."""
    return f"{sentence.removesuffix('.')} ({section(error)})."


def account(number: int) -> str:
    return f"AC{number:032x}"


def phone_number(subaccount: int, number: int) -> str:
    return f"PN{subaccount:016x}{number:016x}"


def subaccount(number: int, numbers: int = 2, **changes: Any) -> dict[str, Any]:
    return {
        "sid": account(number),
        "friendly_name": f"Subaccount {number}",
        "numbers": [{"sid": phone_number(number, index), "phone_number": "+15125550100"} for index in range(numbers)],
        **changes,
    }


def product(sid: str = PRODUCT, status: str = "twilio-approved", **changes: Any) -> dict[str, Any]:
    return {"sid": sid, "friendly_name": "made by Twilio", "status": status, **changes}


def a_fleet(**changes: Any) -> dict[str, Any]:
    return {
        "profiles": [{"sid": PROFILE, "status": "twilio-approved", "primary": True}],
        "subaccounts": [subaccount(1), subaccount(2)],
        "review": {"seconds": 20, "verdict": "approved"},
        **changes,
    }


def small_pages(monkeypatch: pytest.MonkeyPatch, phone_numbers: int, others: int = 1000) -> None:
    """Let pages hold so many phone numbers, and so many of anything else."""
    monkeypatch.setattr(trust_hub, "PHONE_NUMBERS_PER_PAGE", phone_numbers)
    for module in (trust_hub, assignments_of_bundles):
        monkeypatch.setattr(module, "PAGE_SIZE", others)


def sign(token: str, url: str, body: dict[str, str]) -> str:
    """The signature of a callback to this address with this form."""
    return str(RequestValidator(token).compute_signature(url, body))


def error(status: int, code: int, message: str) -> Response:
    return Response(status, {"code": code, "message": message, "more_info": "", "status": status})


def assignments(local: SimulatedPlace) -> tuple[list[str], list[str]]:
    """The numbers (`PN…`) on all Business Profiles, and on all Trust Products, as often as they are assigned."""
    state = local.simulator.state
    on_profiles = [it.number_sid for profile in state.customer_profiles for it in profile.endpoints]
    on_products = [it.number_sid for product in state.trust_products for it in product.endpoints]
    return on_profiles, on_products


def all_signed_once(local: SimulatedPlace) -> None:
    """Hold that every number of an active account is once on a profile, once on the one product, and recorded so."""
    state = local.simulator.state
    expected = sorted(
        number.sid for number in state.numbers.values() if number.account_sid != local.simulator.account_sid
    )
    on_profile, on_product = assignments(local)
    assert sorted(on_profile) == expected
    assert sorted(on_product) == expected
    [product] = state.trust_products
    assert len(list(product.entities)) == 1
    accounts = {number.account_sid for number in state.numbers.values()} - {local.simulator.account_sid}
    recorded = {sid: stage for account_sid in accounts for sid, stage in stages(local, account_sid).items()}
    assert {recorded.get(sid) for sid in expected} == {"on_trust_product"}


def sent_by(method: str, calls: dict[str, int]) -> dict[str, int]:
    """How often each path was asked for by this method, of a report's calls."""
    return {call.removeprefix(f"{method} "): count for call, count in calls.items() if call.startswith(f"{method} ")}


def posts(calls: dict[str, int]) -> int:
    return sum(sent_by("POST", calls).values())


def announced(local: SimulatedPlace, kind: str) -> list[dict[str, Any]]:
    """What each announcement of a kind says."""
    return [event["detail"] for event in local.engine.announced if event["detail-type"] == kind]


def stages(local: SimulatedPlace, sid: str) -> dict[str, str]:
    return {record.phone_number_sid: record.stage.value for record in local.phone_numbers(sid)}


def output(local: SimulatedPlace, arn: str) -> dict[str, Any]:
    described: dict[str, Any] = json.loads(local.engine.describe_execution(arn)["output"])
    return described


def waiting(local: SimulatedPlace) -> bool:
    """Whether an execution waits for a verdict."""
    return any(read_waiters(local.table, product.sid) for product in local.simulator.state.trust_products)


def decide_once_awaited(
    local: SimulatedPlace, verdict: Verdict = "approved", errors: list[int] | None = None
) -> Callable[[Snapshot], None]:
    """Have Twilio decide as soon as a run waits for the verdict, and not before: for a run's `on_change`."""

    def on_change(_: Snapshot) -> None:
        client = local.engine.client("stepfunctions")
        running = client.list_executions(stateMachineArn=local.engine.state_machine_arn, statusFilter="RUNNING")
        if any(local.engine.waiting_since(it["executionArn"]) for it in running["executions"]):
            for it in local.simulator.state.trust_products:
                if it.status in UNDER_REVIEW:
                    local.simulator.controls.decide(it.sid, verdict, errors)

    return on_change


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()
