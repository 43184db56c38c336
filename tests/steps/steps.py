"""The product's handlers, a simulated Twilio, and moto's AWS; no state machine."""

import json
from dataclasses import dataclass
from typing import Any

from onboarding.table.dynamodb import Table
from onboarding.table.numbers import read_all_numbers
from shaken_stir.engine.functions import FunctionFailed, Functions
from simulator.simulator import Simulator
from tests.world import PRODUCT, PROFILE, account

STARTED_AT = "2026-11-24T12:00:00+00:00"
LATER = "2126-11-24T12:00:00+00:00"
BUSY = {"SubaccountBusy", "TrustProductBusy"}
LIST: dict[str, Any] = {"phone_numbers": None, "page": None, "regions": ["US"]}
BUNDLES = {"business_profile_sid": PROFILE, "trust_product_sid": PRODUCT}


@dataclass(frozen=True)
class Steps:
    """What the states of the machine do, one at a time and as the machine would have it done.

    Attributes:
        functions: The handlers.
        simulator: Twilio.
        table: The progress table.
        announced: What was put on the event bus, by detail type and detail.
    """

    functions: Functions
    simulator: Simulator
    table: Table
    announced: list[tuple[str, dict[str, Any]]]

    def invoke(self, function: str, /, *, execution: str = "first", **event: Any) -> Any:
        """Invoke a handler, by its module, as Lambda does: JSON in, JSON out.

        Raises:
            FunctionFailed: The handler failed.
        """
        answer = self.functions.invoke(function, json.dumps({"execution": execution, **event}))
        if answer.failed:
            raise FunctionFailed(answer.value())
        return answer.value()

    def failure(self, function: str, /, **event: Any) -> tuple[str, str]:
        """The error, and its sentence, with which a handler fails."""
        try:
            given = self.invoke(function, **event)
        except FunctionFailed as failed:
            return failed.error["errorType"], failed.error["errorMessage"]
        raise AssertionError(f"{function} did not fail, it gave {given}")

    def begin(self, request: dict[str, Any], execution: str = "first") -> dict[str, Any]:
        """Take a request as far as its Trust Product: what a run has in hand before the subaccounts' turn.

        Raises:
            FunctionFailed: One of the handlers failed.
        """
        asked = self.invoke("read_request", execution=execution, input=request, started_at=STARTED_AT)
        profile = self.invoke(
            "find_business_profile", execution=execution, business_profile_sid=asked["business_profile_sid"]
        )
        which = {name: asked[name] for name in ("subaccounts", "phone_numbers", "include_parent")}
        manifest = self.invoke("list_subaccounts", execution=execution, **which)
        product = self.invoke(
            "find_or_create_trust_product",
            execution=execution,
            business_profile_sid=profile["sid"],
            trust_product=asked["trust_product"],
            named_profile_sid=asked["business_profile_sid"],
            subaccounts=asked["subaccounts"],
            own_numbers=asked["own_numbers"],
        )
        return {"request": asked, "business_profile": profile, "manifest": manifest, "trust_product": product}

    def onboard(self, subaccount: int = 1, execution: str = "first", **changes: Any) -> None:
        """Take the first page of a subaccount's numbers to the profile and the product, and record the outcome.

        Args:
            subaccount: Which, as `tests.world.account` counts them.
            execution: Who does it.
            changes: What differs from a list of all its numbers, in the event of List Phone Numbers.

        Raises:
            FunctionFailed: One of the handlers failed.
        """
        of = {"execution": execution, "subaccount_sid": account(subaccount)}
        bundles = {name: changes.pop(name, sid) for name, sid in BUNDLES.items()}
        page = self.invoke("list_phone_numbers", **of, **LIST | changes, **bundles)
        if page["phone_numbers"]:
            profile, product = bundles.values()
            on_profile = self.invoke(
                "assign_to_business_profile",
                **of,
                business_profile_sid=profile,
                phone_numbers=page["phone_numbers"],
            )
            self.invoke(
                "assign_to_trust_product",
                **of,
                trust_product_sid=product,
                phone_numbers=on_profile["phone_numbers"],
            )
        self.invoke("record_subaccount", **of, friendly_name=f"Subaccount {subaccount}", error=None, **bundles)

    def stages(self, subaccount: int = 1) -> dict[str, str]:
        """Where each of a subaccount's numbers stands, by SID (`PN…`)."""
        return {it.phone_number_sid: it.stage.value for it in read_all_numbers(self.table, account(subaccount))}

    def assignments(self) -> tuple[list[str], list[str]]:
        """The numbers (`PN…`) on all Business Profiles, and on all Trust Products, as often as they are assigned."""
        state = self.simulator.state
        on_profiles = [it.number_sid for profile in state.customer_profiles for it in profile.endpoints]
        return on_profiles, [it.number_sid for product in state.trust_products for it in product.endpoints]
