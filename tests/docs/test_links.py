"""Links lead somewhere: relative ones to a file and a heading of this repository, the others to https."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from shaken_stir.project import ROOT
from tests.docs.markdown import DOCUMENTS, addresses, anchors, links

every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


@every_document
def test_a_relative_link_leads_to_a_file_and_a_heading(document: Path) -> None:
    for link in links(document):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@every_document
def test_an_absolute_address_is_a_well_formed_https_one(document: Path) -> None:
    for address in addresses(document):
        parts = urlsplit(address)
        assert parts.scheme == "https", address
        assert "." in parts.netloc, address
        assert parts.netloc.replace(".", "").replace("-", "").isalnum(), address


def test_every_document_is_reached_from_the_readme() -> None:
    reached = {(ROOT / link.partition("#")[0]).resolve() for link in links(ROOT / "README.md")}

    assert set(DOCUMENTS) - reached <= {ROOT / "README.md", ROOT / "CHANGELOG.md"}
