"""Twilio's review of a submitted bundle: some time later there is a verdict, and a callback says so."""

import threading

from local.twilio.callbacks import CallbackSender
from local.twilio.fleet import ReviewPlan
from local.twilio.records import Bundle, now
from local.twilio.state import State


class Reviews:
    """Reviews of one simulator, each in its own thread."""

    def __init__(self, state: State, plan: ReviewPlan, *, time_scale: float = 1.0) -> None:
        self._state = state
        self._plan = plan
        self._seconds = plan.seconds * time_scale
        self._sender = CallbackSender(state.account_sid, state.auth_token)
        self._stopping = threading.Event()
        self._threads: set[threading.Thread] = set()

    def submit(self, bundle: Bundle) -> None:
        """Begin the review of a bundle; the caller holds the state's lock."""
        bundle.status = "pending-review"
        bundle.errors = []
        self._begin(bundle)

    def resume(self) -> None:
        """Begin the reviews of the bundles that were submitted before the simulator started."""
        with self._state.lock:
            for bundle in (*self._state.customer_profiles, *self._state.trust_products):
                if bundle.status in ("pending-review", "in-review"):
                    self._begin(bundle)

    def stop(self) -> None:
        """End all reviews without a verdict."""
        self._stopping.set()
        self._sender.stop()
        with self._state.lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join()

    def _begin(self, bundle: Bundle) -> None:
        thread = threading.Thread(target=self._review, args=(bundle,), name=f"review of {bundle.sid}", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _review(self, bundle: Bundle) -> None:
        try:
            if self._stopping.wait(self._seconds / 2):
                return
            with self._state.lock:
                bundle.status = "in-review"
                bundle.updated = now()
            if self._stopping.wait(self._seconds / 2):
                return
            self._conclude(bundle)
        finally:
            with self._state.lock:
                self._threads.discard(threading.current_thread())

    def _conclude(self, bundle: Bundle) -> None:
        with self._state.lock:
            if self._plan.verdict == "approved":
                bundle.status = "twilio-approved"
            else:
                bundle.status = "twilio-rejected"
                bundle.errors = list(self._plan.errors)
            bundle.updated = now()
            url, status = bundle.status_callback, bundle.status
            reason = ", ".join(str(code) for code in bundle.errors)
        if url is not None:
            callback = self._sender.send(url, bundle_sid=bundle.sid, status=status, failure_reason=reason)
            with self._state.lock:
                self._state.callbacks.append(callback)
