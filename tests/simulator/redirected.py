"""Twilio's own HTTP client, with both of Twilio's hosts redirected to one address."""

import re
from typing import Any

from twilio.http.http_client import TwilioHttpClient


class RedirectedHttpClient(TwilioHttpClient):  # type: ignore[misc] # twilio is untyped
    """Sends to ``base_url`` what is meant for api.twilio.com and trusthub.twilio.com."""

    def __init__(self, base_url: str) -> None:
        super().__init__(timeout=5)
        self._base_url = base_url

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        """Send a request to the address."""
        redirected = re.sub(r"^https://(api|trusthub)\.twilio\.com", self._base_url, url)
        return super().request(method, redirected, *args, **kwargs)
