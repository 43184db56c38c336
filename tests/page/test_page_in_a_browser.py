"""The page as a person uses it: a real browser, the real server, a fleet as the table has it."""

import csv
import io
import json
import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from onboarding.table.dynamodb import Table
from onboarding.trust_products import Status
from shaken_stir.page.server import served
from shaken_stir.page.watch import Watch
from shaken_stir.simulated.place import SimulatedPlace
from shaken_stir.status.csv_file import write_csv
from shaken_stir.status.reading import read_numbers_of, read_status
from shaken_stir.status.source import Source
from shaken_stir.words import visible
from simulator.fleet import Fleet
from tests.commands import hostile
from tests.page.conftest import ALL_NAMED_BY, Serve, Show
from tests.page.hostile_fleet import SCRIPTS, named, renamed
from tests.page.looking import ROWS, downloaded
from tests.page.shelf import PLACE, Shelf, example
from tests.world import NAMED, a_fleet
from tools.example_fleet import PRODUCT

NARROW = {"viewport": {"width": 400, "height": 860}}
DARK = {"color_scheme": "dark"}


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    """A fleet that no test changes."""
    return Shelf(example())


@pytest.fixture(scope="module")
def address(shelf: Shelf) -> Iterator[str]:
    with served(Watch(shelf.source, ALL_NAMED_BY), 0) as address:
        yield address


def rows_of(text: str) -> list[list[str]]:
    """The lines of a CSV, without when they were read."""
    return [row[:-1] for row in csv.reader(io.StringIO(text))]


def numbers_as_csv(shelf: Shelf, choose: Callable[[str], bool] = lambda _: True) -> list[list[str]]:
    fleet = read_status(shelf.table, PLACE)
    text = io.StringIO(newline="")
    write_csv(read_numbers_of(shelf.table, fleet, [it for it in fleet.subaccounts if choose(it.friendly_name)]), text)
    return rows_of(text.getvalue())


def without(wanted: list[dict[str, Any]], attribute: str) -> list[dict[str, Any]]:
    return [{name: value for name, value in item.items() if name != attribute} for item in wanted]


def test_the_first_screen_says_what_matters_and_what_to_do(visit: Show, address: str, shelf: Shelf) -> None:
    page = visit(address)

    expect(page.locator("h1")).to_have_text(read_status(shelf.table, PLACE).headline)
    assert page.locator("h2").all_inner_texts() == [
        "Needs a person",
        "The fleet",
        "Subaccounts",
        "Trust Product",
        "Runs of the last 30 days",
    ]
    needs = page.locator("#needs")
    assert needs.locator("h3").all_inner_texts() == [
        "2 subaccounts failed",
        "3 numbers refused by Twilio",
        "1 number to do",
    ]
    expect(needs).to_contain_text(
        "Something that is assigned is not the account's own: look at what is assigned to it."
    )
    expect(needs.get_by_role("link", name="Errors: 22205")).to_be_visible()
    expect(needs.get_by_role("link", name="Errors: Twilio Unavailable")).to_be_visible()
    expect(page.locator("header")).to_contain_text(PLACE)
    expect(page.locator("#read")).to_have_text(re.compile(r"Read at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"))


def test_bar_and_plot_are_told_in_words(visit: Show, address: str) -> None:
    fleet = visit(address).locator("#fleet")

    expect(fleet.locator(".legend").first).to_contain_text("Refused 3")
    bar, plot = fleet.get_by_role("img").all()
    captions = fleet.locator("figcaption")
    only_once = "A number on the Trust Product is signed only once Twilio has approved the product."
    expect(captions.first).to_have_text("Numbers by signing status")
    assert bar.get_attribute("aria-label") == (
        "Numbers by signing status: 490 signed, 1 to do, 2 failed, 3 refused, 4 ineligible."
    )
    expect(captions.last).to_have_text(
        f"Numbers by assignment after each of the last 26 runs over the whole fleet. {only_once}"
    )
    says = str(plot.get_attribute("aria-label"))
    assert says.startswith("Numbers by assignment after each of the last 26 runs over the whole fleet: from ")
    assert says.endswith(only_once)
    expect(fleet.locator(".legend").last).to_contain_text("On the Trust Product")
    fill = "it => getComputedStyle(it).fill"
    assigned, signed = (fleet.locator(f"rect.{it}").first.evaluate(fill) for it in ("on_trust_product", "signed"))
    assert assigned != signed
    assert plot.locator("g").count() == 26


