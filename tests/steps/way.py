"""The machine's way from a request to the verdict, step by step."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from simulator.fleet import Verdict
from simulator.reviews import UNDER_REVIEW
from tests.steps.steps import LATER, STARTED_AT, Steps

EXECUTIONS = "arn:aws:states:us-east-1:123456789012:execution:local-OnboardingStateMachine"
"""None of them is known to moto: each counts as one that has ended."""
TO_BE_SUBMITTED = ("draft", "twilio-rejected")


def go(
    steps: Steps, request: dict[str, Any], execution: str = "first", *, fleet: int = 2, verdict: Verdict = "approved"
) -> dict[str, Any]:
    """Do what the machine does with a request, over the whole fleet.

    Args:
        steps: The handlers.
        request: As it is sent.
        execution: By which execution.
        fleet: How many active subaccounts there are.
        verdict: What Twilio decides as soon as somebody waits for it.

    Returns:
        The product as Check Trust Product sees it.

    Raises:
        FunctionFailed: One of the handlers failed.
    """
    began = datetime.now(UTC).isoformat()
    begun = steps.begin(request, execution)
    asked, product, manifest = begun["request"], begun["trust_product"], begun["manifest"]
    bundles = {"business_profile_sid": begun["business_profile"]["sid"], "trust_product_sid": product["sid"]}
    invoke = partial(steps.invoke, execution=execution)

    invoke("connect_business_profile", **bundles, connection_sid=product["connection_sid"])
    if product["status"] in TO_BE_SUBMITTED:
        invoke("evaluate_trust_product", trust_product_sid=product["sid"])
        product = invoke("submit_trust_product", trust_product=product)
    audit = invoke("audit_assignments", **bundles, manifest=manifest)
    for number in range(1, fleet + 1):
        steps.onboard(number, execution, **bundles)
    invoke("summarise_subaccounts", manifest=manifest, subaccounts=None)
    of_product = {"trust_product_sid": product["sid"]}
    invoke("find_orphans", **of_product, started_at=began, assigned=audit["assigned"], manifest=manifest)
    if asked["release_orphans"]:
        invoke("release_orphans", **bundles)
    if product["status"] in UNDER_REVIEW:
        arn = f"{EXECUTIONS}:{execution.replace(' ', '-')}"
        invoke("await_review", **of_product, execution_arn=arn, task_token="token", poll_seconds=3600)
        if steps.simulator.state.trust_products[product["sid"]].status in UNDER_REVIEW:
            steps.simulator.controls.decide(product["sid"], verdict)
    known = {"trust_product": product, "started_at": STARTED_AT, "review_deadline": LATER}
    seen: dict[str, Any] = invoke("check_trust_product", **known)
    return seen
