"""The project's documents as HTML, for a reader without a checkout. Raw HTML in them is left out."""

import posixpath
import re
from collections.abc import Iterable, Sequence
from copy import deepcopy
from functools import cache
from pathlib import PurePosixPath
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

from shaken_stir.project import ROOT

HEADING: Final = 3
"""How many tokens a heading has: its beginning, its text and its end."""


class Link(NamedTuple):
    """A link to a section: its title, and its address, empty if there is no such section."""

    href: str
    title: str


class Section(NamedTuple):
    """A section, or a whole document: `docs/errors.md#22205` or `docs/faq.md`, its title and its HTML."""

    reference: str
    title: str
    html: str


class Documents:
    """The documents that a page links to.

    Args:
        embedded: Whether the page contains the sections that it links to; else its server answers with documents.
    """

    def __init__(self, *, embedded: bool) -> None:
        self._embedded = embedded
        self._used: dict[str, None] = {}

    def link(self, reference: str) -> Link:
        """Return a link to a section such as `docs/errors.md#22205`."""
        title = title_of(reference)
        if not title:
            return Link("", reference)
        self._used[reference] = None
        return Link(f"#{reference}" if self._embedded else f"/{reference}", title)

    def links(self, references: Iterable[str]) -> list[Link]:
        """Return links to sections."""
        return [self.link(it) for it in references]

    def sections(self) -> list[Section]:
        """Return the sections that were linked to. Their links lead to each other and to the web only."""
        return [
            Section(it, title_of(it), _html(it, {used: f"#{used}" for used in self._used}, first_heading=4))
            for it in self._used
        ]


@cache
def names() -> frozenset[str]:
    """Return the paths of all documents: `README.md`, `docs/errors.md` and so on."""
    return frozenset(it.relative_to(ROOT).as_posix() for it in (ROOT / "README.md", *ROOT.glob("docs/*.md")))


@cache
def whole(name: str) -> Section | None:
    """Return a document with links to all other documents, None if there is no such document."""
    if name not in names():
        return None
    known = {reference: f"/{reference}" for other in names() for reference in (other, *_anchored(other))}
    return Section(name, title_of(name), _html(name, known, first_heading=1))


@cache
def title_of(reference: str) -> str:
    """Return a section's title, such as `Errors: Twilio Unavailable`; empty if there is no such section."""
    name, _, anchor = reference.partition("#")
    if name not in names():
        return ""
    document = next((_text(inline) for inline in _headings(name).values()), name)
    if not anchor:
        return document
    heading = _headings(name).get(anchor)
    return f"{document}: {_text(heading)}" if heading else ""


def _anchored(name: str) -> list[str]:
    return [f"{name}#{anchor}" for anchor in _headings(name)]


@cache
def _parser() -> MarkdownIt:
    made = MarkdownIt("commonmark").enable("table")
    for kind in ("html_block", "html_inline"):
        made.add_render_rule(kind, lambda *_: "")
    return made


@cache
def _tokens(name: str) -> Sequence[Token]:
    return _parser().parse((ROOT / name).read_text(encoding="utf-8"))


@cache
def _headings(name: str) -> dict[str, Token]:
    """Return the text of each heading, by the anchor that GitHub gives it."""
    tokens = _tokens(name)
    inlines = [tokens[at + 1] for at, it in enumerate(tokens) if it.type == "heading_open" and it.level == 0]
    return {_anchor(_text(it)): it for it in inlines}


def _text(inline: Token) -> str:
    return "".join(it.content for it in inline.children or ())


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _html(reference: str, addresses: dict[str, str], *, first_heading: int) -> str:
    """Render a section or a document. Only a document that is a page of its own has its heading.

    Args:
        reference: The section or the document.
        addresses: Where links to documents and sections lead; a link that is not among them becomes text.
        first_heading: The level of the document's highest heading on the page.
    """
    name, _, anchor = reference.partition("#")
    is_page = first_heading == 1
    tokens = deepcopy(_section(name, anchor) if anchor else list(_tokens(name)[0 if is_page else HEADING :]))
    for at, token in enumerate(tokens):
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1]) + first_heading - 1)}"
        if token.type == "heading_open" and is_page:
            token.attrSet("id", _anchor(_text(tokens[at + 1])))
        _lead_links(token.children or (), name, addresses)
    parser = _parser()
    return str(parser.renderer.render(tokens, parser.options, {}))


def _section(name: str, anchor: str) -> list[Token]:
    tokens = _tokens(name)
    begin = next(at for at, it in enumerate(tokens) if it is _headings(name)[anchor])
    level = tokens[begin - 1].tag
    rest = tokens[begin + 2 :]
    ends = (at for at, it in enumerate(rest) if it.type == "heading_open" and it.level == 0 and it.tag <= level)
    return list(rest[: next(ends, len(rest))])


def _lead_links(inline: Sequence[Token], name: str, addresses: dict[str, str]) -> None:
    """Let links lead where the page has their target; a link without a target and an image become text."""
    dropped = False
    for token in inline:
        if token.type == "image":
            token.type, token.content = "text", _text(token)
        elif token.type == "link_open":
            address = _address(str(token.attrGet("href")), name, addresses)
            dropped = not address
            token.hidden = dropped
            token.attrSet("href", address)
        elif token.type == "link_close":
            token.hidden = dropped


def _address(href: str, name: str, addresses: dict[str, str]) -> str:
    target = urlsplit(href)
    if target.scheme in {"http", "https"}:
        return href
    path = posixpath.normpath(PurePosixPath(name).parent / target.path) if target.path else name
    return addresses.get(f"{path}#{target.fragment}" if target.fragment else path, "")