def test_the_product_s_time_line_has_each_status_and_how_long_it_took(visit: Show, address: str) -> None:
    product = visit(address).locator("#product")

    expect(product.locator("li .status")).to_have_text(
        ["Draft", "Pending review", "In review", "Rejected", "Pending review", "In review", "Approved"]
    )
    expect(product.locator("li").nth(2)).to_contain_text("1 day 21 hours")
    expect(product.locator("li").nth(3)).to_contain_text("18601: ")
    expect(product.locator("[aria-current=step]")).to_contain_text("for 57 days")
    expect(product).to_contain_text("2 numbers on the Trust Product are in no account.")
    expect(product.locator(".note").last).to_contain_text("in 21 days")


def test_headings_are_words_of_the_operator(visit: Show, address: str) -> None:
    page = visit(address)

    assert page.locator("#table th[scope=col]").all_inner_texts() == [
        "Subaccount",
        "Signed numbers",
        "Numbers needing a person",
        "Last run",
    ]
    assert page.locator("#runs th[scope=col]").all_inner_texts()[:5] == [
        "Finished",
        "Scope",
        "Subaccounts",
        "Numbers changed",
        "Change by assignment",
    ]
    expect(page.locator("#runs tbody tr").nth(1)).to_contain_text("Part of the fleet")
    expect(page.locator("#csv")).to_have_text("Download these numbers (CSV)")


def test_a_status_that_has_just_begun_lasts_less_than_a_minute(visit: Show, serve: Serve) -> None:
    wanted = example(3)
    [product] = [item for item in wanted if item["sk"] == "STATUS"]
    begun = [{"status": "in-review", "errors": [], "observed_at": datetime.now(UTC).isoformat()}]
    reviewed = product | {"status": "in-review", "history": begun}
    page = visit(serve(Shelf([reviewed if item is product else item for item in wanted]).source))

    expect(page.locator("[aria-current=step] .took")).to_have_text("for less than a minute")
    expect(page.locator(".review")).to_contain_text("reviewing it for less than a minute.")


def test_a_subaccount_without_a_name_is_called_unnamed(visit: Show, serve: Serve) -> None:
    page = visit(serve(Shelf(renamed([""])).source))

    expect(page.locator(".open")).to_have_text("Unnamed subaccount")


@pytest.mark.parametrize(("width", "most"), [(1280, 1), (390, 2)])
def test_a_time_takes_few_lines_and_keeps_its_zone(visit: Show, address: str, width: int, most: int) -> None:
    page = visit(address, viewport={"width": width, "height": 900})

    page.locator(".open").first.click()
    expect(page.locator(".detail tbody tr")).to_have_count(5)
    fits = "all => all.every(it => it.scrollWidth <= it.clientWidth)"
    assert page.locator(".when:visible, .detail td.wide:visible").evaluate_all(fits)
    times = page.locator("time:visible")
    assert times.count() > 20
    assert all(it.endswith(" UTC") for it in times.all_inner_texts())
    lines = "all => all.map(it => new Set([...it.getClientRects()].map(({ bottom }) => Math.round(bottom))).size)"
    assert max(times.evaluate_all(lines)) <= most
    assert set(page.locator(".clock:visible").evaluate_all(lines)) == {1}


def test_a_search_finds_by_name_and_by_sid(visit: Show, address: str) -> None:
    page = visit(address)

    page.get_by_label("Search").fill("  HARBOR d")
    expect(page.locator("#count")).to_have_text("1 of 100 subaccounts")
    expect(page.locator(ROWS)).to_contain_text("Harbor Dental")
    page.get_by_label("Search").fill(f"AC{7:032x}")
    expect(page.locator("#count")).to_have_text("1 of 100 subaccounts")


