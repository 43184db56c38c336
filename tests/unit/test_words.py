"""How counts and names are put into words."""

import io

import pytest
from rich.console import Console

from shaken_stir.cli.prose import say
from shaken_stir.words import plural, visible


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("[prod] Support", "[prod] Support"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\x1b[31mred\x07\x9b0m", r"\x1b[31mred\x07\x9b0m"),
        ("\u202etxt\u2066\u2069\u200f", r"\u202etxt\u2066\u2069\u200f"),
        ("zero\u200bwidth\ufeff\u2028", r"zero\u200bwidth\ufeff\u2028"),
        ("no\xa0break", r"no\xa0break"),
        ("half \ud83d", r"half \ud83d"),
        ("tag \U000e0041", r"tag \U000e0041"),
        ("☎️ Zürich 📞 東京 שלום مرحبا e\u0301", "☎️ Zürich 📞 東京 שלום مرحبا e\u0301"),
    ],
)
def test_only_what_a_terminal_would_obey_or_hide_is_escaped(name: str, shown: str) -> None:
    assert visible(name) == shown
    assert visible(shown) == shown


def test_counts_have_separators_and_one_is_singular() -> None:
    assert plural(2314, "Trust Hub call") == "2,314 Trust Hub calls"
    assert plural(1, "more subaccount") == "1 more subaccount"


def said(text: str, *, terminal: bool, lead: str = "") -> str:
    out = Console(file=io.StringIO(), width=40, force_terminal=terminal, color_system=None, legacy_windows=False)
    say(out, text, lead=lead)
    written: str = out.file.getvalue()  # type: ignore[attr-defined]
    return written


SENTENCE = "The numbers are signed with full attestation, all of them, in [every] :warning: account."


def test_a_sentence_is_wrapped_at_words_and_indented_in_a_terminal() -> None:
    assert said(SENTENCE, terminal=True, lead="  ! ") == (
        "  ! The numbers are signed with full\n    attestation, all of them, in [every]\n    :warning: account.\n"
    )


def test_a_sentence_is_one_line_in_a_pipe() -> None:
    assert said(SENTENCE, terminal=False) == SENTENCE + "\n"


def test_the_indentation_of_a_sentence_is_kept_where_it_is_wrapped() -> None:
    lines = said("  " + SENTENCE, terminal=True).splitlines()

    assert len(lines) == 3
    assert all(line.startswith("  ") and line[2] != " " for line in lines)
