"""After any history, every screen says the same of each number, and what the simulated Twilio says."""

import csv
import io
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from onboarding import settings
from onboarding.twilio import trust_hub
from shaken_stir.engine.functions import FunctionFailed
from shaken_stir.live import learned, request, survey
from shaken_stir.live.survey import Survey
from shaken_stir.page import rendering
from shaken_stir.page.documents import Documents
from shaken_stir.status.changes import Change, changes_since
from shaken_stir.status.check import compare, read_twilio
from shaken_stir.status.csv_file import write_csv
from shaken_stir.status.model import FleetStatus, Move, NumberStatus, Reason
from shaken_stir.status.reading import read_numbers_of, read_status
from shaken_stir.status.reasons import Bundles
from simulator.observe import signed
from simulator.reviews import UNDER_REVIEW
from tests.steps.conftest import Start
from tests.steps.examples import examples
from tests.steps.steps import LATER
from tests.steps.whole_run import run
from tests.world import NAMED, PROFILE, account, phone_number, product, subaccount

EARLIEST = datetime.min.replace(tzinfo=UTC)
BEGINNINGS: dict[str, list[dict[str, Any]]] = {
    "nothing": [],
    "an approved product": [product(business_profile=PROFILE)],
    "a rejected product": [product(status="twilio-rejected", business_profile=PROFILE)],
}
CUSTOMERS, ELSEWHERE = "BU" + "3" * 32, phone_number(2, 1)
THEIR_PRODUCT = product("BU" + "4" * 32, business_profile=CUSTOMERS, numbers=[ELSEWHERE])
"""A product of another business, with a number that is never touched."""
ASKED = NAMED | {"business_profile_sid": PROFILE}
which = st.integers(0, 5)


