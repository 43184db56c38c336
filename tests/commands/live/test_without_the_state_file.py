"""A run without its state file: it knows what Twilio's lists show, which may lag behind what was just created."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from onboarding.trust_products import Status
from onboarding.twilio.trust_hub import SHAKEN_STIR_POLICY_SID, Account, Bundle
from shaken_stir.cli import live
from shaken_stir.live import request
from shaken_stir.live.account import credentials, trust_hub
from shaken_stir.live.survey import Assigned, Survey
from tests.commands.live.conftest import Start
from tests.commands.live.laptop import DAYS, Laptop, each_once
from tests.commands.live.twilio_itself import TwilioItself
from tests.world import NEVER, PRODUCT, account, product

AT_TWILIO = datetime(2020, 1, 1, tzinfo=UTC)
"""The time at Twilio; the clock of the machine that runs this says something else."""


def cut_off_with_half_of_it_listed(twilio: Start, laptop: Laptop) -> TwilioItself:
    """Run, lose the state file, and let the lists show the product but not the numbers on it."""
    simulated = twilio(lag=NEVER, **DAYS)
    laptop.run(simulated, "--yes")
    laptop.state_file(simulated).unlink()
    [product] = simulated.simulator.state.trust_products
    for record in (product, *product.entities):
        record.listed_from = 0.0
    return simulated


def test_it_waits_for_the_lists_if_they_show_something_young(
    twilio: Start, laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated = cut_off_with_half_of_it_listed(twilio, laptop)
    waited: list[float] = []

    def settle(seconds: float) -> None:
        waited.append(seconds)
        simulated.simulator.controls.lag(0)

    monkeypatch.setattr(live, "time", SimpleNamespace(sleep=settle))

    second = laptop.run(simulated, "--yes")

    assert second.code == 0, second.err
    assert waited == [request.list_settle_seconds()]
    assert "There is no state file, and Twilio shows something that was created less than 10 seconds ago." in second.out
    assert each_once(simulated, 2, 2)


@pytest.mark.parametrize("fleet", [{}, {"products": [product()]}], ids=["nothing there", "an old product"])
def test_it_does_not_wait_if_nothing_is_young(
    twilio: Start, laptop: Laptop, monkeypatch: pytest.MonkeyPatch, fleet: dict[str, Any]
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(live, "time", SimpleNamespace(sleep=waited.append))

    laptop.run(twilio(**fleet, **DAYS), "--yes")

    assert waited == []


def test_with_the_state_file_it_does_not_wait(twilio: Start, laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    simulated = twilio(**DAYS)
    laptop.run(simulated, "--yes")
    simulated.simulator.controls.buy(account(1))
    waited: list[float] = []
    monkeypatch.setattr(live, "time", SimpleNamespace(sleep=waited.append))

    assert laptop.run(simulated, "--yes").code == 0
    assert waited == []


@pytest.mark.parametrize(
    ("age", "may_lag"), [(timedelta(seconds=9), True), (timedelta(seconds=11), False), (-timedelta(seconds=5), True)]
)
def test_ages_are_by_the_clock_of_twilio(age: timedelta, *, may_lag: bool) -> None:
    created = AT_TWILIO - age
    made = Bundle(PRODUCT, "Acme", Status.DRAFT, SHAKEN_STIR_POLICY_SID, (), date_created=created)
    asked = request.complete({})
    of = Account(account(9), "Acme", "active")

    by_product = Survey(asked, of, products=(made,), answered_at=AT_TWILIO)
    by_number = Survey(asked, of, on_product=Assigned(newest=created), answered_at=AT_TWILIO)

    assert (by_product.may_lag(10), by_number.may_lag(10)) == (may_lag, may_lag)


def test_the_clock_of_twilio_is_the_date_of_its_answer(twilio: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    simulated = twilio()
    simulated.known_here(monkeypatch)
    hub = trust_hub(credentials(simulated.environment()))
    assert hub.answered_at is None

    hub.trust_products()

    assert hub.answered_at
    assert abs(hub.answered_at - datetime.now(UTC)) < timedelta(minutes=1)
