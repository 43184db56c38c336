"""Transcripts as `--transcript` writes them, read again."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shaken_stir.live.transcript import FORMAT
from simulator.messages import Request, Response
from simulator.sids import without_sids

TRANSCRIPTS = sorted(Path(__file__).with_name("transcripts").glob("*.jsonl"))
DOCUMENTED = [path for path in TRANSCRIPTS if path.name.startswith("documented")]
"""Those of answers that Twilio documents, with values of our own."""
SID = re.compile(r"[A-Z]{2}[0-9a-f]{32}")


@dataclass(frozen=True)
class Recorded:
    """An exchange as a transcript has it; without a status there was no answer."""

    method: str
    url: str
    query: dict[str, str]
    form: dict[str, str]
    seconds: float
    status: int | None = None
    headers: dict[str, str] | None = None
    body: Any = None
    no_json: int = 0
    outage: str | None = None

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def sids(self) -> list[str]:
        """Those in the path, in order."""
        return SID.findall(self.path)

    @property
    def operation(self) -> str:
        return f"{self.method} {without_sids(self.path)}"

    @property
    def failed(self) -> bool:
        return self.status is None or self.outage is not None or self.status >= 400

    @property
    def response(self) -> Response:
        """What a client gets that asks this."""
        if self.status is None:
            return Response(204, cut="reset")
        retry_after = (self.headers or {}).get("Retry-After")
        return Response(
            self.status,
            self.body,
            page="<html>" if self.body is None and self.status != 204 else "",
            retry_after=int(retry_after) if retry_after else None,
            cut="truncated" if self.outage else None,
        )

    def is_asked_by(self, request: Request) -> bool:
        return (self.method, self.path, self.query, self.form) == (
            request.method,
            request.path,
            request.query,
            request.form,
        )


def read(path: Path) -> list[Recorded]:
    """The exchanges of a transcript."""
    head, *exchanges = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert head["transcript"] == FORMAT
    return [Recorded(**exchange) for exchange in exchanges]


def parent_of(exchanges: list[Recorded]) -> str:
    """The account that asked."""
    owners = (owner for it in exchanges if not it.failed and (owner := _owner(it)))
    return next(owners, "AC" + "0" * 31 + "1")


def _owner(exchange: Recorded) -> str | None:
    of_trust_hub = exchange.path.startswith("/v1/")
    return next((it.get("account_sid" if of_trust_hub else "owner_account_sid") for it in resources(exchange)), None)


def resources(exchange: Recorded) -> list[dict[str, Any]]:
    """The resources in an answer, be it a list or one."""
    body = exchange.body or {}
    for key in ("results", "accounts", "incoming_phone_numbers"):
        if key in body and "sid" not in body:
            found: list[dict[str, Any]] = body[key]
            return found
    return [body] if "sid" in body else []
