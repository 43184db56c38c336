"""The definition is written from its source in YAML, and a slip there is told in a sentence."""

import json
import re
import shlex
import subprocess
from typing import Any

import pytest
import yaml

from tools.definition import DEFINITION, ROOT, SOURCE, SourceError, written

TOOLS = {f"tools.{path.stem}" for path in (ROOT / "tools").glob("[!_]*.py") if "__main__" in path.read_text()}
NEED_MORE = {"tools.calls", "tools.planted_defects", "tools.reliability", "tools.screenshots"}
"""Tools that measure, take a browser, or take the results of a long run."""


def test_the_definition_is_written_from_its_source() -> None:
    assert DEFINITION.read_text(encoding="utf-8") == written(SOURCE.read_text(encoding="utf-8")), (
        "edit statemachine/onboarding.asl.yaml, not the JSON, and run `make docs`"
    )


def test_what_is_shared_is_not_part_of_the_definition() -> None:
    source = "x-retriers: [&again {ErrorEquals: [A], MaxAttempts: 2}]\nStates: {B: {Retry: [*again, *again]}}\n"
    again = {"ErrorEquals": ["A"], "MaxAttempts": 2}

    assert json.loads(written(source)) == {"States": {"B": {"Retry": [again, again]}}}


def test_the_same_but_for_a_key_keeps_the_order_of_the_keys() -> None:
    source = "x-: [&a {Names: [A], Times: 2}, &b {<<: *a, Names: [B]}, &c {<<: *b, Times: 3}]\nRetry: [*a, *b, *c]\n"

    assert [list(it.items()) for it in json.loads(written(source))["Retry"]] == [
        [("Names", ["A"]), ("Times", 2)],
        [("Names", ["B"]), ("Times", 2)],
        [("Names", ["B"]), ("Times", 3)],
    ]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("A: 1\nB: 2\nA: 3\n", "line 3: the key A stands in line 1 already: remove one of the two."),
        ("A:\n  B: {C: 1, C: 1}\n", "line 2: the key C stands in line 2 already: remove one of the two."),
        (
            "x-a: &a {B: 1}\nC: {<<: *a, D: 1,\n  D: 2}\n",
            "line 3: the key D stands in line 2 already: remove one of the two.",
        ),
        ("A: *b\n", "line 1: *b is used, but nothing is named &b: correct the name, or define it."),
        ("A: *b\nC: &b 1\n", "line 1: found undefined alias 'b'."),
        ("A: 1\nB: &b 1\n", "line 2: &b is defined, but nothing uses *b: remove it, or use it."),
        ("A: &b 1\nB: &b 1\nC: *b\n", "line 2: &b is defined before already: give one of the two another name."),
        ("A: B: C\n", "line 1: mapping values are not allowed here."),
        ("A: !Ref B\n", "line 1: could not determine a constructor for the tag '!Ref'."),
    ],
)
def test_a_slip_in_the_source_is_told_in_a_sentence(source: str, told: str) -> None:
    with pytest.raises(SourceError, match=re.escape(f"onboarding.asl.yaml, {told}") + "$"):
        written(source)


def test_no_retrier_and_no_catcher_is_written_twice() -> None:
    """An alias is the very same mapping, so what is equal and not the same was copied."""
    machine = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    states: dict[str, Any] = machine["States"] | machine["States"]["Onboard Subaccounts"]["ItemProcessor"]["States"]
    matchers = [it for state in states.values() for it in [*state.get("Retry", []), *state.get("Catch", [])]]

    assert len(matchers) > 50
    assert len({id(it) for it in matchers}) == len({json.dumps(it) for it in matchers})


def test_make_docs_writes_all_that_is_generated_but_what_is_measured_or_photographed() -> None:
    done = subprocess.run(shlex.split("make --dry-run docs"), cwd=ROOT, capture_output=True, text=True, check=True)

    written = re.findall(r"-m ([\w.]+)", done.stdout)
    assert written[:2] == ["tools.definition", "tools.picture"]
    assert set(written) == TOOLS - NEED_MORE | {"simulator.fleet_schema"}