def test_a_search_without_results_shows_one_sentence(visit: Show, address: str) -> None:
    page = visit(address)

    page.get_by_label("Search").fill(" nobody's")

    expect(page.locator("#count")).to_have_text("No subaccount matches “nobody's”.")
    for part in ("#table", "#previous", "#pages", "#next"):
        expect(page.locator(part)).to_be_hidden()
    page.get_by_label("Search").fill("")
    expect(page.get_by_role("button", name="Next")).to_be_visible()


def test_the_hidden_attribute_hides_every_element(visit: Show, address: str) -> None:
    page = visit(address)
    page.evaluate("for (const it of document.body.querySelectorAll('*')) it.hidden = true")

    assert page.locator("body *:visible").count() == 0


def test_a_filter_without_results_shows_one_sentence(visit: Show, serve: Serve) -> None:
    page = visit(serve(Shelf(example(3)).source))

    page.get_by_role("checkbox", name="Needs a person").check()
    expect(page.locator("#count")).to_have_text("No subaccount needs a person.")
    page.get_by_label("Search").fill("harbor")
    expect(page.locator("#count")).to_have_text("No subaccount that needs a person matches “harbor”.")


def test_a_fleet_without_subaccounts_shows_one_sentence(visit: Show, serve: Serve) -> None:
    page = visit(serve(Shelf([]).source))

    expect(page.locator("#count")).to_have_text("No run has worked on a subaccount yet.")
    expect(page.locator("#table")).to_be_hidden()
    expect(page.locator("h1")).to_have_text("No run has worked on a subaccount yet: send a request.")
    link = page.locator("#summary").get_by_role("link", name="The first day on a real account")
    expect(link).to_have_attribute("href", "/docs/first-day.md")


def phones(page: Page) -> list[str]:
    return page.locator(".detail mark.phone").all_inner_texts()


@pytest.mark.parametrize("typed", ["+13035550107", "(303) 555-01 07", "3035550107"])
def test_a_search_for_a_number_opens_its_subaccount_and_marks_the_number(visit: Show, address: str, typed: str) -> None:
    shelf = Shelf(example())
    numbers = read_numbers_of(shelf.table, (fleet := read_status(shelf.table, PLACE)), fleet.subaccounts)
    [number] = [it for it in numbers if it.phone_number == "+13035550107"]
    page = visit(address)

    page.get_by_label("Search").fill(typed)

    expect(page.locator("#count")).to_have_text("1 of 100 subaccounts")
    expect(page.locator(ROWS)).to_contain_text(number.account_sid)
    expect(page.locator(f"{ROWS} mark")).to_have_text("1 number matches")
    expect(page.locator(".detail tbody tr").first).to_contain_text(number.phone_number_sid)
    assert phones(page) == [number.phone_number]


def test_a_search_finds_a_number_by_its_sid(visit: Show, address: str) -> None:
    page = visit(address)

    page.get_by_label("Search").fill(f"PN{3:016x}{4:016x}")

    expect(page.locator(ROWS)).to_have_count(1)
    expect(page.locator(ROWS)).to_contain_text(f"AC{3:032x}")
    expect(page.locator("mark.phone")).to_have_count(1)


def test_subaccounts_with_matching_numbers_say_how_many(visit: Show, address: str) -> None:
    page = visit(address)

    page.get_by_label("Search").fill("+1303")

    expect(page.locator(f"{ROWS} mark").first).to_have_text(re.compile(r"[1-5] numbers? match"))
    expect(page.locator(".detail")).to_have_count(0)
    page.get_by_label("Search").fill("+1999")
    expect(page.locator("#count")).to_have_text("No subaccount and no number matches “+1999”.")
    expect(page.locator("#searching")).to_be_hidden()


