"""A browser for each file, and pages of fleets."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, ViewportSize, expect, sync_playwright

from shaken_stir.page.server import served
from shaken_stir.page.watch import Watch
from shaken_stir.status.source import Source
from tools.chromium import CHROMIUM, launched

ALL_NAMED_BY = "shaken-stir status --stack shaken-stir --unsigned"
WIDE: ViewportSize = {"width": 1280, "height": 900}
type Serve = Callable[[Source], str]
type Show = Callable[..., Page]

expect.set_options(timeout=15_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # It ends with the file: while it is there, nothing else in this process can run an event loop.
    # Where changes are checked its absence is a failure.
    if not CHROMIUM.exists() and os.environ.get("CI") != "true":
        pytest.skip("there is no Chromium; on Debian: apt-get install chromium")
    with sync_playwright() as playwright, launched(playwright) as browser:
        yield browser


@pytest.fixture(scope="module")
def page(browser: Browser) -> Page:
    """The page that goes from test to test: each new one is a new process of the browser."""
    page = browser.new_page()
    page.set_default_timeout(15_000)
    return page


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve the page of a fleet; gives its address."""
    with ExitStack() as stack:

        def _serve(source: Source) -> str:
            return stack.enter_context(served(Watch(source, ALL_NAMED_BY, refresh_seconds=0.05), 0))

        yield _serve


@pytest.fixture
def visit(
    page: Page,
    serve: Serve,  # noqa: ARG001 - pages are closed before servers
) -> Iterator[Show]:
    """Open an address; nothing that the browser complains of, such as a script that is not allowed, goes unnoticed."""
    complaints: list[str] = []

    def told(message: ConsoleMessage, expected: str) -> None:
        if message.type in {"error", "warning"} and not (expected and expected in message.text):
            complaints.append(message.text)

    def dismissed(dialog: Dialog) -> None:
        complaints.append(dialog.message)
        dialog.dismiss()

    with ExitStack() as stack:

        def listen(event: Any, listener: Callable[..., None]) -> None:
            page.on(event, listener)
            stack.callback(page.remove_listener, event, listener)

        def _visit(
            address: str,
            *,
            expected: str = "",
            viewport: ViewportSize = WIDE,
            color_scheme: Literal["light", "dark"] = "light",
        ) -> Page:
            page.set_viewport_size(viewport)
            page.emulate_media(color_scheme=color_scheme)
            stack.callback(page.goto, "about:blank")
            listen("pageerror", lambda error: complaints.append(str(error)))
            listen("dialog", dismissed)
            listen("console", lambda it: told(it, expected))
            page.goto(address)
            return page

        yield _visit
    assert complaints == []
