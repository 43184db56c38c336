"""What the documents name is there: files, folders, make's targets."""

import re
from pathlib import Path

import pytest

from shaken_stir.project import ROOT
from tests.docs.markdown import DOCUMENTS, FENCED, INLINE_CODE, prose

PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)*(?:/|\.(?:asl|in|json|lock|md|py|sh|toml|txt|yaml))")
# Not of the repository: what a person has, and what there was once.
OTHERS = {"README.md": {"request.json", "rehearsal/"}, "CHANGELOG.md": {"local/fleets/"}}
# As the root has them, or shorter, as imports and people name them: `onboarding/table/`, `eligibility.py`.
THERE = [
    f"{path}/" if path.is_dir() else str(path)
    for folder in ROOT.glob("[!.]*/")
    for path in (folder, *folder.rglob("*"))
    if "__pycache__" not in path.parts
]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def code(document: Path) -> list[str]:
    return [it.strip("`") for it in INLINE_CODE.findall(prose(document))]


@every_document
def test_a_file_or_folder_that_is_named_is_there(document: Path) -> None:
    named = {it for it in code(document) if PATH.fullmatch(it)}

    missing = {it for it in named if not (ROOT / it).exists() and not any(path.endswith(f"/{it}") for path in THERE)}
    assert missing == OTHERS.get(document.name, set())


@every_document
def test_a_target_of_make_that_is_named_is_there(document: Path) -> None:
    blocks = [found[2] for found in FENCED.finditer(document.read_text(encoding="utf-8")) if found[1] == "sh"]
    named = {target for text in [*code(document), *blocks] for target in re.findall(r"\bmake ([a-z-]+)", text)}

    assert named <= TARGETS


def test_contributing_names_every_target() -> None:
    named = {target for it in code(ROOT / "CONTRIBUTING.md") for target in re.findall(r"\bmake ([a-z-]+)", it)}

    assert named == TARGETS


def test_contributing_names_every_generator() -> None:
    named = set(code(ROOT / "CONTRIBUTING.md"))

    assert {f"tools/{path.name}" for path in (ROOT / "tools").glob("[!_]*.py")} <= named