def test_a_long_search_shows_its_progress(visit: Show, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shaken_stir.page.server.SEARCH_PATIENCE", 0.0)
    page = visit(serve(Shelf(example(100, 2)).source))
    page.evaluate(
        """() => new MutationObserver(([it]) => { document.body.dataset.seen += `${it.target.textContent}|` }).observe(
            document.getElementById('searching'), { childList: true })"""
    )

    page.get_by_label("Search").fill("+13035550107")

    expect(page.locator("mark.phone")).to_have_count(1)
    seen = str(page.locator("body").get_attribute("data-seen"))
    assert "Searching the numbers: 40 of 100 subaccounts are read." in seen
    assert "Searching the numbers: 80 of 100 subaccounts are read." in seen


def test_a_search_for_numbers_that_fails_says_why(visit: Show, serve: Serve) -> None:
    shelf = Shelf(example(10))
    page = visit(serve(shelf.source), expected="503")
    shelf.problem = "AWS does not answer; try again."

    page.get_by_label("Search").fill("+1303")

    expect(page.locator("#searching")).to_have_text("The numbers cannot be searched: AWS does not answer; try again.")


def test_an_answer_to_a_search_contains_no_numbers(visit: Show, address: str) -> None:
    page = visit(address)

    with page.expect_response(lambda it: "/search" in it.url) as answer:
        page.get_by_label("Search").fill("+1303")

    assert answer.value.json().keys() == {"matches", "read", "total"}
    assert "+1303" not in answer.value.text()


def test_the_csv_file_of_a_number_has_that_number(visit: Show, address: str) -> None:
    page = visit(address)

    page.get_by_label("Search").fill("303-555-0107")
    expect(page.locator("mark.phone")).to_have_count(1)

    assert [it["phone_number"] for it in csv.DictReader(io.StringIO(downloaded(page)))] == ["+13035550107"]


def test_the_view_is_in_the_address(visit: Show, address: str) -> None:
    page = visit(address)
    page.get_by_label("Search").fill("a")
    page.get_by_role("button", name="Subaccount").click()
    page.get_by_role("button", name="Subaccount").click()
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#pages")).to_have_text(re.compile("^21 to 40"))
    expect(page).to_have_url(f"{address}?search=a&sort=name&order=descending&page=2")
    names = page.locator(f"{ROWS} bdi").all_inner_texts()

    page.reload()

    expect(page.get_by_label("Search")).to_have_value("a")
    expect(page.locator("[data-sort=name]")).to_have_attribute("aria-sort", "descending")
    expect(page.locator("#pages")).to_have_text(re.compile("^21 to 40"))
    assert page.locator(f"{ROWS} bdi").all_inner_texts() == names
    page.get_by_label("Search").fill("")
    page.get_by_role("button", name="Subaccount").click()
    expect(page).to_have_url(address)
    page.get_by_role("checkbox", name="Needs a person").check()
    expect(page).to_have_url(f"{address}?needs=1")


def test_a_copied_link_shows_the_view(visit: Show, address: str) -> None:
    page = visit(f"{address}?search=303-555-0107&needs=0&sort=nothing&page=x")
    expect(page.locator("mark.phone")).to_have_text("+13035550107")

    page = visit(f"{address}?needs=1")
    expect(page.locator("#count")).to_have_text("6 of 100 subaccounts")
    expect(page.get_by_role("checkbox", name="Needs a person")).to_be_checked()

    page = visit(f"{address}?needs=1&search=x#AC{3:032x}")
    expect(page.locator("#count")).to_have_text("1 of 100 subaccounts")
    expect(page.locator(".detail tbody tr")).to_have_count(5)


def test_the_page_of_a_search_for_numbers_stays_after_a_reload(visit: Show, address: str) -> None:
    page = visit(f"{address}?search=%2B1&search=555&page=2")
    page.get_by_label("Search").fill("555")
    expect(page.locator("#pages")).to_have_text("1 to 20 of 100")
    page.get_by_role("button", name="Next").click()

    page.reload()

    expect(page.locator("#pages")).to_have_text("21 to 40 of 100")


def test_a_link_to_a_subaccount_works_before_the_first_reading_has_ended(
    visit: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shaken_stir.page.server.FIRST_PATIENCE", 0.0)
    table, reading = Shelf(example(10)).table, threading.Event()

    def look() -> Table:
        reading.wait(30)
        return table

    watch = Watch(Source(PLACE, look), ALL_NAMED_BY, refresh_seconds=0.05)
    first = threading.Thread(target=watch.look)
    first.start()
    with served(watch, 0) as address:
        page = visit(f"{address}#AC{3:032x}")
        expect(page.locator("h1")).to_have_text("Reading the fleet…")
        reading.set()
        first.join()
        expect(page.locator("#count")).to_have_text("1 of 10 subaccounts")
        expect(page.locator(".detail tbody tr")).to_have_count(5)
        page.goto("about:blank")


def test_a_changed_search_forgets_the_link_that_was_followed(visit: Show, address: str) -> None:
    page = visit(f"{address}#AC{3:032x}")
    expect(page.locator("#count")).to_have_text("1 of 100 subaccounts")

    page.get_by_label("Search").fill("harbor")
    page.reload()

    expect(page.locator("#count")).to_have_text("5 of 100 subaccounts")
    page.go_back()


def test_subaccounts_are_in_natural_order_after_those_that_need_a_person(visit: Show, serve: Serve) -> None:
    names = [f"Acme {number}" for number in range(12, 0, -1)]
    page = visit(serve(Shelf(renamed(names)).source))

    # The example fleet has trouble in its 6th, 8th and 12th subaccount.
    expect(page.locator(f"{ROWS} bdi")).to_have_text([f"Acme {it}" for it in (1, 5, 7, 2, 3, 4, 6, 8, 9, 10, 11, 12)])
    page.get_by_role("button", name="Subaccount").click()
    expect(page.locator(f"{ROWS} bdi")).to_have_text(names[::-1])


def test_a_remedy_leads_to_its_section_and_back(visit: Show, address: str) -> None:
    page = visit(f"{address}?search=harbor")
    page.locator(".open").first.click()
    expect(page.locator(".detail tbody tr")).to_have_count(5)

    page.locator("#needs").get_by_role("link", name="Errors: 22205").first.click()

    expect(page.get_by_role("heading", name="22205")).to_be_in_viewport()
    expect(page.locator("main")).to_contain_text("What is to be assigned is not valid there")
    assert page.locator("main [id]:target").inner_text() == "22205"
    page.go_back()
    expect(page.get_by_label("Search")).to_have_value("harbor")
    expect(page.locator(".detail tbody tr")).to_have_count(5)


def test_the_remedy_of_a_number_leads_to_its_section(visit: Show, address: str) -> None:
    page = visit(address)
    refused = page.locator("#needs article", has_text="refused by Twilio").locator("li").first
    refused.get_by_role("link").click()

    link = page.locator(".detail tbody tr").first.get_by_role("link")

    expect(link).to_have_text(re.compile("Errors: 222.."))
    assert str(link.get_attribute("href")).startswith("/docs/errors.md#222")


def test_columns_are_sorted_up_and_down(visit: Show, address: str) -> None:
    page = visit(address)
    head = page.locator("[data-sort=name]")

    head.get_by_role("button").click()
    names = page.locator(f"{ROWS} bdi").all_inner_texts()
    assert head.get_attribute("aria-sort") == "ascending"
    assert names == sorted(names)
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert page.locator(f"{ROWS} bdi").all_inner_texts()[0] > names[-1]
    page.get_by_role("button", name="Signed").click()
    assert head.get_attribute("aria-sort") is None
    expect(page.locator(ROWS).first).to_contain_text("4 of 5")


def test_only_those_that_need_a_person_are_shown_when_asked_for(visit: Show, address: str) -> None:
    page = visit(address)

    page.get_by_role("checkbox", name="Needs a person").check()
    expect(page.locator("#count")).to_have_text("6 of 100 subaccounts")
    assert page.locator(f"{ROWS} td:nth-child(3)").all_inner_texts() == ["1"] * 6


def test_rows_come_in_pages(visit: Show, address: str) -> None:
    page = visit(address)

    expect(page.locator(ROWS)).to_have_count(20)
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#pages")).to_have_text("21 to 40 of 100")
    page.get_by_role("button", name="Previous").click()
    expect(page.get_by_role("button", name="Previous")).to_be_disabled()


def test_a_subaccount_opens_to_its_numbers_which_are_read_then(visit: Show, address: str) -> None:
    page = visit(address)
    asked: list[str] = []
    page.on("request", lambda it: asked.append(it.url))
    first = page.locator(".open").first
    sid = str(first.get_attribute("id")).removeprefix("open-")

    first.click()

    expect(page.locator(".detail tbody tr")).to_have_count(5)
    assert asked == [f"{address}subaccounts/{sid}/numbers"]
    expect(first).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".detail tbody tr").first).to_contain_text("Failed")
    first.click()
    expect(page.locator(".detail")).to_have_count(0)


