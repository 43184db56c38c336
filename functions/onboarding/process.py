"""What a process keeps from one invocation to the next, and the one way to forget it all.

Lambda keeps a process as long as it likes. On a person's machine one process is many: each begins with `forget`.
This imports nothing, since every function does import it.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import cast

_forgetting: list[Callable[[], object]] = []


def kept[**Given, Made](make: Callable[Given, Made]) -> Callable[Given, Made]:
    """Let a function that makes something keep what it made last, as long as it is given the same."""
    keeping = lru_cache(maxsize=1)(make)
    forgotten_by(keeping.cache_clear)
    return cast("Callable[Given, Made]", keeping)


def forgotten_by(forget_it: Callable[[], object]) -> None:
    """Have `forget` call this, too: for what is kept by others."""
    _forgetting.append(forget_it)


def forget() -> None:
    """Forget all that is kept: the next one who asks gets it made anew, from the environment as it is then."""
    for forget_it in _forgetting:
        forget_it()
