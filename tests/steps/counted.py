"""What must hold at the simulated Twilio whatever happened: counted there, not believed of the product."""

from typing import Any

from onboarding.phone_numbers import Stage
from simulator.observe import assigned_twice, signed
from tests.steps.steps import Steps
from tests.steps.whole_run import Run, run


def nothing_twice(steps: Steps) -> None:
    """Hold that there is at most one product, one connection, and one assignment per number and side."""
    products = list(steps.simulator.state.trust_products)
    assert len(products) <= 1
    assert [len(list(it.entities)) for it in products] in ([], [0], [1])
    assert assigned_twice(steps.simulator) == set()


def living(steps: Steps) -> set[str]:
    """The numbers (`PN…`) of active subaccounts."""
    state = steps.simulator.state
    return {
        number.sid
        for number in state.numbers.values()
        if number.account_sid != state.account_sid and state.accounts[number.account_sid].status == "active"
    }


def refused(steps: Steps) -> dict[str, list[str]]:
    """The numbers (`PN…`) of active subaccounts (`AC…`) that are recorded as refused."""
    found: dict[str, list[str]] = {}
    for sid in sorted(living(steps)):
        account_sid = steps.simulator.state.numbers[sid].account_sid
        if steps.stages(int(account_sid.removeprefix("AC"), 16)).get(sid) == Stage.REFUSED:
            found.setdefault(account_sid, []).append(sid)
    return found


def finish(steps: Steps, request: dict[str, Any]) -> None:
    """Send a request for the whole fleet, then one for the numbers that are refused: every one must be signed once."""
    ended(run(steps, request, "again"))
    for account_sid, numbers in refused(steps).items():
        ended(run(steps, {"subaccounts": [account_sid], "phone_numbers": numbers}, f"named-{account_sid}"))
    nothing_twice(steps)
    assert signed(steps.simulator) >= living(steps)


def ended(done: Run) -> None:
    """Hold that a run has ended well."""
    assert (done.error, done.failed) == (None, None)
