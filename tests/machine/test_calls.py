"""What docs/calls.md says of the cost of each situation is what is measured."""

import re

import pytest

from tools.calls import DOCUMENT, LARGE, SECTIONS, text


@pytest.mark.parametrize("title", SECTIONS)
def test_the_document_says_what_is_measured(title: str) -> None:
    written = DOCUMENT.read_text(encoding="utf-8")

    assert text(title, SECTIONS[title]()) in written, "run `make calls`"


def test_the_document_says_nothing_that_is_not_measured() -> None:
    assert re.findall(r"^## (.+)$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE) == list(SECTIONS)
    assert LARGE.keys() <= SECTIONS.keys()
