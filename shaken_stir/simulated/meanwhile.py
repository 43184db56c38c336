"""What is done at the simulated Twilio while a run waits for its verdict."""

from collections.abc import Callable
from typing import Final

from onboarding.table.reviews import read_waiters
from shaken_stir.simulated.place import SimulatedPlace
from shaken_stir.snapshot import Snapshot
from simulator.observe import FETCH_PRODUCT
from simulator.reviews import UNDER_REVIEW

_FETCHED_BY_WAIT: Final = 2


def once_awaited(local: SimulatedPlace, act: Callable[[], object], waits: int = 1) -> Callable[[Snapshot], None]:
    """Have something done once, while a run that submitted its Trust Product awaits the verdict.

    Args:
        local: Where the run is about to start.
        act: What is done.
        waits: How often the wait has begun by then: once more after each poll without a verdict.

    Returns:
        The run's `on_change`.
    """
    before = local.simulator.calls.get(FETCH_PRODUCT, 0)
    done = False

    def on_change(_: Snapshot) -> None:
        nonlocal done
        # It is fetched before it is submitted or a wait begins again, and once more when a wait has begun.
        fetched = local.simulator.calls.get(FETCH_PRODUCT, 0) - before
        if not done and fetched >= _FETCHED_BY_WAIT * waits and _awaited(local):
            done = True
            act()

    return on_change


def _awaited(local: SimulatedPlace) -> bool:
    reviewed = (it.sid for it in local.simulator.state.trust_products if it.status in UNDER_REVIEW)
    return any(read_waiters(local.table, sid) for sid in reviewed)
