"""How status callbacks get to the customer: each once and at once, or as the fleet or a control says."""

import threading
from dataclasses import replace

from simulator.callbacks import CallbackSender
from simulator.fleet import CallbackPlan
from simulator.records import Bundle, Callback
from simulator.state import State

LONGEST_HOLD_SECONDS = 600.0
"""How long a callback waits, before the time scale, for another one to overtake it."""


class Deliveries:
    """The callbacks of one simulator, each in its own thread."""

    def __init__(self, state: State, *, time_scale: float) -> None:
        self._state = state
        self._time_scale = time_scale
        self._sender = CallbackSender(state.account_sid, state.auth_token)
        self._stopping = threading.Event()
        self._threads: set[threading.Thread] = set()
        self._held: threading.Event | None = None

    def announce(self, bundle: Bundle) -> None:
        """Have the customer told of the bundle's status; the caller holds the state's lock."""
        plan = self._state.callback_plan
        is_news = plan.every_status or bundle.status != "in-review"
        if bundle.status_callback is None or not is_news or self._stopping.is_set():
            return
        reason = bundle.failure_reason or ", ".join(str(code) for code in bundle.errors)
        callback = self._sender.compose(
            bundle.status_callback, bundle_sid=bundle.sid, status=bundle.status, failure_reason=reason
        )
        if plan.drop:
            self._state.callbacks.append(replace(callback, error="dropped by the simulator"))
            return
        overtaken, self._held = self._held, None
        if overtaken is None and plan.reorder:
            self._held = threading.Event()
        thread = threading.Thread(
            target=self._deliver,
            args=(callback, plan, self._held, overtaken),
            name=f"callback of {bundle.sid}",
            daemon=True,
        )
        self._threads.add(thread)
        thread.start()

    def stop(self) -> None:
        """Cut the callbacks that are under way, and send none that waits."""
        with self._state.lock:
            self._stopping.set()
            if self._held is not None:
                self._held.set()
            threads = list(self._threads)
        self._sender.stop()
        for thread in threads:
            thread.join()

    def _deliver(
        self, callback: Callback, plan: CallbackPlan, held: threading.Event | None, overtaken: threading.Event | None
    ) -> None:
        try:
            if held is not None:
                self._wait_to_be_overtaken(held)
            self._stopping.wait(plan.delay_seconds * self._time_scale)
            for _ in range(1 + plan.repeat):
                if self._stopping.is_set():
                    return
                sent = self._sender.send(callback)
                with self._state.lock:
                    self._state.callbacks.append(sent)
        finally:
            if overtaken is not None:
                overtaken.set()
            with self._state.lock:
                self._threads.discard(threading.current_thread())

    def _wait_to_be_overtaken(self, held: threading.Event) -> None:
        held.wait(LONGEST_HOLD_SECONDS * self._time_scale)
        with self._state.lock:
            if self._held is held:
                self._held = None