class Histories(RuleBasedStateMachine):
    """A fleet whose numbers and bundles change, and the commands that see it."""

    def __init__(self, start: Start, beginning: str) -> None:
        super().__init__()
        self.steps = start(
            subaccounts=[subaccount(1, numbers=2), subaccount(2, numbers=2)],
            profiles=[{"sid": PROFILE}, {"sid": CUSTOMERS, "primary": False, "numbers": [ELSEWHERE]}],
            products=[*BEGINNINGS[beginning], THEIR_PRODUCT],
            LIST_SETTLE_SECONDS="0",
        )
        self.controls, self.state = self.steps.simulator.controls, self.steps.simulator.state
        self.runs = 0
        self.unseen = True

    @initialize()
    def first_run(self) -> None:
        self.run(resubmit=True)

    # What happens at Twilio.

    @rule(to=st.sampled_from([1, 2]))
    def buy(self, to: int) -> None:
        self.controls.buy(account(to))
        self.changed()

    @rule(number=which)
    def release(self, number: int) -> None:
        if sid := self.number(number):
            self.controls.release(sid)
            self.changed()

    @rule(number=which)
    def move_to_the_other_account(self, number: int) -> None:
        if sid := self.number(number):
            other = account(1) if self.state.numbers[sid].account_sid == account(2) else account(2)
            self.controls.move(sid, other)
            self.changed()

    @rule(number=which, side=st.sampled_from(["profile", "product"]))
    def drop(self, number: int, side: str) -> None:
        bundle = self.bundle(side)
        on_it = sorted(bundle.endpoints.by_number) if bundle else []
        if bundle and on_it:
            self.controls.drop_assignment(bundle.sid, on_it[number % len(on_it)])
            self.changed()

    @rule(number=which)
    def assign_by_hand(self, number: int) -> None:
        sid, used, hub = self.number(number), self.bundle("product"), trust_hub.of_parent(settings.load())
        if sid and used and not list(hub.on_trust_product(used.sid).find([sid])):
            if not list(hub.on_business_profile(PROFILE).find([sid])):
                hub.on_business_profile(PROFILE).create(sid)
            hub.on_trust_product(used.sid).create(sid)
            self.changed()

    @rule(verdict=st.sampled_from(["approved", "rejected"]))
    def decide(self, verdict: Any) -> None:
        used = self.bundle("product")
        if used and used.status in UNDER_REVIEW:
            self.controls.decide(used.sid, verdict)
            self.changed(numbers=False)

    @rule()
    def revoke(self) -> None:
        used = self.bundle("product")
        if used and used.status == "twilio-approved":
            self.controls.revoke(used.sid)
            self.changed(numbers=False)

    @rule(status=st.sampled_from(["twilio-approved", "in-review", "twilio-rejected"]))
    def give_the_profile_another_status(self, status: str) -> None:
        bundle = self.bundle("profile")
        assert bundle
        bundle.status = status
        self.changed()

    @rule()
    def disconnect(self) -> None:
        used = self.bundle("product")
        for entity in list(used.entities) if used else []:
            if entity.object_sid == PROFILE:
                used.entities.remove(entity.sid)
                self.changed()

    # Who sees it.

    @rule(resubmit=st.booleans())
    def run(self, *, resubmit: bool) -> None:
        self.runs += 1
        done = run(self.steps, ASKED | {"resubmit": resubmit}, f"run-{self.runs}", review=False)
        saw_numbers = any(it.execution == f"run-{self.runs}" for it in self.fleet().runs)
        self.unseen = self.unseen and not saw_numbers
        if done.error in {"TrustProductRejected", "BusinessProfileNotApproved"}:
            assert not any(it.signed for it in self.numbers())
        self.seen()

    @rule()
    def doctor(self) -> None:
        hub, read_at = trust_hub.of_parent(settings.load()), datetime.now(UTC)
        read = survey.take(hub, request.complete(ASKED))
        learned.record(self.steps.table, hub, read, read_at, 0)
        known = self.fleet().product
        # A product that is no longer connected is not the one that a run would use, so its numbers are not read.
        saw_numbers = known is not None and read.product is not None and read.product.sid == known.sid
        self.unseen = self.unseen and not saw_numbers
        self.seen()

    @rule()
    def check(self) -> None:
        before = datetime.now(UTC)
        read = self.twilio()
        learned.record(self.steps.table, trust_hub.of_parent(settings.load()), read, before, 0)
        self.unseen = False
        self.seen()

    @rule()
    def callback(self) -> None:
        """A callback wakes a run, which asks Twilio for the product's status and nothing else."""
        known = self.fleet().product
        if known:
            carried = {"sid": known.sid, "status": known.status, "created": False, "connection_sid": None}
            event = {"trust_product": carried, "started_at": LATER, "review_deadline": LATER}
            with suppress(FunctionFailed):  # a rejection
                self.steps.invoke("check_trust_product", execution="woken", **event)
            self.seen()

    # What is said of it.

    def changed(self, *, numbers: bool = True) -> None:
        """Twilio differs from the table now, and `status --check` says so if a number's signature is concerned."""
        self.unseen = self.unseen or numbers
        fleet, told = self.fleet(), self.numbers()
        if {it.phone_number_sid for it in told if it.signed} != self.truth():
            assert compare(self.twilio(), fleet, told).differences

    def seen(self) -> None:
        fleet, numbers = self.fleet(), self.numbers()
        said = {it.phone_number_sid for it in numbers if it.signed}
        if not self.unseen:
            assert said == self.truth()
            assert compare(self.twilio(), fleet, numbers).differences == []
        assert {it.reason for it in numbers if it.phone_number_sid == ELSEWHERE} <= {Reason.ELSEWHERE}
        assert said == in_csv(numbers)
        assert said == by_changes(fleet, numbers)
        by_account = {it.sid: it.counts.by_reason for it in fleet.subaccounts}
        assert by_account == {it.sid: counted(numbers, it.sid) for it in fleet.subaccounts}
        eligible = sum(it.move is not Move.NEVER for it in numbers)
        assert (fleet.counts.signed, fleet.counts.eligible) == (len(said), eligible)
        assert fleet.headline.startswith(f"{len(said)} of {eligible} eligible number")
        rows = rendering.rows(fleet, Documents(embedded=True))
        assert (sum(it["signed"] for it in rows), sum(it["eligible"] for it in rows)) == (len(said), eligible)
        if any(it.move in {Move.CUSTOMER, Move.OPERATOR} for it in numbers):
            assert fleet.needs_a_person
        if not fleet.needs_a_person and not fleet.is_with_twilio:
            assert eligible == len(said)

    def truth(self) -> set[str]:
        """The numbers that are signed on the product that runs use."""
        elsewhere = self.state.trust_products[THEIR_PRODUCT["sid"]].endpoints.by_number
        return signed(self.steps.simulator) - elsewhere.keys()

    def fleet(self) -> FleetStatus:
        return read_status(self.steps.table, "here")

    def numbers(self) -> list[NumberStatus]:
        fleet = self.fleet()
        return read_numbers_of(self.steps.table, fleet, fleet.subaccounts)

    def twilio(self) -> Survey:
        return read_twilio(trust_hub.of_parent(settings.load()), self.fleet(), settle_seconds=0)

    def number(self, index: int) -> str | None:
        numbers = sorted(self.state.numbers.keys() - {ELSEWHERE})
        return numbers[index % len(numbers)] if numbers else None

    def bundle(self, side: str) -> Any:
        bundles = self.state.customer_profiles if side == "profile" else self.state.trust_products
        return next((it for it in bundles if it.sid not in {CUSTOMERS, THEIR_PRODUCT["sid"]}), None)

    def teardown(self) -> None:
        self.steps.simulator.stop()


def in_csv(numbers: list[NumberStatus]) -> set[str]:
    """The numbers that the CSV says are signed; it says since when of each of them, and of no other."""
    text = io.StringIO(newline="")
    write_csv(numbers, text)
    rows = list(csv.DictReader(io.StringIO(text.getvalue())))
    assert [bool(row["signed_since"]) for row in rows] == [row["signed"] == "yes" for row in rows]
    return {row["phone_number_sid"] for row in rows if row["signed"] == "yes"}


def by_changes(fleet: FleetStatus, numbers: list[NumberStatus]) -> set[str]:
    """The numbers whose last change but for coming is that they were signed."""
    last: dict[str, Change] = {}
    for it in changes_since(numbers, Bundles(fleet.product, fleet.profile), EARLIEST):
        if it.change is not Change.CAME:
            last[it.number.phone_number_sid] = it.change
    return {sid for sid, change in last.items() if change is Change.SIGNED}


def counted(numbers: list[NumberStatus], account_sid: str) -> dict[Reason, int]:
    found: Counter[Reason] = Counter(it.reason for it in numbers if it.account_sid == account_sid)
    return {reason: found[reason] for reason in Reason if found[reason] and reason is not Reason.RELEASED}


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_every_screen_says_the_same_of_each_number_beginning_with(start: Start, beginning: str) -> None:
    def machine() -> Histories:
        return Histories(start, beginning)

    run_state_machine_as_test(machine, settings=examples(20, 150, steps=12))  # type: ignore[arg-type] # a factory will do
