"""The file of a transcript: a line for each exchange, as it happens."""

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    IncompleteRead,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

from shaken_stir.live.exchanges import Exchange, outage
from shaken_stir.live.redaction import API
from shaken_stir.live.transcript import Transcript, TranscriptError
from tests.world import account

POOL = HTTPSConnectionPool("api.twilio.com")


def asked(number: int = 1) -> Exchange:
    return Exchange(
        "GET", f"{API}/2010-04-01/Accounts/{account(number)}.json", {}, 0.25, 200, {}, b'{"status": "active"}'
    )


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("twilio", [None, "http://127.0.0.1:8010"])
def test_the_first_line_says_how_to_read_the_others(tmp_path: Path, twilio: str | None) -> None:
    Transcript(tmp_path / "t", twilio).close()

    [head] = lines(tmp_path / "t")
    assert (head["transcript"], head["rehearsal"]) == (1, twilio is not None)
    assert {*head} == {"transcript", "version", "began", "rehearsal"}
    assert "127.0.0.1" not in (tmp_path / "t").read_text()


def test_a_file_that_is_not_closed_can_be_read(tmp_path: Path) -> None:
    transcript = Transcript(tmp_path / "t", None)
    transcript.add(asked())

    _, exchange = lines(tmp_path / "t")
    assert exchange == {
        "method": "GET",
        "url": f"{API}/2010-04-01/Accounts/AC{1:032}.json",
        "query": {},
        "form": {},
        "seconds": 0.25,
        "status": 200,
        "headers": {},
        "body": {"status": "active"},
    }


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Transcript(tmp_path / "t", None).close()
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "t").stat().st_mode) == 0o600


def test_many_threads_write_whole_lines(tmp_path: Path) -> None:
    transcript = Transcript(tmp_path / "t", None)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(transcript.add, map(asked, range(200))))

    _, *exchanges = lines(tmp_path / "t")
    assert transcript.count == len({it["url"] for it in exchanges}) == len(exchanges) == 200


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("mine")

    with pytest.raises(TranscriptError, match=r"t is there already and is not written over; name another file with --"):
        Transcript(tmp_path / "t", None)
    assert (tmp_path / "t").read_text() == "mine"


def test_what_cannot_be_written_is_told_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(
        TranscriptError, match=r"nowhere/t cannot be written \(No such file or directory\); name another"
    ):
        Transcript(tmp_path / "nowhere/t", None)


def test_a_full_disk_ends_the_transcript_behind_a_whole_line_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transcript = Transcript(tmp_path / "t", None)
    transcript.add(asked(1))
    write = os.write

    def write_half(descriptor: int, text: bytes) -> int:
        monkeypatch.setattr(os, "write", full)
        return write(descriptor, text[:40])

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", write_half)
    transcript.add(asked(2))
    monkeypatch.undo()
    transcript.add(asked(3))

    assert (transcript.count, transcript.ended_early) == (1, "No space left on device")
    assert [it["url"] for it in lines(tmp_path / "t")[1:]] == [f"{API}/2010-04-01/Accounts/AC{1:032}.json"]


def test_what_comes_after_the_end_is_not_written(tmp_path: Path) -> None:
    transcript = Transcript(tmp_path / "t", None)
    transcript.close()
    transcript.add(asked())

    assert len(lines(tmp_path / "t")) == 1


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NameResolutionError("api.twilio.com", HTTPConnection("api.twilio.com"), OSError()), "host not found in DNS"),  # type: ignore[arg-type]
        (MaxRetryError(POOL, "/", ConnectTimeoutError()), "no connection in time"),
        (MaxRetryError(POOL, "/", NewConnectionError(HTTPConnection("api.twilio.com"), "refused")), "no connection"),
        (MaxRetryError(POOL, "/", SSLError()), "TLS failed"),
        (ReadTimeoutError(HTTPConnectionPool("api.twilio.com"), "/", "slow"), "no answer in time"),
        (ProtocolError("Connection aborted.", ConnectionResetError()), "connection reset"),
        (ProtocolError("Connection broken", IncompleteRead(1, 2)), "answer cut off"),
    ],
)
def test_what_kept_an_answer_from_coming_is_named(error: Exception, words: str) -> None:
    assert outage(error) == words
    assert outage(requests.ConnectionError(error)) == words


def test_what_has_no_words_is_named_by_its_class() -> None:
    assert outage(requests.exceptions.InvalidHeader("secret")) == "InvalidHeader"
