"""What a pipe is told of a run."""

import io
from datetime import UTC, datetime, timedelta

from rich.console import Console

from shaken_stir.cli.lines import Lines
from shaken_stir.retries import Retry
from shaken_stir.snapshot import Row, Snapshot
from tests.commands.hostile import NAMES, PLAIN, shown_as_text

NOW = datetime(2100, 1, 1, tzinfo=UTC)  # later than any run of this test


def failure(attempt: int, state: str | None = "Find Business Profile", **more: object) -> Retry:
    reason = "Twilio did not answer GET /v1/CustomerProfiles (ConnectTimeout)"
    next_at = NOW + timedelta(seconds=60 * attempt) if state else None
    return Retry.model_validate(
        {"state": state, "reason": reason, "since": NOW, "next_at": next_at, "attempt": attempt, **more}
    )


def told(*updates: list[Retry], **more: object) -> list[str]:
    out = Console(file=io.StringIO(), width=80)
    lines = Lines(out)
    for second, retries in enumerate(updates):
        lines.update(
            Snapshot.model_validate(
                {"seconds": second, "rows": [], "review": None, "twilio_calls": 0, "retries": retries, **more}
            )
        )
    return out.file.getvalue().splitlines()  # type: ignore[attr-defined, no-any-return]


def test_a_state_that_is_tried_again_is_told_once_per_attempt() -> None:
    since, next_at = (f"{when:%H:%M:%S} UTC" for when in (NOW, NOW + timedelta(seconds=60)))

    lines = told([failure(1)], [failure(1)], [failure(2)], [failure(2)], [], [failure(1)])

    assert len(lines) == 3
    assert lines[0] == (
        "   0.0 s  Find Business Profile is tried again: Twilio did not answer GET /v1/CustomerProfiles "
        f"(ConnectTimeout); since {since}, next at {next_at}"
    )


def test_many_subaccounts_are_one_line() -> None:
    many = [failure(1, "List Phone Numbers", subaccount_sid=f"AC{number:032x}") for number in range(40)]

    lines = told(many, many[:20])

    assert len(lines) == 1
    assert "List Phone Numbers is tried again for 40 subaccounts: " in lines[0]


def test_one_subaccount_is_named() -> None:
    [line] = told([failure(1, "List Phone Numbers", subaccount_sid="AC" + "7" * 32)])

    assert f"List Phone Numbers is tried again for AC{'7' * 32}: " in line


def test_a_request_without_an_answer_is_told_once_and_not_beside_its_state() -> None:
    lines = told([failure(1, None)], [failure(2, None)], [failure(3, None), failure(1)], [])

    assert [line.partition("s  ")[2].partition(" since")[0] for line in lines] == [
        "Twilio did not answer GET /v1/CustomerProfiles (ConnectTimeout); sent again",
        "Find Business Profile is tried again: Twilio did not answer GET /v1/CustomerProfiles (ConnectTimeout);",
    ]


def test_a_wait_for_the_end_of_an_outage_is_told() -> None:
    [line] = told([failure(1, "Wait Out The Outage", waits=True)])

    assert "Wait Out The Outage: Twilio did not answer GET /v1/CustomerProfiles (ConnectTimeout); since " in line


def test_each_name_is_on_one_line() -> None:
    rows = [
        Row(sid=f"AC{number:032x}", friendly_name=name, status="onboarded", numbers={})
        for number, name in enumerate(NAMES)
    ]

    lines = told([], rows=rows)

    assert len(lines) == len(NAMES)
    shown_as_text("\n".join(lines))
    assert all(any(f" s  {name} (AC" in line for line in lines) for name in PLAIN)


def test_a_state_that_takes_long_is_told_once() -> None:
    state = ("Audit Assignments", datetime.now(UTC) - timedelta(seconds=11))

    assert [line[10:] for line in told([], [], state=state)] == [
        f"Audit Assignments is under way since {state[1]:%H:%M:%S} UTC"
    ]
    assert told([], state=("Audit Assignments", datetime.now(UTC))) == []
