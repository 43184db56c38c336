"""What a run looks like on screens of several sizes."""

import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from rich.cells import cell_len
from rich.console import Console

from onboarding.phone_numbers import Stage
from shaken_stir.cli.lines import Lines
from shaken_stir.cli.standings import Standings
from shaken_stir.cli.view import Estimate, Pace, View, about, picture, shown, standing_of
from shaken_stir.retries import Retry
from shaken_stir.snapshot import Row, Snapshot

NAMES = ["Sales [/] EMEA", "[prod] Support", "東京 Vertrieb 📞 with a long name", "one\ntwo \x1b[2J", "W" * 64]
PRODUCT = "BU" + "5" * 32
ORDER = ("onboarded", "in_progress", "failed")
SCREENS = [(60, 20), (80, 24), (120, 40)]
every_screen = pytest.mark.parametrize(("width", "height"), SCREENS)


def row(number: int, status: str, **numbers: int) -> Row:
    name = NAMES[number % len(NAMES)]
    return Row(
        sid=f"AC{ORDER.index(status)}{number:031x}",
        friendly_name=name,
        status=status,
        numbers={Stage(stage): count for stage, count in numbers.items()},
    )


def rows(failed: int, in_progress: int, onboarded: int) -> list[Row]:
    """Rows in the order of the table, in which what matters is last."""
    done = [row(number, "onboarded", on_trust_product=1000, ineligible=11) for number in range(onboarded)]
    busy = [row(number, "in_progress", discovered=3, on_business_profile=2) for number in range(in_progress)]
    return [*done, *busy, *(row(number, "failed", discovered=1, refused=1) for number in range(failed))]


def drawn(snapshot: Snapshot, width: int, height: int, left: Estimate | None = None) -> list[str]:
    out = Console(file=io.StringIO(), width=width, height=height, force_terminal=True, color_system=None)
    out.print(picture(snapshot, Standings(snapshot.rows), width, height, left))
    lines: list[str] = out.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert len(lines) <= height
    assert all(cell_len(line) <= width for line in lines)
    return lines


def snapshot(rows: list[Row], **more: object) -> Snapshot:
    return Snapshot.model_validate(
        {"seconds": 1031.2, "rows": rows, "review": "pending-review", "twilio_calls": 2314, **more}
    )


def cells(line: str) -> list[str]:
    """The words of a row, but for those of a name."""
    return [word for word in line.split() if word.replace(",", "").isdigit() or word == "·"]


@every_screen
def test_a_large_fleet_fits_with_failures_on_top_and_totals_below(width: int, height: int) -> None:
    lines = drawn(snapshot(rows(3, 40, 37), subaccounts=100), width, height - 1, left=Estimate(75, overdue=False))

    assert all("failed" in line for line in lines[1:4])
    assert "working" in lines[4]
    assert not any(" done" in line for line in lines)
    [folded] = [line for line in lines if line.startswith("37 finished")]
    assert "37,000" in cells(folded)
    [totals] = [line for line in lines if line.startswith("In all")]
    assert cells(totals)[:3] == ["123", "80", "37,000"]
    assert any("40 of 100 subaccounts, 3 failed, about 80 s left" in line for line in lines)
    assert any("━" in line for line in lines)
    told = " ".join(lines)
    assert "Trust Product: pending-review" in told
    assert "2,314 Trust Hub calls" in told
    assert "1,031.2 s" in told


@every_screen
def test_twelve_subaccounts_are_rows_with_status_and_numbers(width: int, height: int) -> None:
    lines = drawn(snapshot(rows(1, 5, 6), subaccounts=12), width, height - 1)

    assert sum(" done" in line for line in lines) == 6
    assert sum(" working" in line for line in lines) == 5
    assert "failed" in lines[1]
    assert [line for line in lines if line.startswith("In all")]
    assert "Trust Product: pending-review" in lines[-1 if width > 60 else -2] + lines[-1]


def test_a_name_is_shortened_before_a_status_or_a_number() -> None:
    lines = drawn(snapshot([row(4, "in_progress", on_trust_product=123_456, refused=7)], subaccounts=1), 60, 20)

    assert lines[1].startswith("W")
    assert "W…" in lines[1]
    assert " working" in lines[1]
    assert "123,456" in lines[1]


def test_a_name_is_text_in_a_row() -> None:
    lines = drawn(snapshot(rows(0, 4, 0), subaccounts=4), 120, 40)

    assert [line.partition("  ")[0] for line in lines[1:3]] == NAMES[:2]
    assert lines[4].startswith(r"one\ntwo \x1b[2J ")


def test_what_shares_a_column_is_told() -> None:
    lines = drawn(snapshot(rows(2, 1, 1), subaccounts=4), 60, 20)

    assert "other" in lines[0]
    assert "other: 2 refused, 11 ineligible" in lines


def test_what_will_not_fit_in_the_end_is_folded_from_the_beginning() -> None:
    few = rows(0, 2, 3)

    assert not any("finished" in line for line in drawn(snapshot(few, subaccounts=5), 80, 24))
    assert any(line.startswith("3 finished") for line in drawn(snapshot(few, subaccounts=100), 80, 24))


