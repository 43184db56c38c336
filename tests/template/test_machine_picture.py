"""The picture of the state machine in docs/architecture.md: it shows every state and way, in words."""

import re
from typing import Any

import pytest

from tests.template.machine import ITEM, MACHINE, changed
from tools.picture import DOCUMENT, condition, draw, written_into


def test_the_picture_shows_the_machine() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")

    assert document == written_into(document, draw(MACHINE)), "run `make docs`"


@pytest.mark.parametrize(("place", "value"), [("Read Request/Next", "Onboarded"), ("Onboarded/Type", "Fail")])
def test_a_changed_machine_changes_the_picture(place: str, value: str) -> None:
    assert draw(changed(place, value)) != draw(MACHINE)


def test_the_picture_replaces_only_what_is_between_its_markers() -> None:
    once = written_into("before\n<!-- picture: begin -->\nold\n<!-- picture: end -->\nafter\n", "new")

    assert once == "before\n<!-- picture: begin -->\n```mermaid\nnew\n```\n<!-- picture: end -->\nafter\n"
    assert written_into(once, "new") == once


def test_the_picture_has_a_box_of_its_own_for_every_state() -> None:
    boxes = re.findall(r'^ *(\w+)[\[({/]+"(.+?)"', draw(MACHINE), re.MULTILINE)
    of_states = {name: box for box, name in boxes if name not in {"start", "any step"}}

    assert of_states.keys() == (MACHINE["States"] | ITEM["States"]).keys()
    assert len(set(of_states.values())) == len(of_states)


def test_the_picture_shows_each_kind_of_state_and_way() -> None:
    lines = {line.strip() for line in draw(MACHINE).splitlines()}

    assert lines >= {
        'read_request["Read Request"]',
        'approved_{"Approved?"}',
        'await_review{{"Await Review"}}',
        'onboarded(["Onboarded"]):::succeed',
        'rejected(["Rejected"]):::fail',
        'onboard_subaccounts[["Onboard Subaccounts"]]',
        "read_request --> find_business_profile",
        'any_subaccount_failed_ -->|"failed > 0"| subaccounts_failed',
        'list_phone_numbers -.->|"any error"| record_subaccount',
        'any_step_start(("any step")) -.->|"any other error"| what_failed_',
    }


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"Variable": "$.a.b", "StringEquals": "draft"}, "b is draft"),
        ({"Variable": "$.b", "BooleanEquals": False, "Next": "X"}, "b is false"),
        ({"Variable": "$.b", "IsNull": False}, "b is not null"),
        ({"Variable": "$.b", "NumericLessThan": 3}, "b NumericLessThan 3"),
        ({"Not": {"Variable": "$.b", "IsPresent": True}}, "not (b is present)"),
        ({"Or": [{"Variable": "$.a", "IsNull": True}, {"Variable": "$.b", "IsNull": True}]}, "a is null or b is null"),
    ],
)
def test_a_choice_is_put_into_words(rule: dict[str, Any], words: str) -> None:
    assert condition(rule) == words
