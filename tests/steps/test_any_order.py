"""Whatever happens to a fleet while runs go on, in any order: nothing is made twice, and the next run signs all."""

from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from shaken_stir.engine.template import Template
from shaken_stir.engine.webhook import Webhook
from shaken_stir.news import News, WebhookAnswered
from shaken_stir.project import TEMPLATE
from simulator.observe import assignments
from simulator.reviews import UNDER_REVIEW
from simulator.sids import numbered_sid
from tests.steps import counted
from tests.steps.conftest import Start, Tell
from tests.steps.examples import examples
from tests.steps.interleaving import Execution
from tests.steps.patience import patient
from tests.world import NAMED, PROFILE, account, product, subaccount

TIMES = {"LIST_SETTLE_SECONDS": "0.1", "LEASE_SECONDS": "0.3", "FUNCTION_SECONDS": "1"}
"""Executions that are stopped give no lease back: it ends soon."""
LAG = 5
"""Seconds by which lists lag at the most, before the simulator's time scale: half of LIST_SETTLE_SECONDS."""
[ROUTE] = Template(TEMPLATE, {}).routes
"""Twilio's callbacks are the only requests that the API takes."""
OURS = [account(1), account(2)]
NOT_OURS = subaccount(3, numbers=1, status="suspended")
OF_PARENT = numbered_sid("PN", 0xABC)
BEGINNINGS: dict[str, list[dict[str, Any]]] = {
    "nothing": [],
    "a draft": [product(status="draft", friendly_name=NAMED["trust_product"]["friendly_name"])],
    "an approved product": [product(business_profile=PROFILE)],
}
REQUESTS: list[dict[str, Any]] = [NAMED, NAMED | {"subaccounts": [account(1)]}, NAMED | {"release_orphans": True}]
PAGE = "<html>Sign in to the network</html>"
SHAPES: list[dict[str, Any]] = [
    {"kind": "shape", "html": PAGE},
    {"kind": "shape", "html": PAGE, "carried_out": True},
    {"kind": "shape", "answered": 203, "carried_out": True},
    {"kind": "shape", "answered": 404, "html": PAGE},
    {"kind": "shape", "body": []},
    {"kind": "shape", "missing": ["sid", "results.0.sid"], "carried_out": True},
    {"kind": "shape", "missing": ["status", "results.*.status", "accounts.0.status"], "carried_out": True},
    {"kind": "shape", "missing": ["policy_sid", "results.0.policy_sid"], "carried_out": True},
    {"kind": "shape", "changes": {"results.0.channel_endpoint_sid": None, "results.0.object_sid": 7}},
    {"kind": "shape", "changes": {"incoming_phone_numbers.0.sid": None}},
    {
        "kind": "shape",
        "changes": {"errors": ["words"], "results.*.errors": "words", "friendly_name": None, "valid_until": 7},
        "carried_out": True,
    },
    {"kind": "shape", "changes": {"meta.next_page_url": "{base_url}{path}?Page=1", "next_page_uri": "{path}?Page=1"}},
    {"kind": "shape", "changes": {"meta.next_page_url": "https://elsewhere.example{path}"}},
]
"""Answers in other shapes; those whose fields differ are carried out before."""
FAULTS: list[dict[str, Any]] = [
    {"status": 500},
    {"status": 500, "carried_out": True},
    {"status": 429},
    {"status": 401},
    {"status": 404},
    {"status": 409},
    {"kind": "reset", "carried_out": True},
    {"kind": "truncated"},
    {"kind": "ignored"},
    *SHAPES,
]
CALLBACKS: list[dict[str, Any]] = [{}, {"drop": True}, {"repeat": 2}, {"delay_seconds": LAG}]
REQUESTS_THAT_FAIL = ["GET *", "POST *", "POST */ChannelEndpointAssignments", "DELETE *"]

some_number = st.integers(0, 5)
one_of_ours = st.sampled_from(OURS)