def test_rows_that_do_not_fit_are_counted_and_summed() -> None:
    [left_out] = [line for line in drawn(snapshot(rows(0, 8, 0)), 120, 9) if line.startswith("…")]

    assert left_out.startswith("… 3 more")
    assert cells(left_out)[1:3] == ["9", "6"]


@every_screen
def test_what_is_tried_again_is_told_with_the_rest_still_there(width: int, height: int) -> None:
    now = datetime.now(UTC)
    retries = [
        Retry(
            state="List Phone Numbers",
            reason=f"Twilio failed at GET /2010-04-01/Accounts/AC{number:032x}/IncomingPhoneNumbers.json with HTTP 503",
            since=now - timedelta(seconds=number),
            next_at=now + timedelta(seconds=60 + number),
            subaccount_sid=f"AC{number:032x}",
        )
        for number in range(8)
    ]

    lines = drawn(snapshot(rows(3, 40, 37), subaccounts=100, retries=retries), width, height - 1)

    told = " ".join(line.strip() for line in lines)
    assert "List Phone Numbers is tried again for 8 subaccounts: Twilio failed at GET " in told
    assert "/2010-04-01/Accounts/AC…/IncomingPhoneNumbers.json with HTTP 503; since " in told
    next_at = retries[0].next_at
    assert next_at
    assert f"next at {next_at:%H:%M:%S} UTC" in told
    assert "In all" in told
    assert "37 finished" in told


def test_a_state_that_is_silent_is_named_before_there_are_rows() -> None:
    long_ago = datetime.now(UTC) - timedelta(seconds=30)

    assert any(
        line.startswith("Audit Assignments is under way since ")
        for line in drawn(snapshot([], state=("Audit Assignments", long_ago)), 80, 24)
    )
    assert not any("under way" in line for line in drawn(snapshot([], state=("Await Review", long_ago)), 80, 24))


def test_the_time_left_is_estimated_from_what_is_through() -> None:
    pace = Pace()

    assert pace.left(snapshot([], seconds=10), 0) is None
    assert pace.left(snapshot([], seconds=10, subaccounts=10), 0) is None
    assert pace.left(snapshot([], seconds=30, subaccounts=10), 5) == (20, False)
    assert pace.left(snapshot([], seconds=40, subaccounts=10), 5) == (10, False)
    assert pace.left(snapshot([], seconds=50, subaccounts=10), 10) is None


def test_an_estimate_that_has_passed_becomes_longer_than_estimated() -> None:
    pace = Pace()
    pace.left(snapshot([], seconds=0, subaccounts=10), 0)

    told = [
        str(pace.left(snapshot([], seconds=seconds, subaccounts=10), done))
        for seconds, done in [(20, 5), (39, 5), (40, 5), (400, 5), (480, 8)]
    ]

    assert told == [
        "about 20 s left",
        "about 10 s left",
        "longer than estimated",
        "longer than estimated",
        "about 2 min left, longer than estimated",
    ]
    drawn_bar = drawn(snapshot([], subaccounts=10), 80, 24, Estimate(-5, overdue=True))[0]
    assert drawn_bar.rstrip().endswith("0 of 10 subaccounts, longer than estimated")


def test_a_refused_number_is_in_the_status_which_is_not_green() -> None:
    done, refused = row(1, "onboarded", on_trust_product=3), row(2, "onboarded", on_trust_product=3, refused=1)

    assert [(standing_of(it, 20).plain, standing_of(it, 20).style) for it in (done, refused)] == [
        ("done", "green"),
        ("done, 1 refused", "yellow"),
    ]
    assert standing_of(refused, 7).plain == "done"
    assert "done, 1 refused" in drawn(snapshot([refused], subaccounts=1), 120, 40)[1]


def test_the_columns_are_named_in_full_where_there_is_room() -> None:
    heading = drawn(snapshot([row(1, "onboarded", on_trust_product=3)], subaccounts=1), 140, 40)[0]

    assert re.split("  +", heading.strip())[:5] == [
        "Subaccount",
        "Status",
        "to do",
        "on the profile",
        "on the Trust Product",
    ]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"review_seconds": 3}, "in this simulation that takes up to 3 seconds"),
        ({"review_seconds": 1.0}, "in this simulation that takes up to 1 second"),
        ({"review_seconds": 601}, "in this simulation that takes up to 11 minutes"),
        (
            {"next_look": datetime(2026, 12, 1, 10, 15, tzinfo=UTC)},
            "next poll at 10:15:00 UTC (Ctrl-C ends the wait)",
        ),
    ],
)
def test_the_review_that_is_awaited_is_named(more: dict[str, object], told: str) -> None:
    lines = drawn(snapshot([], awaited=PRODUCT, **more), 200, 24)

    assert lines[-1] == f"Waiting for Twilio to review the Trust Product {PRODUCT}; {told}"


@pytest.mark.parametrize(("encoding", "kind"), [("utf-8", View), ("ascii", Lines)])
def test_a_terminal_gets_rows_unless_each_cell_may_be_escaped(encoding: str, kind: type) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)

    assert isinstance(shown(Console(file=out, force_terminal=True)), kind)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3, "about 10 s"), (41, "about 50 s"), (200, "about 4 min"), (7000, "about 2 h")],
)
def test_an_estimate_is_rough(seconds: float, words: str) -> None:
    assert about(seconds) == words
