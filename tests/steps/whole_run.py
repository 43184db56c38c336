"""A whole request step by step: the handlers in the state machine's order, without the machine.

An error leads where it leads in the machine; whether a step is tried again before is the steps' own affair.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

from onboarding import clients, storage
from onboarding.models import StoredList
from onboarding.requests import left_out_of
from onboarding.table.numbers import read_named_numbers
from shaken_stir.engine.functions import FunctionFailed
from simulator.reviews import UNDER_REVIEW
from tests.steps.steps import LIST, Steps

POLL_SECONDS = 60.0
EXECUTIONS = "arn:aws:states:us-east-1:123456789012:execution:machine"
"""None of them is known to moto: each counts as one that has ended."""
OUTAGES = {"TwilioThrottled", "TwilioUnavailable", "AwsUnavailable"}
WAITS = "Wait Out The Outage"


class Run(NamedTuple):
    """What came of it.

    Attributes:
        error: The name of the error with which it failed, `WAITS` if it goes on as long as an outage lasts, or None.
        failed: The sentence with which it failed, None if it did not.
        calls: What Twilio was asked, by method and route.
        left_out: The numbers (`PN…`) of the request that the account does not have.
    """

    error: str | None
    failed: str | None
    calls: dict[str, int]
    left_out: list[str]


def run(steps: Steps, request: dict[str, Any], execution: str = "first", *, review: bool = True) -> Run:
    """Do all that a run does for a request; with `review`, Twilio approves the product once the run waits for it."""
    before, error, failed = Counter(steps.simulator.calls), None, None
    try:
        _run(steps, request, execution, review=review)
    except FunctionFailed as failure:
        error, failed = failure.error["errorType"], failure.error["errorMessage"]
    named = [] if error in OUTAGES else read_named_numbers(steps.table, execution)
    left_out = [it.phone_number_sid for it in left_out_of(named)]
    return Run(error, failed, dict(Counter(steps.simulator.calls) - before), left_out)


def _run(steps: Steps, request: dict[str, Any], execution: str, *, review: bool) -> None:
    started_at = datetime.now(UTC).isoformat()
    begun = steps.begin(request, execution)
    asked, profile, product = begun["request"], begun["business_profile"]["sid"], begun["trust_product"]
    if product["status"] == "twilio-rejected" and not asked["resubmit"]:
        _check(steps, asked, product)
    steps.invoke(
        "connect_business_profile",
        execution=execution,
        trust_product_sid=product["sid"],
        business_profile_sid=profile,
        connection_sid=product["connection_sid"],
    )
    if product["status"] in {"draft", "twilio-rejected"}:
        steps.invoke("evaluate_trust_product", execution=execution, trust_product_sid=product["sid"])
        product = steps.invoke("submit_trust_product", execution=execution, trust_product=product)
    bundles = {"business_profile_sid": profile, "trust_product_sid": product["sid"]}
    manifest, audit = begun["manifest"], None
    if asked["phone_numbers"] is None:
        audit = steps.invoke(
            "audit_assignments", execution=execution, manifest=manifest, started_at=started_at, **bundles
        )
    for subaccount in storage.read_subaccounts(clients.s3(), StoredList.model_validate(manifest)):
        _onboard(steps, asked, bundles, subaccount.model_dump())
    summary = steps.invoke(
        "summarise_subaccounts",
        execution=execution,
        manifest=manifest,
        subaccounts=asked["subaccounts"],
        **bundles,
    )
    if asked["subaccounts"] is None and audit and not summary["unlisted"] and not summary["busy"]:
        with outages(None):
            found = steps.invoke(
                "find_orphans",
                execution=execution,
                started_at=started_at,
                trust_product_sid=product["sid"],
                assigned=audit["assigned"],
                manifest=manifest,
            )
            if asked["release_orphans"] and found["named_before"]:
                steps.invoke("release_orphans", execution=execution, **bundles)
    with outages(WAITS):
        if product["status"] != "twilio-approved":
            _await(steps, asked, product["sid"], review=review)
            _check(steps, asked, product | {"verdict_by": "callback"})
        elif asked["phone_numbers"] is None:
            _check(steps, asked, product)
    if summary["failed"]:
        raise FunctionFailed({"errorType": "SubaccountsFailed", "errorMessage": summary["message"]})


@contextmanager
def outages(end: str | None) -> Iterator[None]:
    """Let an outage end what is done within: the run goes on, or with `WAITS`, it is over for now."""
    try:
        yield
    except FunctionFailed as failure:
        if failure.error["errorType"] not in OUTAGES:
            raise
        if end:
            raise FunctionFailed(failure.error | {"errorType": end}) from failure


def _onboard(steps: Steps, asked: dict[str, Any], bundles: dict[str, str], subaccount: dict[str, str]) -> None:
    of = {"execution": asked["execution"], "subaccount_sid": subaccount["subaccount_sid"]}
    error = None
    try:
        _assign(steps, of, asked, bundles)
    except FunctionFailed as failure:
        error = {"Error": failure.error["errorType"], "Cause": json.dumps(failure.error)}
    with suppress(FunctionFailed):  # an entry that is not recorded counts as failed
        steps.invoke("record_subaccount", **of, friendly_name=subaccount["friendly_name"], error=error, **bundles)


def _assign(steps: Steps, of: dict[str, str], asked: dict[str, Any], bundles: dict[str, str]) -> None:
    page_query, more = None, True
    while more:
        which = {"phone_numbers": asked["phone_numbers"], "regions": asked["regions"], "page": page_query}
        page = steps.invoke("list_phone_numbers", **of, **LIST | which, **bundles)
        page_query, numbers = page["next_page"], page["phone_numbers"]
        if numbers:
            for side in ("business_profile", "trust_product"):
                bundle = {f"{side}_sid": bundles[f"{side}_sid"]}
                on_it = steps.invoke(f"assign_to_{side}", **of, **bundle, phone_numbers=numbers)
                numbers = on_it.get("phone_numbers")
        more = page_query is not None


def _await(steps: Steps, asked: dict[str, Any], product_sid: str, *, review: bool) -> None:
    steps.invoke(
        "await_review",
        execution=asked["execution"],
        execution_arn=f"{EXECUTIONS}:{asked['execution']}",
        trust_product_sid=product_sid,
        task_token="token",
        poll_seconds=POLL_SECONDS,
    )
    if review and steps.simulator.state.trust_products[product_sid].status in UNDER_REVIEW:
        steps.simulator.controls.decide(product_sid, "approved")


def _check(steps: Steps, asked: dict[str, Any], product: dict[str, Any]) -> None:
    steps.invoke(
        "check_trust_product",
        execution=asked["execution"],
        trust_product=product,
        started_at=datetime.now(UTC).isoformat(),
        review_deadline=asked["review_deadline"],
    )
