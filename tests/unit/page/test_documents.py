"""Sections of the documents on the page."""

import pytest

from shaken_stir.page import documents
from shaken_stir.page.documents import Documents
from shaken_stir.project import ROOT
from tests.docs.markdown import anchors


def test_a_served_page_links_to_documents_and_a_file_to_sections_that_it_contains() -> None:
    reference = "docs/errors.md#twilio-unavailable"

    assert Documents(embedded=False).link(reference) == (f"/{reference}", "Errors: Twilio Unavailable")
    assert Documents(embedded=True).link(reference) == (f"#{reference}", "Errors: Twilio Unavailable")


@pytest.mark.parametrize("reference", ["docs/errors.md#nothing", "docs/nothing.md", "docs/../pyproject.toml", "x"])
def test_a_reference_that_leads_nowhere_is_no_link(reference: str) -> None:
    used = Documents(embedded=True)

    assert used.link(reference) == ("", reference)
    assert used.sections() == []
    assert documents.whole(reference) is None


def test_a_section_ends_where_the_next_one_begins() -> None:
    used = Documents(embedded=True)
    used.links(["docs/errors.md#22205", "docs/errors.md#22205"])

    [section] = used.sections()

    assert section.html.startswith("<p>What is to be assigned is not valid there")
    assert "<code>refused</code>" in section.html
    assert "22206" not in section.html
    assert section.html.count("<p>") == 1


def test_a_document_in_a_file_has_its_title_once() -> None:
    used = Documents(embedded=True)
    used.link("docs/first-day.md")

    [section] = used.sections()

    assert section.title == "The first day on a real account"
    assert section.title not in section.html
    assert "<h5>Before the first run</h5>" in section.html


def test_links_of_a_section_lead_to_sections_of_the_same_file_or_are_text() -> None:
    used = Documents(embedded=True)
    used.links(["docs/errors.md#20003", "docs/errors.md#credentials-refused"])

    html = used.sections()[0].html

    assert '<a href="#docs/errors.md#credentials-refused">Credentials\nRefused</a>' in html
    assert "subaccount's numbers, or a suspended account: Twilio Refused." in html


@pytest.mark.parametrize("name", sorted(documents.names()))
def test_a_served_document_has_the_anchors_of_github_and_no_raw_html(name: str) -> None:
    section = documents.whole(name)

    assert section
    assert all(f' id="{anchor}"' in section.html for anchor in anchors(ROOT / name))
    assert "<!--" not in section.html
    assert "<img" not in section.html


def test_links_between_served_documents_lead_to_served_documents() -> None:
    section = documents.whole("docs/errors.md")

    assert section
    assert '<a href="/README.md#the-request">' in section.html
    assert '<a href="/docs/errors.md#20003">' in section.html