def test_what_needs_a_person_leads_to_its_subaccount(visit: Show, address: str) -> None:
    page = visit(address)
    refused = page.locator("#needs article", has_text="refused by Twilio").locator("li").first
    number = refused.locator(".phone").inner_text()

    refused.get_by_role("link").click()

    expect(page.locator(".detail tbody tr").first).to_contain_text(number)
    expect(page.locator(".detail tbody tr").first).to_contain_text("A run retries this number after")
    expect(page.locator(".open")).to_be_focused()


def test_the_page_follows_what_changes_and_what_is_open_stays_open(visit: Show, serve: Serve) -> None:
    wanted = example(15)
    shelf = Shelf(wanted)
    page = visit(serve(shelf.source))
    opened = page.locator(f"#{page.locator('.open').nth(1).get_attribute('id')}")
    opened.click()
    expect(page.locator(".detail tbody tr")).to_have_count(5)
    opened.focus()
    before = page.locator("h1").inner_text()

    rejected = {"status": Status.REJECTED.value, "errors": [18601]}
    shelf.put([item | (rejected if item["sk"] == "STATUS" else {}) for item in wanted])

    expect(page.locator("h1")).to_contain_text("Twilio rejected the Trust Product")
    assert page.locator("h1").inner_text() != before
    expect(page.locator("#needs h3").first).to_contain_text("Twilio rejected the Trust Product")
    expect(page.locator("#changes")).to_contain_text("Twilio rejected the Trust Product")
    expect(page.locator(".detail")).to_contain_text("Twilio rejected the Trust Product")
    expect(opened).to_be_focused()


