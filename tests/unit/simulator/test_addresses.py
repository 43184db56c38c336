"""Whom a server on this machine refuses: web pages, and names that lead here but are not this machine's."""

import pytest

from simulator.addresses import EVERYWHERE, THIS_MACHINE, refusal


@pytest.mark.parametrize(
    ("host", "host_header", "answered"),
    [
        (THIS_MACHINE, "127.0.0.1:8010", True),
        (THIS_MACHINE, "localhost:8010", True),
        (THIS_MACHINE, "LOCALHOST", True),
        (THIS_MACHINE, "[::1]:8010", True),
        (THIS_MACHINE, "host.docker.internal:8010", True),
        (THIS_MACHINE, "evil.example:8010", False),
        (THIS_MACHINE, "127.0.0.1.evil.example", False),
        (THIS_MACHINE, "localhost.evil.example", False),
        (THIS_MACHINE, "192.0.2.1:8010", False),
        (THIS_MACHINE, "evil.example@127.0.0.1", True),
        (THIS_MACHINE, "127.0.0.1@evil.example", False),
        (THIS_MACHINE, "[", False),
        (THIS_MACHINE, "", False),
        (THIS_MACHINE, None, False),
        ("172.17.0.1", "172.17.0.1:8010", True),
        ("172.17.0.1", "host.docker.internal:8010", True),
        ("172.17.0.1", "192.0.2.1", False),
        (EVERYWHERE, "192.0.2.1:8010", True),
        (EVERYWHERE, "evil.example", False),
    ],
)
def test_a_server_answers_to_its_own_names_only(host: str, host_header: str | None, *, answered: bool) -> None:
    assert (refusal(host, host_header, None) is None) is answered


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:8010", "null", ""])
def test_what_a_web_page_sends_is_refused(origin: str) -> None:
    said = refusal(THIS_MACHINE, "127.0.0.1:8010", origin)

    assert said
    assert said.startswith("Refused: the request has an Origin")
