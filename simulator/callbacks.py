"""The status callback: a signed, form-encoded POST to the address that the customer gave."""

import contextlib
import http.client
import socket
import threading
from dataclasses import replace
from urllib.parse import urlencode, urlsplit

from twilio.request_validator import RequestValidator

from simulator.records import Callback

_CONNECT_SECONDS, _READ_SECONDS = 5.0, 15.0


class CallbackSender:
    """Sends callbacks for one account; ``stop`` cuts short those that are under way."""

    def __init__(self, account_sid: str, auth_token: str) -> None:
        self._account_sid = account_sid
        self._validator = RequestValidator(auth_token)
        self._lock = threading.Lock()
        self._open: set[http.client.HTTPConnection] = set()
        self._stopped = False

    def compose(self, url: str, *, bundle_sid: str, status: str, failure_reason: str) -> Callback:
        """A signed callback, not sent yet."""
        parameters = {
            "AccountSid": self._account_sid,
            "BundleSid": bundle_sid,
            "Status": status,
            "FailureReason": failure_reason,
        }
        return Callback(url=url, parameters=parameters, signature=self._validator.compute_signature(url, parameters))

    def send(self, callback: Callback) -> Callback:
        """Send a callback and tell how it went; a receiver that fails is no error of the sender."""
        try:
            status = self._post(callback.url, urlencode(callback.parameters), callback.signature)
        except (OSError, ValueError, http.client.HTTPException) as problem:
            return replace(callback, error=f"{type(problem).__name__}: {problem}")
        return replace(callback, response_status=status)

    def stop(self) -> None:
        """Cut the connections of callbacks that are under way."""
        with self._lock:
            self._stopped = True
            for connection in self._open:
                if connection.sock is not None:
                    with contextlib.suppress(OSError):
                        connection.sock.shutdown(socket.SHUT_RDWR)

    def _post(self, url: str, body: str, signature: str) -> int:
        parts = urlsplit(url)
        connection_class = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = connection_class(parts.netloc.rpartition("@")[2], timeout=_CONNECT_SECONDS)
        try:
            connection.connect()
            with self._lock:
                if self._stopped:
                    raise ConnectionAbortedError("the simulator was stopped")
                self._open.add(connection)
            connection.sock.settimeout(_READ_SECONDS)
            connection.request(
                "POST",
                (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
                body,
                {
                    "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
                    "User-Agent": "TwilioProxy/1.1",
                    "X-Twilio-Signature": signature,
                },
            )
            return connection.getresponse().status
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()