def test_nothing_is_drawn_anew_while_nothing_changes(visit: Show, serve: Serve) -> None:
    shelf = Shelf(example(10))
    page = visit(serve(shelf.source))
    page.evaluate("document.querySelector('#needs h2').dataset.kept = 'yes'")
    read = page.locator("#read").inner_text()

    expect(page.locator("#read")).not_to_have_text(read)

    assert page.locator("#needs h2").get_attribute("data-kept") == "yes"
    assert page.locator("#changes").inner_text() == ""


def test_a_run_that_goes_on_is_followed_to_its_end(visit: Show, serve: Serve) -> None:
    with SimulatedPlace(Fleet.model_validate(a_fleet()), 0.01) as place:
        page = visit(serve(Source("simulated", lambda: place.table)))
        expect(page.locator("h1")).to_contain_text("No run has worked on a subaccount yet")

        place.engine.start_execution(place.engine.execution_input(NAMED))

        expect(page.locator("h1")).to_have_text("4 of 4 eligible numbers are signed.")
        expect(page.locator(ROWS)).to_have_count(2)
        expect(page.locator("#product .badge")).to_have_text("Approved")
        expect(page.locator("#runs tbody tr")).to_have_count(1)


def test_what_cannot_be_read_is_told_and_what_was_read_stays(visit: Show, serve: Serve) -> None:
    shelf = Shelf(example(10))
    page = visit(serve(shelf.source))
    before = page.locator("h1").inner_text()

    shelf.problem = "AWS does not answer; try again."
    expect(page.get_by_role("alert")).to_have_text("AWS does not answer; try again.")
    assert page.locator("h1").inner_text() == before
    expect(page.locator("#old")).to_be_visible()
    shelf.problem = ""
    expect(page.locator("#problem")).to_be_hidden()
    expect(page.locator("#old")).to_be_hidden()


