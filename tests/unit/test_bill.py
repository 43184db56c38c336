"""A bill has a line for everything that has a price, with and without what is free."""

from typing import Any

import pytest

from shaken_stir.engine.intrinsics import read_template
from shaken_stir.project import TEMPLATE
from tools import usage
from tools.costs import lines_of, total, total_beyond_the_free
from tools.prices import PRICES

RESOURCES = read_template(TEMPLATE)["Resources"]


def with_resources(monkeypatch: pytest.MonkeyPatch, **more: dict[str, Any]) -> usage.Usage:
    monkeypatch.setattr(usage, "read_template", lambda _: {"Resources": RESOURCES | more})
    return usage.of_the_stack()


def an_alarm(*metrics: str) -> dict[str, Any]:
    stats = [{"Id": it, "MetricStat": {"Metric": {"MetricName": it}}} for it in metrics]
    worked_out = {"Id": "sum", "Expression": "+".join(metrics)}
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": [worked_out, *stats]}}


def test_an_alarm_is_charged_for_each_metric_that_it_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    before = usage.of_the_stack()["alarm_metrics"]
    one: dict[str, Any] = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"MetricName": "Errors"}}

    after = with_resources(monkeypatch, OneAlarm=one, ThreeAlarm=an_alarm("a", "b", "c"))

    assert after["alarm_metrics"] == before + 1 + 3


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("AWS::CloudWatch::CompositeAlarm", "composite_alarms"),
        ("AWS::CloudWatch::Dashboard", "dashboards"),
        ("AWS::KMS::Key", "keys"),
        ("AWS::SecretsManager::Secret", "secrets"),
    ],
)
def test_what_is_added_to_the_template_is_on_the_bill(monkeypatch: pytest.MonkeyPatch, kind: str, line: str) -> None:
    before = usage.of_the_stack()

    after = with_resources(monkeypatch, Another={"Type": kind, "Properties": {}})

    assert after[line] == before[line] + 1
    assert total(after) == pytest.approx(total(before) + PRICES[line].price)


def test_the_free_tier_is_taken_off_each_line_and_never_more_than_the_line() -> None:
    used = {"alarm_metrics": 12.0, "dashboards": 2.0, "secrets": 1.0}

    assert total(used) == pytest.approx(12 * 0.10 + 2 * 3.00 + 0.40)
    assert total_beyond_the_free(used) == pytest.approx(2 * 0.10 + 0.40)


def test_a_line_says_how_much_and_what_it_costs_both_ways() -> None:
    [_, _, line, in_all] = lines_of({"state_transitions": 90_570.0}).splitlines()

    assert line.endswith("(https://aws.amazon.com/step-functions/pricing/) | 90,570 | 2.26 | 2.16 |")
    assert in_all == "| **in all** | | **2.26** | **2.16** |"


def test_every_price_names_a_page_of_aws() -> None:
    assert [name for name, it in PRICES.items() if not it.page.startswith("https://aws.amazon.com/")] == []
