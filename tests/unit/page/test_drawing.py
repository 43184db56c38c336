"""The bar, the plot, the time line, and what the script is given."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from onboarding.phone_numbers import Stage
from onboarding.subaccounts import SubaccountStatus
from onboarding.trust_products import Status, StatusChange
from shaken_stir.page import rendering, words
from shaken_stir.page.documents import Documents
from shaken_stir.page.plot import BAR_WIDTH, COLUMNS, NARROWEST, PLOT_HEIGHT, bar, plot
from shaken_stir.page.rendering import as_data
from shaken_stir.page.review import review, steps, validities
from shaken_stir.page.words import without_references
from shaken_stir.status.model import Counts, FleetStatus, ProductStatus, Reason, RunStatus, RunUnderWay
from shaken_stir.words import lasted
from tests.unit.page.fleets import NOW, PRODUCT, fleet, subaccount


def run(day: int, numbers: dict[Stage, int], *, whole_fleet: bool = True) -> RunStatus:
    at = datetime(2026, 10, 1, 6, tzinfo=UTC) + timedelta(days=day)
    known = {"execution": f"run-{day}", "at": at, "whole_fleet": whole_fleet, "numbers": numbers, "change": {}}
    return RunStatus.model_validate(known | dict.fromkeys(("onboarded", "failed", "busy", "changed"), 0))


def test_the_bar_is_full_and_its_smallest_part_is_seen() -> None:
    parts = bar(Counts(by_reason={Reason.REFUSED: 1, Reason.SIGNED: 99_999}))

    assert [it.reason for it in parts] == [Reason.SIGNED, Reason.REFUSED]
    assert parts[-1].x + parts[-1].width == pytest.approx(BAR_WIDTH)
    assert parts[-1].width > NARROWEST * 0.9
    assert bar(Counts(by_reason={})) == []


def test_columns_are_as_high_as_the_largest_fleet_and_stand_on_the_ground() -> None:
    on_product, refused = Stage.ON_TRUST_PRODUCT, Stage.REFUSED
    drawn = plot([run(1, {on_product: 5}), run(2, {on_product: 8, refused: 2, Stage.RELEASED: 7})])

    assert drawn
    assert (drawn.highest, drawn.stages) == (10, (on_product, refused))
    first, last = (it.pieces for it in drawn.columns)
    assert (first[0].y, first[0].height) == (PLOT_HEIGHT / 2, PLOT_HEIGHT / 2)
    assert [(it.y, it.height) for it in last] == [(20, 80), (0, 20)]
    assert drawn.says.startswith(
        "Numbers by assignment after each of the last 2 runs over the whole fleet: from 5 on the"
    )
    assert drawn.columns[1].says == "2026-10-03: 8 on the Trust Product, 2 refused"


def test_the_plot_has_the_last_runs_over_the_whole_fleet_and_no_others() -> None:
    many = [run(day, {Stage.DISCOVERED: 1}) for day in range(40)]

    drawn = plot([*many, run(41, {Stage.DISCOVERED: 9}, whole_fleet=False)])

    assert drawn
    assert (len(drawn.columns), drawn.columns[-1].day) == (COLUMNS, "2026-11-09")
    assert plot(many[:1]) is None


def reviewed(hours: float, **changes: Any) -> FleetStatus:
    since = NOW - timedelta(hours=hours)
    history = (
        StatusChange(status=Status.DRAFT, errors=[], observed_at=since - timedelta(hours=2)),
        StatusChange(status=Status("provisional"), errors=[], observed_at=since),
    )
    product = ProductStatus(sid=PRODUCT, status=Status("provisional"), reviewed_since=since, history=history, **changes)
    return fleet(subaccount(1), product=product)


@pytest.mark.parametrize(("hours", "share", "is_longer"), [(36, 0.5, False), (72, 1, False), (73, 1, True)])
def test_a_review_is_measured_by_what_twilio_names(hours: float, share: float, *, is_longer: bool) -> None:
    found = review(reviewed(hours))

    assert found
    assert (found.share, found.is_longer) == (share, is_longer)


def test_each_status_has_how_long_it_lasted_and_the_last_one_how_long_it_lasts() -> None:
    assert [(it.status, it.took, it.now) for it in steps(reviewed(36))] == [
        ("Draft", "2 hours", False),
        ("provisional", "1 day 12 hours", True),
    ]


def test_an_end_that_is_near_says_what_to_do() -> None:
    [near] = validities(reviewed(1, valid_until=NOW + timedelta(days=3)))
    [far] = validities(reviewed(1, valid_until=NOW + timedelta(days=300)))

    assert "in 3 days" in near.says
    assert "renew it" in near.remedy
    assert far.remedy == ""


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (-1, "less than a minute"),
        (0.9, "less than a minute"),
        (1, "1 minute"),
        (59, "59 minutes"),
        (60, "1 hour"),
        (1440, "1 day"),
        (1500, "1 day 1 hour"),
    ],
)
def test_durations_are_told_in_their_largest_units(minutes: float, words: str) -> None:
    assert lasted(NOW, NOW + timedelta(minutes=minutes)) == words


def test_references_are_taken_out_of_a_sentence() -> None:
    told = without_references("look at it (docs/errors.md#22205), then (a.b) go on (docs/runbook.md)")

    assert told.sentence == "look at it, then (a.b) go on"
    assert told.sections == ("docs/errors.md#22205", "docs/runbook.md")


def test_data_ends_no_script_and_is_read_back_as_it_was() -> None:
    value = {"name": "</script><!-- & \u2028 ü"}

    text = as_data(value)

    assert not set(text) & set("<>&\u2028")
    assert json.loads(text) == value


def test_every_reason_and_outcome_has_a_label() -> None:
    assert words.REASONS.keys() == set(Reason)
    assert words.OUTCOMES.keys() == set(SubaccountStatus)
    assert words.outcome_in_words(SubaccountStatus.ONBOARDED, refused=2) == "Done, 2 refused"
    assert words.outcome_in_words(SubaccountStatus.FAILED, refused=2) == "Failed"


def test_a_subaccount_is_not_read_yet_until_a_run_has_been_through_it() -> None:
    counted = {Reason.SIGNED: 1}
    shown = fleet(subaccount(1), subaccount(2, recorded_at=NOW), subaccount(3, counted), subaccount(4, status="failed"))

    rows = rendering.rows(shown, Documents(embedded=True))

    assert [row["unread"] for row in rows] == [True, False, False, False]


def test_a_run_that_goes_on_is_said_below_the_headline_and_once() -> None:
    run_of = RunUnderWay(execution="run", started_at=NOW, accounts=9, done=3)
    sentence = "A run has been going on since 2026-11-24 12:00 UTC, 3 of 9 accounts done."

    for headline in ("3 of 9 eligible numbers are signed.", sentence):
        shown = rendering.sections(fleet(headline=headline, run=run_of), [], "command", Documents(embedded=True))
        assert shown["summary"].count(sentence) == 1
