"""Twilio's review of a submitted bundle: some time later there is a verdict, and a callback says so."""

import threading
from collections.abc import Sequence
from typing import Final

from simulator import rules
from simulator.deliveries import Deliveries
from simulator.fleet import ReviewPlan, Verdict
from simulator.records import Bundle, now
from simulator.state import State

UNDER_REVIEW: Final = ("pending-review", "in-review")


class Reviews:
    """Reviews of one simulator, each in its own thread."""

    def __init__(self, state: State, plan: ReviewPlan, *, time_scale: float = 1.0) -> None:
        self._state = state
        self._plan = plan
        self._seconds = plan.seconds * time_scale
        self._deliveries = Deliveries(state, time_scale=time_scale)
        self._stopped = False
        self._ends: dict[str, threading.Event] = {}
        self._threads: set[threading.Thread] = set()

    def submit(self, bundle: Bundle) -> None:
        """Begin the review of a bundle; the caller holds the state's lock."""
        bundle.status, bundle.errors, bundle.failure_reason = "pending-review", [], ""
        self._begin(bundle)

    def resume(self) -> None:
        """Begin the reviews of the bundles that were submitted before the simulator started."""
        with self._state.lock:
            for bundle in (*self._state.customer_profiles, *self._state.trust_products):
                if bundle.status in UNDER_REVIEW:
                    self._begin(bundle)

    def conclude(
        self,
        bundle: Bundle,
        verdict: Verdict,
        errors: Sequence[int] | None = None,
        failure_reason: str | None = None,
    ) -> None:
        """Give a verdict, which ends a review that runs; the caller holds the state's lock.

        Args:
            bundle: In review, or approved some time ago.
            verdict: How the review ends.
            errors: The codes of a rejection; those of the plan when left out.
            failure_reason: What the callback says of a rejection; as the plan has it when left out.
        """
        self._end(bundle)
        if verdict == "approved":
            bundle.status, bundle.errors, bundle.failure_reason = "twilio-approved", [], ""
        else:
            bundle.status = "twilio-rejected"
            bundle.errors = list(self._plan.errors if errors is None else errors)
            bundle.failure_reason = self._plan.failure_reason if failure_reason is None else failure_reason
            if self._plan.evaluation:
                bundle.evaluations.add(rules.failed_evaluation(bundle, self._plan.evaluation))
        self._changed(bundle)

    def set_status(self, bundle: Bundle, status: str) -> None:
        """Give a status that no review leads to, which ends one that runs; the caller holds the state's lock."""
        self._end(bundle)
        bundle.status, bundle.errors, bundle.failure_reason = status, [], ""
        self._changed(bundle)

    def stop(self) -> None:
        """End all reviews without a verdict."""
        with self._state.lock:
            self._stopped = True
            for end in self._ends.values():
                end.set()
            threads = list(self._threads)
        for thread in threads:
            thread.join()
        self._deliveries.stop()

    def _end(self, bundle: Bundle) -> None:
        end = self._ends.pop(bundle.sid, None)
        if end is not None:
            end.set()

    def _begin(self, bundle: Bundle) -> None:
        if self._stopped:
            return
        end = self._ends[bundle.sid] = threading.Event()
        thread = threading.Thread(target=self._review, args=(bundle, end), name=f"review of {bundle.sid}", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _review(self, bundle: Bundle, end: threading.Event) -> None:
        try:
            for step in (self._take_up, self._conclude_as_planned):
                end.wait(self._seconds / 2)
                with self._state.lock:
                    if end.is_set():
                        return
                    step(bundle)
        finally:
            with self._state.lock:
                self._threads.discard(threading.current_thread())

    def _take_up(self, bundle: Bundle) -> None:
        bundle.status = "in-review"
        self._changed(bundle)

    def _conclude_as_planned(self, bundle: Bundle) -> None:
        self.conclude(bundle, self._plan.verdict)

    def _changed(self, bundle: Bundle) -> None:
        bundle.updated = now()
        self._deliveries.announce(bundle)
