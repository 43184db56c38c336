"""A fleet whose names would forge lines, drive a terminal or be read as markup, and what is held of the output."""

import json
from pathlib import Path
from typing import Any

from shaken_stir.words import visible

FILE = Path(__file__).with_name("hostile_names.json")
FLEET: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
NAMES = [subaccount["friendly_name"] for subaccount in FLEET["subaccounts"]]
PLAIN = ["Sales [/] EMEA", "[prod] Support", "[test] Support", "שלום ועולם", "مرحبا", "☎️ Vertrieb 📞 東京"]
"""Those of the names that are shown as they are."""


def obeyed(text: str) -> set[str]:
    """The characters in it that a terminal would obey or hide."""
    return {character for character in text if character != "\n" and not character.isprintable()}


def shown_as_text(text: str) -> None:
    """Hold that every name is there, whole and visible, and that nothing in the text is obeyed."""
    assert obeyed(text) == set()
    assert "Traceback" not in text
    assert [name for name in NAMES if visible(name) not in text] == []


def none_is_raw(raw: str) -> None:
    """Hold that no name was sent to a terminal as it is, if a terminal would obey it."""
    assert [name for name in NAMES if obeyed(name) and name in raw] == []
