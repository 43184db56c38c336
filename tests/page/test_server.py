"""What the page's server answers, and to whom."""

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests

from shaken_stir.page.server import HEADERS, served
from shaken_stir.page.watch import Watch
from tests.page.shelf import Shelf, example

PATHS = (
    "",
    "page.css",
    "page.js",
    "changes",
    "search?search=555",
    "docs/errors.md",
    f"subaccounts/AC{1:032x}/numbers",
    "numbers.csv",
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(Watch(Shelf(example(5)).source, "shaken-stir status --unsigned"), 0) as address:
        yield address


@pytest.mark.parametrize("path", PATHS)
def test_each_answer_forbids_what_the_page_does_not_need(address: str, path: str) -> None:
    answer = requests.get(address + path, timeout=30)

    assert answer.status_code == 200
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", ["rebound.example", "127.0.0.1", "localhost:1", "127.0.0.1.example:{port}", ""])
def test_another_host_name_is_refused(address: str, host: str, path: str) -> None:
    port = urlsplit(address).port
    answer = requests.get(address + path, headers={"Host": host.format(port=port)}, timeout=30)

    assert answer.status_code in {400, 403}
    assert "AC" not in answer.text


def test_both_names_of_this_machine_are_taken(address: str) -> None:
    port = urlsplit(address).port

    for name in ("127.0.0.1", "localhost"):
        assert requests.get(address, headers={"Host": f"{name}:{port}"}, timeout=30).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["", "changes"])
def test_it_is_read_only(address: str, method: str, path: str) -> None:
    assert requests.request(method, address + path, timeout=30).status_code == 405


def test_head_is_answered_without_a_body(address: str) -> None:
    answer = requests.head(address, timeout=30)

    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    "path",
    [
        "nowhere",
        "page.py",
        "../pyproject.toml",
        "files/page.js",
        "subaccounts/",
        "docs/",
        "docs/nothing.md",
        "docs/..%2FREADME.md",
        "docs/pictures",
    ],
)
def test_nothing_else_is_served(address: str, path: str) -> None:
    answer = requests.get(address + path, timeout=30)

    assert (answer.status_code, answer.text) == (404, "Not Found\n")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_an_account_that_is_not_known_has_no_numbers(address: str) -> None:
    assert requests.get(f"{address}subaccounts/AC{99:032x}/numbers", timeout=30).json() == {"numbers": []}


def test_no_other_machine_reaches_it(address: str) -> None:
    parts = urlsplit(address)
    assert parts.hostname == "127.0.0.1"

    # One that listened on every address would answer at this one, too.
    with pytest.raises(OSError, match=r"refused|timed out|assign"):
        socket.create_connection(("127.0.0.2", parts.port or 0), timeout=5)


def test_changes_are_told_once(address: str) -> None:
    first = requests.get(f"{address}changes", timeout=30).json()
    again = requests.get(f"{address}changes", params={"since": first["version"]}, timeout=30).json()

    assert {"sections", "rows"} <= first.keys()
    assert again.keys() == {"read", "problem"}


def test_what_cannot_be_read_from_the_beginning_is_told() -> None:
    shelf = Shelf([])
    shelf.problem = "There is no table; look for another."
    with served(Watch(shelf.source, "shaken-stir status --unsigned"), 0) as address:
        page = requests.get(address, timeout=30)
        numbers = requests.get(f"{address}numbers.csv", timeout=30)

    assert page.status_code == 200
    assert "There is no table; look for another." in page.text
    assert (numbers.status_code, numbers.text) == (503, "There is no table; look for another.\n")
