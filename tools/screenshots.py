"""Pictures of the page for the README, of a made-up fleet; `make screenshots` takes them anew.

They are looked at, not compared: fonts differ from machine to machine.
"""

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, NamedTuple

from playwright.sync_api import Browser, ViewportSize, sync_playwright

from shaken_stir.live.saved_table import SavedTable
from shaken_stir.page.document import document
from shaken_stir.project import ROOT
from shaken_stir.status.reading import read_numbers_of, read_status
from tools.chromium import CHROMIUM, launched
from tools.example_fleet import in_dynamodb_json, items

PICTURES: Final = ROOT / "docs/pictures"
NOW: Final = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
SUBACCOUNTS, NUMBERS = 200, 12
MARGIN: Final = 20


class Picture(NamedTuple):
    """A picture: its name, how large and in which colours the screen is, and which part of the page it begins with."""

    name: str
    width: int
    height: int
    colours: Literal["light", "dark"]
    begins: str
    opens: str | None = None


TAKEN: Final = (
    Picture("page-wide.png", 1280, 1315, "light", "header"),
    Picture("page-narrow.png", 400, 1160, "light", "header"),
    Picture("page-dark.png", 1280, 1160, "dark", "#subaccounts", opens="Willow Optics"),
)


def main() -> None:
    """Take the pictures."""
    if not CHROMIUM.exists():
        sys.exit("make screenshots: there is no Chromium; on Debian: apt-get install chromium")
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright, launched(playwright) as browser:
        file = Path(folder) / "page.html"
        file.write_text(example(), encoding="utf-8")
        for picture in TAKEN:
            take(browser, file.as_uri(), picture)


def example() -> str:
    """Write the page of the made-up fleet."""
    table = SavedTable()
    for item in items(SUBACCOUNTS, NUMBERS, NOW):
        table.add(in_dynamodb_json(item))
    fleet = read_status(table, "stack shaken-stir, us-east-1", NOW)
    return document(fleet, read_numbers_of(table, fleet, fleet.subaccounts))


def take(browser: Browser, address: str, picture: Picture) -> None:
    """Take one picture."""
    screen = ViewportSize(width=picture.width, height=picture.height)
    page = browser.new_page(viewport=screen, color_scheme=picture.colours)
    page.goto(address)
    if picture.opens:
        page.get_by_role("button", name=picture.opens).click()
    top = page.locator(picture.begins).evaluate("it => it.getBoundingClientRect().top + scrollY")
    page.screenshot(
        path=PICTURES / picture.name,
        full_page=True,
        clip={"x": 0, "y": max(0, top - MARGIN), "width": picture.width, "height": picture.height},
    )
    page.close()


if __name__ == "__main__":
    main()
