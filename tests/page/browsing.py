"""A real Chromium, without a window."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from playwright.sync_api import Browser, Playwright

CHROMIUM: Final = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def launched(playwright: Playwright) -> Iterator[Browser]:
    """Start Debian's Chromium, which takes no other's download."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
    try:
        yield browser
    finally:
        browser.close()


def chromium_or_skip() -> None:
    """Skip where there is no Chromium, but never where changes are checked: there it is a failure."""
    if not os.path.exists(CHROMIUM) and os.environ.get("CI") != "true":  # noqa: PTH110 - one word
        pytest.skip("there is no Chromium here; on Debian: apt-get install chromium")
