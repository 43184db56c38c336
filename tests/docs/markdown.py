"""The documents, taken apart: links, anchors, blocks of code."""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

from shaken_stir.project import ROOT

DOCUMENTS = [
    *(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "CHANGELOG")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
INLINE_CODE = re.compile(r"`[^`\n]+`")


def prose(document: Path) -> str:
    """The text without blocks of code."""
    return FENCED.sub("", document.read_text(encoding="utf-8"))


def blocks(language: str) -> Iterator[tuple[Path, str]]:
    """Each block of code in a language, with its document."""
    for document in DOCUMENTS:
        for found in FENCED.finditer(document.read_text(encoding="utf-8")):
            if found[1] == language:
                yield document, textwrap.dedent(found[2])


def anchors(document: Path) -> set[str]:
    """What links may name behind a `#`, as GitHub makes it of the headings."""
    headings = re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(document: Path) -> list[str]:
    """Where the document's links lead."""
    return re.findall(r"\]\(([^)\s]+)\)", INLINE_CODE.sub("", prose(document)))


def addresses(document: Path) -> list[str]:
    """Every absolute address in the document's prose, in a link or not."""
    return re.findall(r"\b[a-z]+://[^\s)>|]+", INLINE_CODE.sub("", prose(document)))


def sections(document: Path) -> dict[str, str]:
    """The text below each heading, by its words, up to the next heading of any level."""
    parts = re.split(r"^#+ (.+)$", prose(document), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))