def test_numbers_that_cannot_be_read_are_told_in_their_place(visit: Show, serve: Serve) -> None:
    shelf = Shelf(example(10))
    page = visit(serve(shelf.source), expected="503")
    shelf.problem = "AWS does not answer; try again."

    page.locator(".open").first.click()

    expect(page.locator(".detail")).to_contain_text("cannot be read: AWS does not answer; try again.")


def test_a_stopped_command_is_named_and_the_data_is_marked_as_old(visit: Show) -> None:
    with served(Watch(Shelf(example(5)).source, ALL_NAMED_BY, refresh_seconds=0.05), 0) as address:
        # Refused, reset or not connected: which one depends on what the browser has still open.
        page = visit(address, expected="Failed to load resource: net::ERR_")
        expect(page.locator("#count")).to_have_text("5 of 5 subaccounts")

    expect(page.get_by_role("alert")).to_have_text(
        "The command that serves this page has stopped, so this data is old: "
        "run the same command again and open the address that it prints."
    )
    expect(page.locator("header")).to_contain_text("Old data. Read at")
    expect(page.locator("#old")).to_be_visible()
    assert page.title() == f"Old data: SHAKEN/STIR: {PLACE}"
    page.locator(".open").first.click()
    expect(page.locator(".detail")).to_contain_text("cannot be read: the command that serves this page has stopped.")


def test_the_numbers_of_what_is_shown_are_downloaded(visit: Show, address: str, shelf: Shelf) -> None:
    page = visit(address)

    assert rows_of(downloaded(page)) == numbers_as_csv(shelf)
    page.get_by_label("Search").fill("harbor")
    expect(page.locator("#count")).to_have_text("5 of 100 subaccounts")
    assert rows_of(downloaded(page)) == numbers_as_csv(shelf, lambda name: name.startswith("Harbor"))
    page.get_by_role("checkbox", name="Needs a person").check()
    assert len(list(csv.reader(io.StringIO(downloaded(page))))) == 1 + 5 * page.locator(ROWS).count()


def test_all_of_it_is_reached_by_keys_alone(visit: Show, address: str) -> None:
    page = visit(address)

    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Search")).to_be_focused()
    assert outlined(page)
    page.keyboard.type("harbor d")
    reach(page, page.locator("[data-sort=name] button"))
    page.keyboard.press("Enter")
    expect(page.locator("[data-sort=name]")).to_have_attribute("aria-sort", "ascending")
    reach(page, page.locator(".open"))
    assert outlined(page)
    for key in ("Enter", "Space", "Enter"):
        before = page.locator(".open").get_attribute("aria-expanded")
        page.keyboard.press(key)
        expect(page.locator(".open")).not_to_have_attribute("aria-expanded", str(before))
        expect(page.locator(".open")).to_be_focused()
    expect(page.locator(".detail tbody tr")).to_have_count(5)


