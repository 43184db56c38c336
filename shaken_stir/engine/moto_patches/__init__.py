"""The bugs of moto that a run would meet, each fixed by the function that is named after it.

Every patch is a context manager that undoes itself, and has a test that fails once moto has fixed the bug itself:
then the patch goes. What is only slow is a bug where it grows with the fleet or is most of an operation's time.
Written against moto 5.2.5.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Final

from shaken_stir.engine.moto_patches import dynamodb, every_service, step_functions

PATCHES: Final[tuple[Callable[[], AbstractContextManager[None]], ...]] = (
    *step_functions.PATCHES,
    *dynamodb.PATCHES,
    *every_service.PATCHES,
)


@contextmanager
def fixed() -> Iterator[None]:
    """Fix all of it while it is open; open it before the mock starts and close it after the mock has stopped."""
    with ExitStack() as stack:
        for fix in PATCHES:
            stack.enter_context(fix())
        yield
