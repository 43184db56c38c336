"""The product on this machine, with a real account: its table lies in a file, a poll takes the callback's place."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any, Final, Self
from unittest.mock import patch

from onboarding.credentials import TwilioCredentials
from onboarding.settings import READ_TIMEOUT_SECONDS
from onboarding.subaccounts import SubaccountStatus
from onboarding.table.outcomes import read_outcomes
from onboarding.table.products import read_trust_product
from onboarding.table.reviews import read_waiters
from onboarding.twilio.trust_hub import Account
from shaken_stir.engine.engine import Engine
from shaken_stir.live.calls import Calls
from shaken_stir.live.state_file import StateFile
from shaken_stir.place import Place
from shaken_stir.project import TEMPLATE

AWAITING_REVIEW: Final = "AWAITING_REVIEW"
"""The status of a run that has done everything but wait for Twilio's verdict."""
LOOK_SECONDS: Final = 0.2
LAST_ANSWERS_SECONDS: Final = READ_TIMEOUT_SECONDS + 2.0
"""How long requests under way may take to be answered and recorded once a run is stopped."""


class LivePlace(Place):
    """The engine, its table in a file, and Twilio itself, as a context manager.

    Args:
        parent: The parent account's credentials.
        file: Where the table is kept; opened.
        subaccounts: All of the account's, of any status.
        poll_seconds: How often Twilio is asked for the verdict, None to end when there is nothing left but to wait.
        time_scale: As the engine's; the pause after a run that was cut off is scaled, too.

    Attributes:
        twilio: What answers in Twilio's place, None for Twilio itself.
        pause: The seconds that some work waits at first, since the last run was cut off in the middle of it.
    """

    def __init__(
        self,
        parent: TwilioCredentials,
        file: StateFile,
        subaccounts: Iterable[Account],
        poll_seconds: int | None,
        *,
        time_scale: float = 1.0,
    ) -> None:
        super().__init__()
        self._parent = parent
        self._file = file
        self._subaccounts = {account.sid: account for account in subaccounts}
        self._poll_seconds = poll_seconds
        self._time_scale = time_scale
        self.twilio = file.twilio
        self._calls = Calls()
        self._product_sid: str | None = None
        self._stack = ExitStack()
        self.pause = 0.0

    def __enter__(self) -> Self:
        parameters = {"PollSeconds": str(self._poll_seconds)} if self._poll_seconds else {}
        parameters |= {"TwilioBaseUrl": self.twilio} if self.twilio else {}
        with ExitStack() as stack:
            engine = Engine(
                TEMPLATE,
                parameters=parameters,
                twilio_secret=self._parent.model_dump(exclude_none=True),
                time_scale=self._time_scale,
            )
            self.engine = stack.enter_context(engine)
            stack.enter_context(patch.dict(os.environ, CALLBACK_URL=""))  # Twilio cannot reach this machine
            variables = self.engine.environment
            unanswered_seconds = float(variables["TWILIO_READ_SECONDS"]) * self._time_scale
            settle_seconds = unanswered_seconds + float(variables["LIST_SETTLE_SECONDS"])
            self.pause = stack.enter_context(self._file.kept(variables["TABLE_NAME"], settle_seconds))
            stack.enter_context(self._calls.watched())
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, *exception: object) -> None:
        if kind:
            self._calls.end()
        self._stack.close()

    def wait(self, arn: str, tell: Callable[[], object]) -> dict[str, Any]:
        """Wait until an execution has ended, or until it only waits for the verdict; see `Place.wait`.

        Whatever ends it early, such as Ctrl-C: the requests under way are answered and recorded, and no other is sent.
        """
        try:
            while (described := self.engine.describe_execution(arn))["status"] == "RUNNING":
                tell()
                if self._poll_seconds is None and self._awaits_review(arn):
                    self.engine.stop_execution(arn)
                    return {**described, "status": AWAITING_REVIEW, **self._failures(described["name"])}
                time.sleep(LOOK_SECONDS)
        except BaseException:
            self._calls.end()
            self.engine.stop_execution(arn)
            self.engine.drain(LAST_ANSWERS_SECONDS)
            raise
        return described

    def _awaits_review(self, arn: str) -> bool:
        """Say whether there is nothing left but to wait; a verdict that is in leaves no waiter in the table."""
        if not self.engine.waiting_since(arn):
            return False
        product = self.trust_product(arn)
        return product is not None and any(it.execution_arn == arn for it in read_waiters(self.table, product.sid))

    def _failures(self, execution: str) -> dict[str, str]:
        """Tell of the subaccounts that failed, as the machine does once the verdict is in."""
        failed = [it for it in read_outcomes(self.table, execution) if it.status is SubaccountStatus.FAILED]
        causes = [f"{it.subaccount_sid}: {it.message}" for it in failed]
        return {"error": "SubaccountsFailed", "cause": "\n".join(causes)} if failed else {}

    def announced(self, execution: str) -> list[str]:  # noqa: ARG002 - none of them has anything to name
        """Name nothing: nobody listens to the event bus of a process that ends with the run."""
        return []

    def next_look(self, arn: str) -> datetime | None:
        """Say when Twilio is asked next for the verdict, None while there is other work."""
        since = self.engine.waiting_since(arn)
        return since + timedelta(seconds=self._poll_seconds) if since and self._poll_seconds else None

    def twilio_calls(self) -> Counter[str]:
        """Count the requests to Twilio so far, by method and route."""
        return Counter(self._calls.count)

    def review(self, arn: str) -> str | None:
        """Say what was last seen of an execution's Trust Product, None before there is one."""
        if self._product_sid is None:
            product = self.trust_product(arn)
            self._product_sid = product.sid if product else None
        record = read_trust_product(self.table, self._product_sid) if self._product_sid else None
        return record.status if record else None

    def friendly_name(self, sid: str) -> str:
        """Give the name of an account (`AC…`) at Twilio."""
        return self._subaccounts[sid].friendly_name if sid in self._subaccounts else "parent account"

    def left_out(self) -> dict[str, str]:
        """The subaccounts that cannot be worked on: their status by SID (`AC…`)."""
        return {sid: account.status for sid, account in self._subaccounts.items() if account.status != "active"}