def reach(page: Page, wanted: Any) -> None:
    """Press Tab until it has the focus."""
    for _ in range(20):
        if wanted.evaluate("it => it === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail("it is not reached by Tab")


def outlined(page: Page) -> bool:
    style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    return bool(style != "none")


def test_a_narrow_screen_has_all_without_scrolling_sideways(visit: Show, address: str) -> None:
    page = visit(address, **NARROW)
    page.locator(".open").first.click()
    expect(page.locator(".detail tbody tr")).to_have_count(5)
    for details in page.locator("summary").all():
        details.click()

    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert page.locator("td:visible, th:visible").evaluate_all(
        "all => all.every(it => it.getBoundingClientRect().right <= 400)"
    )


def test_the_page_is_dark_where_the_system_is(visit: Show, address: str) -> None:
    def lightness(page: Page) -> int:
        colour = str(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        return max(int(it) for it in re.findall(r"\d+", colour))

    assert lightness(visit(address)) > 200
    assert lightness(visit(address, **DARK)) < 60


@pytest.mark.parametrize("settings", [DARK, NARROW], ids=["dark", "light and narrow"])
def test_axe_finds_nothing_serious(visit: Show, address: str, settings: dict[str, Any]) -> None:
    page = visit(address, **settings)
    page.locator(".open").first.click()
    page.get_by_role("button", name="Signed").click()
    page.locator(".open").nth(1).click()
    expect(page.locator(".detail tbody tr")).to_have_count(10)

    assert serious(page) == []


@pytest.mark.parametrize("settings", [DARK, NARROW], ids=["dark", "light and narrow"])
def test_axe_finds_nothing_serious_in_a_search_and_in_a_document(
    visit: Show, address: str, settings: dict[str, Any]
) -> None:
    page = visit(f"{address}?search=303-555-0107", **settings)
    expect(page.locator("mark.phone")).to_be_visible()
    page.evaluate("document.body.classList.add('old'); document.getElementById('old').hidden = false")
    in_search = serious(page)
    page.goto(f"{address}docs/errors.md#22205")

    assert [*in_search, *serious(page)] == []


def serious(page: Page) -> list[tuple[str, str]]:
    found = Axe().run(page).response["violations"]
    return [(it["id"], it["nodes"][0]["html"]) for it in found if it["impact"] in {"serious", "critical"}]


def test_hostile_names_are_text(visit: Show, serve: Serve) -> None:
    names = [*SCRIPTS, *hostile.NAMES]
    page = visit(serve(Shelf(named(names)).source))
    for details in page.locator("summary").all():
        details.click()
    page.locator(".open").first.click()
    expect(page.locator(".detail tbody tr")).to_have_count(2)

    text = str(page.evaluate("document.body.textContent"))

    assert [name for name in names if visible(name) not in text] == []
    assert hostile.obeyed(text) == set()
    assert page.title() == f"SHAKEN/STIR: {PLACE}"
    assert page.locator("main b, main img, main script").count() == 0
    listed = page.locator(f"{ROWS} bdi").all_text_contents()
    assert set(listed) <= {visible(name) for name in names}


def test_hostile_text_in_an_address_is_text(visit: Show, address: str) -> None:
    page = visit(f"{address}?search={quote('<img src=x onerror=document.title=1>')}")

    expect(page.locator("#count")).to_have_text("No subaccount matches “<img src=x onerror=document.title=1>”.")
    assert page.title() == f"SHAKEN/STIR: {PLACE}"


def test_five_thousand_subaccounts_are_searched_with_few_elements(visit: Show, serve: Serve) -> None:
    page = visit(serve(Shelf(example(5_000, 1)).source))
    expect(page.locator("#count")).to_have_text("5,000 of 5,000 subaccounts")

    page.get_by_label("Search").fill("harbor dental")

    expect(page.locator("#count")).to_have_text("13 of 5,000 subaccounts")
    assert page.locator("*").count() < 1_500


def test_what_a_review_takes_stands_beside_what_twilio_names(visit: Show, serve: Serve) -> None:
    wanted = example(10)
    [product] = [item for item in wanted if item["sk"] == "STATUS"]
    history = json.loads(json.dumps(product["history"][:3]))
    reviewed = product | {"status": "in-review", "history": history}
    page = visit(serve(Shelf([reviewed if item is product else item for item in wanted]).source))

    expect(page.locator(".review")).to_contain_text(
        "Twilio names up to 72 hours; sometimes it takes longer, as this time"
    )
    expect(page.locator("#product .badge")).to_have_text("In review")
    assert PRODUCT in page.locator("#product").inner_text()
