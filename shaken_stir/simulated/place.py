"""A fleet and the product, both on this machine: send it events and see what comes of them."""

from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Self

from shaken_stir.engine.engine import Engine
from shaken_stir.news import News, Tell, tell_nobody
from shaken_stir.place import Place
from shaken_stir.project import TEMPLATE
from simulator.addresses import ANY_PORT, Address
from simulator.fleet import Fleet
from simulator.simulator import Simulator


class SimulatedPlace(Place):
    """The simulator and the engine, as a context manager.

    Args:
        fleet: What exists at Twilio.
        time_scale: The factor by which all waiting takes longer than in earnest: retries, polls, the review.
        parameters: The template's parameters that differ from their defaults.
        twilio: Where the simulator listens.
        webhook: Where the webhook listens.
        account_concurrency: How many invocations of functions may be under way at once, None for any number.

    Attributes:
        tell: Called with what happens, from any thread; may be set at any time.
    """

    def __init__(  # noqa: PLR0913 - each by its name
        self,
        fleet: Fleet,
        time_scale: float = 1.0,
        parameters: Mapping[str, str] | None = None,
        *,
        twilio: Address = ANY_PORT,
        webhook: Address = ANY_PORT,
        account_concurrency: int | None = None,
    ) -> None:
        super().__init__()
        self.fleet = fleet
        self._names = {subaccount.sid: subaccount.friendly_name for subaccount in fleet.subaccounts}
        self.simulator = Simulator(
            fleet,
            host=twilio.host,
            port=twilio.port,
            time_scale=time_scale,
            tell=self._hand_on,
        )
        self.review_seconds = fleet.review.seconds * time_scale
        self.tell: Tell = tell_nobody
        self._webhook = webhook
        self._account_concurrency = account_concurrency
        self._time_scale = time_scale
        self._parameters = parameters or {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._stack.enter_context(self.simulator)
            self.engine = self._stack.enter_context(
                Engine(
                    TEMPLATE,
                    parameters={"TwilioBaseUrl": self.simulator.url, **self._parameters},
                    twilio_secret={
                        "account_sid": self.simulator.account_sid,
                        "auth_token": self.simulator.auth_token,
                    },
                    time_scale=self._time_scale,
                    webhook=self._webhook,
                    account_concurrency=self._account_concurrency,
                )
            )
            self.engine.tell = self._hand_on
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def _hand_on(self, news: News) -> None:
        self.tell(news)

    def twilio_calls(self) -> Counter[str]:
        """Count the requests to the simulator so far, by method and route."""
        return Counter(self.simulator.calls)

    def review(self, arn: str) -> str | None:  # noqa: ARG002 - there is one product at a time
        """Say what the status of the newest Trust Product is, None before there is one."""
        products = [product.status for product in self.simulator.state.trust_products]
        return products[-1] if products else None

    def friendly_name(self, sid: str) -> str:
        """Give the name of an account (`AC…`), as the fleet has it."""
        return self._names.get(sid, "parent account")

    def left_out(self) -> dict[str, str]:
        """The subaccounts that cannot be worked on: their status by SID (`AC…`)."""
        accounts = self.simulator.state.accounts
        return {account.sid: account.status for account in accounts if account.status != "active"}
