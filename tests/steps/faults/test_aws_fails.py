"""Every operation of AWS that a run uses, and all that can go wrong with it: how the run ends, and the next one."""

import time
from types import SimpleNamespace

import pytest

from onboarding import process
from simulator.observe import signed
from tests.steps import counted
from tests.steps.conftest import Start, Tell
from tests.steps.faults.aws_failing import failing
from tests.steps.faults.aws_table import cases
from tests.steps.faults.twilio_table import SIGNED, TIMES
from tests.steps.faults.ways import ONE_SUBACCOUNT
from tests.steps.patience import patient
from tests.steps.whole_run import run
from tests.world import NAMED

ENDS = {(*case, times): end for case, ends in cases().items() for times, end in zip(TIMES, ends, strict=True)}


TIMES_OF_LEASES = {"LEASE_SECONDS": "1", "FUNCTION_SECONDS": "1"}
"""A table that cannot be written keeps its leases: they end soon."""


@pytest.fixture(autouse=True)
def _no_pauses_between_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    still = SimpleNamespace(sleep=lambda _: None, time=time.time)
    monkeypatch.setattr("onboarding.table.dynamodb.time", still)


@pytest.mark.parametrize("case", ENDS, ids="-".join)
def test_a_run_ends_as_it_should_and_the_next_one_finishes(
    start: Start, told: Tell, case: tuple[str, str, str]
) -> None:
    operation, fault, times = case
    told(operation=operation, fault=fault, times=times, end=ENDS[case])
    steps = patient(start(subaccounts=ONE_SUBACCOUNT, CALLBACK_URL="", **TIMES_OF_LEASES))
    process.forget()

    with failing(operation, fault, TIMES[times]) as planned:
        done = run(steps, NAMED, "first")

    assert planned.happened >= 1
    assert (done.error or SIGNED) == ENDS[case]
    if done.error is None:
        assert signed(steps.simulator) == counted.living(steps)
    counted.nothing_twice(steps)
    counted.finish(steps, NAMED)