class AnyOrder(RuleBasedStateMachine):
    """A fleet, two executions that take turns, and what people and Twilio do meanwhile."""

    def __init__(self, start: Start, beginning: str) -> None:
        super().__init__()
        self.called_back: list[News] = []
        self.webhook = Webhook(tell=self.called_back.append)
        self.steps = start(
            parent={"numbers": [{"sid": OF_PARENT}]},
            subaccounts=[subaccount(1, numbers=2), subaccount(2, numbers=1), NOT_OURS],
            products=BEGINNINGS[beginning],
            PUBLIC_BASE_URL=self.webhook.url,
            CALLBACK_URL=f"{self.webhook.url}{ROUTE.path}",
            **TIMES,
        )
        self.webhook.serve([ROUTE], self.steps.functions)
        self.controls = self.steps.simulator.controls
        self.executions: dict[str, Execution] = {}
        self.begun = 0
        self.begin("one", NAMED)

    @rule(who=st.sampled_from(["one", "another"]), request=st.sampled_from(REQUESTS))
    def begin(self, who: str, request: dict[str, Any]) -> None:
        """A request is sent; the execution that did so before is stopped where it is."""
        if before := self.executions.get(who):
            before.stop()
        self.begun += 1
        self.executions[who] = Execution(self.steps, request, f"{who}-{self.begun}")

    @rule(who=st.sampled_from(["one", "another"]), steps=st.integers(1, 6))
    def advance(self, who: str, steps: int) -> None:
        if execution := self.executions.get(who):
            for _ in range(steps):
                execution.advance()

    @rule(account_sid=one_of_ours)
    def buy(self, account_sid: str) -> None:
        if self.steps.simulator.state.accounts[account_sid].status == "active":
            self.controls.buy(account_sid)

    @rule(which=some_number)
    def release(self, which: int) -> None:
        if number := self.number(which):
            self.controls.release(number)

    @rule(which=some_number, to=one_of_ours)
    def move(self, which: int, to: str) -> None:
        if (number := self.number(which)) and self.steps.simulator.state.numbers[number].account_sid != to:
            self.controls.move(number, to)

    @rule(which=some_number)
    def take_off_the_product_by_hand(self, which: int) -> None:
        on_product = sorted(self.steps.assignments()[1])
        if on_product:
            [bundle] = self.steps.simulator.state.trust_products
            self.controls.drop_assignment(bundle.sid, on_product[which % len(on_product)])

    @rule()
    def suspend_or_reactivate(self) -> None:
        if self.steps.simulator.state.accounts[OURS[1]].status == "active":
            self.controls.suspend(OURS[1])
        else:
            self.controls.reactivate(OURS[1])

    @rule(asked=st.sampled_from(REQUESTS_THAT_FAIL), fault=st.sampled_from(FAULTS), times=st.integers(1, 3))
    def fail(self, asked: str, fault: dict[str, Any], times: int) -> None:
        self.controls.plan_fault(operation=asked, times=times, **fault)

    @rule(how=st.sampled_from(CALLBACKS))
    def review(self, how: dict[str, Any]) -> None:
        """Twilio approves what waits for it, and calls back: once, not at all, several times or late."""
        self.controls.callbacks(**how)
        for submitted in self.steps.simulator.state.trust_products:
            if submitted.status in UNDER_REVIEW:
                self.controls.decide(submitted.sid, "approved")

    @rule(seconds=st.sampled_from([0, LAG]))
    def lag(self, seconds: int) -> None:
        self.controls.lag(seconds)

    @invariant()
    def nothing_is_made_twice(self) -> None:
        counted.nothing_twice(self.steps)

    @invariant()
    def numbers_that_are_not_ours_are_let_alone(self) -> None:
        assigned = {number_sid for _, number_sid in assignments(self.steps.simulator).values()}
        assert not assigned & {OF_PARENT, NOT_OURS["numbers"][0]["sid"]}

    @invariant()
    def no_callback_of_twilio_s_is_refused(self) -> None:
        answers = {it.answer for it in self.called_back if isinstance(it, WebhookAnswered)}
        assert answers <= {HTTPStatus.NO_CONTENT}

    def teardown(self) -> None:
        """All trouble ends, and one more run goes through, whether Twilio calls back or not."""
        try:
            for execution in self.executions.values():
                execution.stop()
            self.controls.clear_faults()
            self.controls.lag(0)
            counted.finish(patient(self.steps), NAMED)
        finally:
            self.steps.simulator.stop()
            self.webhook.close()
        self.no_callback_of_twilio_s_is_refused()

    def number(self, which: int) -> str | None:
        """One of the numbers of our accounts, if there is any."""
        numbers = sorted(it.sid for it in self.steps.simulator.state.numbers.values() if it.account_sid in OURS)
        return numbers[which % len(numbers)] if numbers else None


@pytest.mark.usefixtures("pauses")
@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_whatever_happens_in_any_order_beginning_with(start: Start, told: Tell, beginning: str) -> None:
    tried = 0

    def machine() -> AnyOrder:
        nonlocal tried
        tried += 1
        return AnyOrder(start, beginning)

    run_state_machine_as_test(machine, settings=examples(10, 100, steps=10))  # type: ignore[arg-type] # a factory will do
    told(operation=f"any order, beginning with {beginning}", end="signed", examples=tried)
