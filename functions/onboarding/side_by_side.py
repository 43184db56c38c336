"""Doing one thing for many items, so many at once."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor


def side_by_side[Given, Result](do: Callable[[Given], Result], items: Iterable[Given], at_once: int) -> list[Result]:
    """Do a thing for each item, on so many threads.

    Returns:
        The results in the order of the items.

    Raises:
        Exception: What the first failed item raised, once those under way have ended; no other is begun.
    """
    given = list(items)
    if len(given) < 2:  # noqa: PLR2004 - one item needs no company
        return [do(item) for item in given]
    pool = ThreadPoolExecutor(min(at_once, len(given)))
    try:
        return list(pool.map(do, given))
    finally:
        # Ctrl-C may come while they are handed out: what has not begun by then would still be done.
        pool.shutdown(cancel_futures=True)
