"""The page's parts as HTML, and what its script is given. Whatever comes from Twilio is shown as visible text."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from shaken_stir.page import words
from shaken_stir.page.documents import Documents, Section
from shaken_stir.page.needs import what_needs_a_person
from shaken_stir.page.plot import bar, bar_in_words, plot
from shaken_stir.page.review import review, status_in_words, steps, validities
from shaken_stir.status.csv_file import cells
from shaken_stir.status.model import FleetStatus, NumberStatus, Reason, SubaccountStanding
from shaken_stir.status.order import by_name
from shaken_stir.status.reasons import going_on
from shaken_stir.words import moment, plural, visible

FILES: Final = Path(__file__).with_name("files")
SECTIONS: Final = ("summary", "needs", "fleet", "product", "runs")
"""The parts that are drawn here, by the ids that they have on the page; the subaccounts are drawn by the script."""
RUNS_SHOWN: Final = 60


class Page(NamedTuple):
    """A whole page.

    Attributes:
        place: Where the fleet was read.
        read: When, in words.
        problem: Why it could not be, empty if it could.
        sections: Its parts as HTML, by the ids of `SECTIONS`.
        data: What the script is given.
        footer: What is said at the end.
        documents: The sections of the documents that a page contains which stands by itself.
        policy: The Content-Security-Policy of a page that stands by itself, empty for one that is served.
    """

    place: str
    read: str
    problem: str
    sections: Mapping[str, str]
    data: Mapping[str, Any]
    footer: str
    documents: Sequence[Section] = ()
    policy: str = ""


def sections(
    fleet: FleetStatus, numbers: Iterable[NumberStatus], all_named_by: str, documents: Documents
) -> dict[str, str]:
    """Draw the parts of the page.

    Args:
        fleet: What was read of the fleet.
        numbers: Those of the subaccounts that are `worth_reading`, at least.
        all_named_by: The command that names all numbers that are not signed.
        documents: The documents that remedies link to.

    Returns:
        HTML by the ids of `SECTIONS`.
    """
    shown: dict[str, Any] = {
        "fleet": fleet,
        "needs": what_needs_a_person(fleet, numbers),
        "all_named_by": all_named_by,
        "links": documents.links,
        "headline": words.without_references(fleet.headline),
        "going_on": f"A {going_on(fleet.run)}." if fleet.run else "",
        "parts": bar(fleet.counts),
        "bar_says": bar_in_words(fleet.counts),
        "plot": plot(fleet.runs),
        "steps": steps(fleet),
        "review": review(fleet),
        "validities": validities(fleet),
        "runs": fleet.runs[::-1][:RUNS_SHOWN],
        "runs_unnamed": max(0, len(fleet.runs) - RUNS_SHOWN),
    }
    return {name: environment().get_template(f"{name}.html").render(shown) for name in SECTIONS}


def not_read_yet() -> dict[str, str]:
    """Draw the parts of a page before anything was read: a title, and nothing below it."""
    return dict.fromkeys(SECTIONS, "") | {"summary": "<h1>Reading the fleet…</h1>"}


def draw(page: Page) -> str:
    """Draw a whole page."""
    safe = {name: Markup(html) for name, html in page.sections.items()}  # noqa: S704 - the templates drew it
    documents = [it._replace(html=Markup(it.html)) for it in page.documents]  # noqa: S704 - the Markdown parser drew it
    own = {"stylesheet": Markup(stylesheet()), "script": Markup(script())}  # noqa: S704 - the project's own files
    shown = page._asdict() | own | {"sections": safe, "documents": documents, "data": as_data(page.data)}
    return environment().get_template("page.html").render(shown)


def draw_document(section: Section) -> str:
    """Draw a page with a whole document."""
    safe = Markup(section.html)  # noqa: S704 - the Markdown parser drew it
    return environment().get_template("document.html").render(title=section.title, html=safe)


def rows(fleet: FleetStatus, documents: Documents) -> list[dict[str, Any]]:
    """Return the subaccounts by name, as the script draws them."""
    return [_row(it, documents) for it in by_name(fleet.subaccounts)]


def numbers_of(numbers: Iterable[NumberStatus], documents: Documents) -> list[dict[str, Any]]:
    """Return numbers as the script draws them, unsigned ones first, with their cells of the CSV file."""
    return [
        {
            "cells": cells(it),
            "why": None if it.signed else _told(it.explanation, documents),
            "remedy": _told(it.remedy, documents),
        }
        for it in sorted(numbers, key=lambda it: (it.reason is Reason.RELEASED, it.signed))
    ]


def _told(text: str, documents: Documents) -> dict[str, Any] | None:
    """Return a text as a sentence, and links to the sections that it names; None if there is no text."""
    if not text:
        return None
    told = words.without_references(text)
    return {"says": visible(words.sentence(told.sentence)), "links": documents.links(told.sections)}


def labels() -> dict[str, str]:
    """Return the label of each reason."""
    return {reason.value: words.REASONS[reason] for reason in Reason}


def as_data(value: Any) -> Markup:
    """Write a value as JSON that stands in a script element and ends it nowhere."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # What is replaced stands in JSON's strings only.
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - nothing in it can be markup


def stylesheet() -> str:
    """Read the style sheet."""
    return (FILES / "page.css").read_text(encoding="utf-8")


def script() -> str:
    """Read the script."""
    return (FILES / "page.js").read_text(encoding="utf-8")


@cache
def environment() -> Environment:
    """Make the templates' environment: each value is made visible, then escaped."""
    made = Environment(
        loader=FileSystemLoader(FILES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "moment": moment,
        "status": status_in_words,
        "reason": words.REASONS.__getitem__,
        "plural": plural,
        "capitalize_first": lambda text: text[:1].upper() + text[1:],
    }
    made.globals |= {"STAGES": words.STAGES, "UNNAMED": words.UNNAMED}
    return made


def _visible(value: Any) -> Any:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _row(it: SubaccountStanding, documents: Documents) -> dict[str, Any]:
    return {
        "sid": it.sid,
        "name": words.name_of(it.friendly_name),
        "signed": it.counts.signed,
        "eligible": it.counts.eligible,
        "all": sum(it.counts.by_reason.values()),
        "unread": not (it.is_read or it.is_failing or it.counts.by_reason),
        "need": it.counts.need_a_person,
        "needs": it.needs_a_person,
        "state": words.outcome_in_words(it.status, it.counts.by_reason.get(Reason.REFUSED, 0)),
        "failed": it.is_failing,
        "failing": _moment(it.failing_since),
        "message": _told(it.message, documents),
        "at": _moment(it.recorded_at),
        "success": _moment(it.last_success_at),
    }


def _moment(at: datetime | None) -> str:
    return moment(at) if at else ""
