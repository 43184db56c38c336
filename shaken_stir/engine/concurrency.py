"""How many invocations of a template's functions may be under way at once, as Lambda counts them."""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from shaken_stir.engine.template import Function


class InvocationThrottled(RuntimeError):  # noqa: N818 - named for what it means
    """As many invocations are under way as may be: this one has not begun."""


class Concurrency:
    """Counts the invocations under way, and turns away what goes beyond a limit.

    A function with a reserved concurrency has that one for itself; all others share what is left of the account's.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html.

    Args:
        functions: All functions of the account.
        account_limit: How many invocations the account may have under way, None for any number.

    Attributes:
        throttles: Handler module -> how many invocations were turned away, as CloudWatch's metric of this name.
    """

    def __init__(self, functions: Iterable[Function], account_limit: int | None = None) -> None:
        reserved = sum(function.reserved_concurrency or 0 for function in functions)
        self._unreserved = None if account_limit is None else max(0, account_limit - reserved)
        self._under_way: Counter[str | None] = Counter()
        self._lock = threading.Lock()
        self.throttles: Counter[str] = Counter()

    @contextmanager
    def counted(self, function: Function) -> Iterator[None]:
        """Count an invocation for as long as it is open.

        Raises:
            InvocationThrottled: There is no room for it.
        """
        reserved = function.reserved_concurrency
        limit, pool = (self._unreserved, None) if reserved is None else (reserved, function.logical_id)
        with self._lock:
            if limit is not None and self._under_way[pool] >= limit:
                self.throttles[function.module] += 1
                raise InvocationThrottled("Rate Exceeded.")
            self._under_way[pool] += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way[pool] -= 1
