"""Every operation of Twilio that the product uses, and all that can go wrong with it: how a run ends, and the next."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product

import pytest

from onboarding.errors import section
from simulator.faults import Fault, PlannedFault
from simulator.observe import signed
from tests.steps import counted
from tests.steps.conftest import Start, Tell
from tests.steps.faults.refusing import refusing
from tests.steps.faults.twilio_table import FAULTS, LEFT_OUT, OPERATIONS, REFUSED, SIGNED, TIMES, Operation
from tests.steps.faults.ways import ONE_SUBACCOUNT, WAYS
from tests.steps.patience import patient
from tests.steps.steps import Steps
from tests.steps.whole_run import Run, run
from tests.world import small_pages

CASES = list(product(OPERATIONS, FAULTS, TIMES))


@contextmanager
def going_wrong(steps: Steps, operation: Operation, fault: str, times: int) -> Iterator[PlannedFault]:
    """Have an operation fail so often; all is well again at the end."""
    requests = {"operation": operation.asked, "mentioning": operation.mentioning, "after": operation.after}
    settings = FAULTS[fault].fault
    if settings is None:
        with refusing(Fault.model_validate(requests | {"times": times})) as planned:
            yield planned
        return
    yield steps.simulator.controls.plan_fault(**requests, **settings, times=times)
    steps.simulator.controls.clear_faults()


def ended_as_it_should(steps: Steps, done: Run, operation: Operation, end: str) -> None:
    """Hold that a run has ended so, and that what it says is the sentence of that error."""
    if end in {SIGNED, REFUSED, LEFT_OUT}:
        counted.ended(done)
        assert bool(counted.refused(steps)) is (end == REFUSED)
        assert bool(done.left_out) is (end == LEFT_OUT)
        asked = set(WAYS[operation.way].request.get("phone_numbers", counted.living(steps)))
        assert (signed(steps.simulator) >= asked) is (end == SIGNED)
        return
    if operation.within == "subaccount":
        assert done.error == "SubaccountsFailed"
        assert section(end) in str(done.failed)
        return
    assert done.error == end


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_a_run_ends_as_it_should_and_the_next_one_finishes(
    start: Start, pauses: list[float], told: Tell, monkeypatch: pytest.MonkeyPatch, case: tuple[str, str, str]
) -> None:
    operation, fault, times = case
    which = OPERATIONS[operation]
    way, end = WAYS[which.way], which.ends(fault)[list(TIMES).index(times)]
    told(operation=operation, fault=fault, times=times, end=end)
    steps = patient(start(**way.fleet, subaccounts=ONE_SUBACCOUNT, CALLBACK_URL=""))
    if which.one_number_a_page:
        small_pages(monkeypatch, 1)
    way.before(steps)

    with going_wrong(steps, which, fault, TIMES[times]) as planned:
        done = run(steps, way.request, "first")

    assert planned.happened >= 1
    ended_as_it_should(steps, done, which, end)
    if seconds := (FAULTS[fault].fault or {}).get("retry_after"):
        assert seconds in pauses
    counted.nothing_twice(steps)
    counted.finish(steps, way.afterwards)
