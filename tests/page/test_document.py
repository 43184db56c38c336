"""The page as one file that stands by itself, opened from disk."""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from shaken_stir.page.document import document
from shaken_stir.status.csv_file import write_csv
from shaken_stir.status.model import FleetStatus, NumberStatus
from shaken_stir.status.reading import read_numbers_of, read_status, with_unsigned
from shaken_stir.words import visible
from tests.commands import hostile
from tests.page.conftest import Serve, Show
from tests.page.hostile_fleet import SCRIPTS, named
from tests.page.looking import ROWS, downloaded
from tests.page.shelf import PLACE, Shelf, example


@pytest.fixture(scope="module")
def read() -> tuple[FleetStatus, list[NumberStatus]]:
    """A fleet, and the numbers of all of its subaccounts with unsigned ones."""
    table = Shelf(example(60)).table
    fleet = read_status(table, PLACE)
    return fleet, read_numbers_of(table, fleet, with_unsigned(fleet.subaccounts))


def written(folder: Path, fleet: FleetStatus, numbers: Sequence[NumberStatus]) -> str:
    file = folder / "fleet.html"
    file.write_text(document(fleet, numbers), encoding="utf-8")
    return file.as_uri()


def test_it_shows_the_same_and_fetches_nothing(
    visit: Show, read: tuple[FleetStatus, list[NumberStatus]], tmp_path: Path
) -> None:
    page = visit(written(tmp_path, *read))
    asked: list[str] = []
    page.on("request", lambda it: asked.append(it.url))

    expect(page.locator("h1")).to_have_text(read[0].headline)
    page.locator(".open").first.click()
    expect(page.locator(".detail tbody tr")).to_have_count(5)
    expect(page.locator("#needs")).to_contain_text("2 numbers refused by Twilio")
    assert page.evaluate("getComputedStyle(document.querySelector('.legend')).listStyleType") == "none"
    assert asked == []


def test_numbers_that_it_does_not_hold_are_said_to_be_elsewhere(
    visit: Show, read: tuple[FleetStatus, list[NumberStatus]], tmp_path: Path
) -> None:
    page = visit(written(tmp_path, *read))

    page.get_by_label("Search").fill("Harbor Dental")
    page.locator(".open").click()

    expect(page.locator(".detail")).to_contain_text("This file does not contain the numbers of this subaccount.")


def test_its_csv_is_that_of_the_numbers_that_it_holds(
    visit: Show, read: tuple[FleetStatus, list[NumberStatus]], tmp_path: Path
) -> None:
    text = io.StringIO(newline="")
    write_csv(read[1], text)
    wanted = list(csv.reader(io.StringIO(text.getvalue())))

    found = list(csv.reader(io.StringIO(downloaded(visit(written(tmp_path, *read))))))

    assert found[0] == wanted[0]
    assert sorted(found) == sorted(wanted)


def test_hostile_names_are_text_in_it(visit: Show, tmp_path: Path) -> None:
    names = [*SCRIPTS, *hostile.NAMES]
    table = Shelf(named(names)).table
    fleet = read_status(table, PLACE)
    page = visit(written(tmp_path, fleet, read_numbers_of(table, fleet, fleet.subaccounts)))
    page.locator(".open").first.click()
    expect(page.locator(".detail tbody tr")).to_have_count(2)

    text = str(page.evaluate("document.querySelector('main').textContent"))

    assert [name for name in names if visible(name) not in text] == []
    assert hostile.obeyed(text) == set()
    assert page.title() == f"SHAKEN/STIR: {PLACE}"
    assert page.locator("main b, main img, main script").count() == 0


def test_what_is_added_to_it_does_not_run(
    visit: Show, read: tuple[FleetStatus, list[NumberStatus]], tmp_path: Path
) -> None:
    file = tmp_path / "fleet.html"
    added = "<script>document.title = 'run'</script><img src=x onerror=\"document.title = 'run'\">"
    file.write_text(document(*read).replace("<footer>", f"{added}<footer>"), encoding="utf-8")
    page = visit(file.as_uri(), expected="Content Security Policy")

    expect(page.locator(ROWS)).to_have_count(20)

    assert page.title() == f"SHAKEN/STIR: {PLACE}"


def test_a_search_for_a_number_opens_and_marks_it_and_the_csv_follows(
    visit: Show, read: tuple[FleetStatus, list[NumberStatus]], tmp_path: Path
) -> None:
    wanted = read[1][0]
    page = visit(written(tmp_path, *read))
    typed = f"({wanted.phone_number[2:5]}) {wanted.phone_number[5:8]}-{wanted.phone_number[8:]}"

    page.get_by_label("Search").fill(typed)

    expect(page.locator("#count")).to_have_text("1 of 60 subaccounts")
    expect(page.locator("mark.phone")).to_have_text(wanted.phone_number)
    assert [it["phone_number"] for it in csv.DictReader(io.StringIO(downloaded(page)))] == [wanted.phone_number]
    page.get_by_label("Search").fill(wanted.phone_number_sid)
    expect(page.locator("mark.phone")).to_have_text(wanted.phone_number)


def test_the_view_is_in_its_address(visit: Show, read: tuple[FleetStatus, list[NumberStatus]], tmp_path: Path) -> None:
    page = visit(written(tmp_path, *read))
    page.get_by_label("Search").fill("harbor")
    expect(page).to_have_url(re.compile(r"/fleet\.html\?search=harbor$"))

    page.reload()

    expect(page.get_by_label("Search")).to_have_value("harbor")
    expect(page.locator("#count")).to_have_text("3 of 60 subaccounts")


def test_its_remedies_lead_to_sections_that_it_contains(
    visit: Show, read: tuple[FleetStatus, list[NumberStatus]], tmp_path: Path
) -> None:
    page = visit(written(tmp_path, *read))
    page.get_by_label("Search").fill("harbor")

    page.locator("#needs").get_by_role("link", name="Errors: 22205").first.click()

    section = page.locator("article:target")
    expect(section).to_contain_text("What is to be assigned is not valid there")
    expect(section).to_be_in_viewport()
    expect(page.get_by_label("Search")).to_have_value("harbor")
    targets = page.locator("a[href^='#']").evaluate_all("all => all.map(it => it.getAttribute('href').slice(1))")
    ids = set(page.locator("[id]").evaluate_all("all => all.map(it => it.id)"))
    assert {it for it in targets if not it.startswith("AC")} <= ids


def test_its_order_is_that_of_the_served_page(
    visit: Show, serve: Serve, read: tuple[FleetStatus, list[NumberStatus]], tmp_path: Path
) -> None:
    def names(page: Page) -> list[str]:
        expect(page.locator(ROWS)).to_have_count(20)
        return page.locator(f"{ROWS} bdi").all_inner_texts()

    in_file = names(visit(written(tmp_path, *read)))

    assert names(visit(serve(Shelf(example(60)).source))) == in_file
