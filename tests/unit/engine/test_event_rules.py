from typing import Any

import pytest

from shaken_stir.engine.events import EventError, Rule, execution_input
from shaken_stir.engine.intrinsics import ACCOUNT

EVENT: dict[str, Any] = {
    "source": "shop",
    "detail-type": "Ordered",
    "detail": {"order": {"id": 7}, "size": "big"},
    "id": "e-1",
    "account": ACCOUNT,
}


def test_a_plain_request_is_the_input() -> None:
    assert execution_input({"detail": 1}, []) == {"detail": 1}
    assert execution_input({}, [Rule("R", {"source": ["x"]})]) == {}


@pytest.mark.parametrize(
    ("rule", "given"),
    [
        (Rule("R", {"source": ["shop"]}, "$.detail"), EVENT["detail"]),
        (Rule("R", {"source": ["shop"]}, "$.detail.order"), {"id": 7}),
        (Rule("R", {"source": ["shop"]}), EVENT),
        (Rule("R", {"source": [{"prefix": "sh"}]}, constant="{}"), {}),
        (
            Rule(
                "R",
                {"detail": {"size": ["big"]}},
                transformer={
                    "InputPathsMap": {"id": "$.detail.order.id", "size": "$.detail.size"},
                    "InputTemplate": '{"orders": [<id>], "size": <size>, "text": "a <size> one: <id>"}',
                },
            ),
            {"orders": [7], "size": "big", "text": "a big one: 7"},
        ),
    ],
)
def test_the_rule_that_takes_an_event_makes_the_input_of_it(rule: Rule, given: object) -> None:
    assert execution_input(EVENT, [Rule("Other", {"source": ["other"]}), rule]) == given


@pytest.mark.parametrize("named", [{}, {"account": "999999999999"}])
def test_an_event_from_a_file_counts_as_the_account_s_own(named: dict[str, str]) -> None:
    event = {key: value for key, value in EVENT.items() if key != "account"} | named

    assert execution_input(event, [Rule("Own", {"account": [ACCOUNT]}, "$.detail")]) == EVENT["detail"]


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        (
            [Rule("Sold", {"source": ["a", "b"], "detail-type": ["Sold"]})],
            (
                'No rule of the template takes an event with source "shop" and detail-type "Ordered": '
                'Sold expects source "a" or "b" and detail-type "Sold".'
            ),
        ),
        (
            [Rule("Own", {"source": ["a"], "account": [ACCOUNT]})],
            (
                'No rule of the template takes an event with source "shop" and detail-type "Ordered": '
                'Own expects source "a".'
            ),
        ),
        (
            [Rule("Small", {"detail": {"size": ["small"]}})],
            (
                'No rule of the template takes an event with source "shop" and detail-type "Ordered": '
                'Small expects detail {"size": ["small"]}.'
            ),
        ),
        (
            [],
            'No rule of the template takes an event with source "shop" and detail-type "Ordered": it has no rules.',
        ),
        (
            [Rule("Far", {"source": ["shop"]}, "$.detail.basket")],
            "The rule Far hands on $.detail.basket, which the event does not have.",
        ),
        (
            [Rule("Flat", {"source": ["shop"]}, "$.detail.size")],
            'The rule Flat makes "big" of the event, not a request.',
        ),
    ],
)
def test_an_event_that_starts_nothing_is_told_in_a_sentence(rules: list[Rule], sentence: str) -> None:
    with pytest.raises(EventError) as caught:
        execution_input(EVENT, rules)

    assert str(caught.value) == sentence
