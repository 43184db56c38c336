"""How a subaccount's end, and a run's, are put into words and numbers."""

import json
from datetime import UTC, datetime

import pytest

from find_orphans import FindOrphansEvent
from find_orphans import announcement as orphans_announcement
from onboarding.announcements import SubaccountsFailed, SubaccountsOnboarded
from onboarding.phone_numbers import OrphanRecord, Stage
from onboarding.requests import LeftOutNumber
from onboarding.subaccounts import Subaccount, SubaccountOutcome, SubaccountStatus
from record_subaccount import message_of, status_of
from summarise_subaccounts import announcement, count, summarise

HINT = "; look at the functions' log, then send the request again."
EVENT_BYTES = 256 * 1024
"""What EventBridge takes at most."""
STATE_BYTES = EVENT_BYTES / 2
"""Half of what Step Functions carries from state to state."""
SIDS = [f"AC{number:032x}" for number in range(6)]


def outcome(sid: str, status: SubaccountStatus, message: str | None = None) -> SubaccountOutcome:
    return SubaccountOutcome(
        subaccount_sid=sid, friendly_name="", status=status, numbers={Stage.ON_TRUST_PRODUCT: 2}, message=message
    )


def test_an_entry_without_an_outcome_of_this_run_counts_as_failed() -> None:
    entries = [Subaccount(subaccount_sid=sid, friendly_name="") for sid in SIDS[:2]]

    summary = summarise(count(entries, [outcome(SIDS[0], SubaccountStatus.ONBOARDED)]))

    assert (summary.onboarded, summary.failed) == (1, 1)
    assert summary.numbers == {Stage.ON_TRUST_PRODUCT: 2}
    assert summary.message.startswith(f"1 of 2 subaccounts failed: {SIDS[1]}: its outcome was not recorded")


def test_a_busy_subaccount_is_counted_but_fails_nothing() -> None:
    entries = [Subaccount(subaccount_sid=SIDS[0], friendly_name="")]

    summary = summarise(count(entries, [outcome(SIDS[0], SubaccountStatus.BUSY)]))

    assert (summary.busy, summary.failed, summary.message) == (1, 0, "")


def test_a_subaccount_that_nobody_may_read_does_not_count_as_unlisted() -> None:
    entries = [Subaccount(subaccount_sid=sid, friendly_name="") for sid in SIDS[:2]]
    outcomes = [
        outcome(sid, SubaccountStatus.FAILED, "no").model_copy(update={"error": error})
        for sid, error in zip(SIDS, ["SubaccountNotReadable", "TwilioRefused"], strict=False)
    ]

    summary = summarise(count(entries, outcomes))

    assert (summary.failed, summary.unlisted) == (2, 1)


def test_of_many_failures_the_first_are_told_and_the_rest_counted() -> None:
    entries = [Subaccount(subaccount_sid=sid, friendly_name="") for sid in SIDS]

    summary = summarise(count(entries, [outcome(sid, SubaccountStatus.FAILED, "no") for sid in SIDS]))

    assert summary.message.endswith(f"{SIDS[2]}: no; and 3 more (docs/errors.md#subaccounts-failed).")


@pytest.mark.parametrize(
    ("many", "failed", "onboarded"),
    [
        (1, "1 of 1 subaccount failed: ", "Onboarded 1 subaccount, with 2 numbers on the Trust Product."),
        (1200, "1,200 of 1,200 subaccounts failed: ", "Onboarded 1,200 subaccounts, with 2,400 numbers on the Trust"),
    ],
)
def test_counts_are_put_into_words(many: int, failed: str, onboarded: str) -> None:
    failures = [outcome(f"AC{number:032x}", SubaccountStatus.FAILED, "no") for number in range(many)]
    successes = [it.model_copy(update={"status": SubaccountStatus.ONBOARDED}) for it in failures]

    tally = count([], successes)

    assert summarise(count([], failures)).message.startswith(failed)
    assert announcement("run", summarise(tally), tally).message.startswith(onboarded)


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (1, "Found 1 assigned number in no account any more (1 for the first time): "),
        (1200, "Found 1,200 assigned numbers in no account any more (1,200 for the first time): "),
    ],
)
def test_orphans_are_counted_in_words(count: int, told: str) -> None:
    now = datetime.now(UTC)
    event = FindOrphansEvent.model_validate(
        {
            "execution": "run",
            "started_at": now,
            "trust_product_sid": f"BU{1:032x}",
            "assigned": {"bucket": "b", "key": "assigned", "count": 0},
            "manifest": {"bucket": "b", "key": "manifest", "count": 0},
        }
    )
    orphans = [
        OrphanRecord(phone_number_sid=f"PN{number:032x}", named_by="run", named_at=now, account_sid=None)
        for number in range(count)
    ]

    assert orphans_announcement(event, orphans).message.startswith(told)


def test_failures_fit_into_one_event_however_long_their_messages() -> None:
    failed = count([], [outcome(f"AC{number:032x}", SubaccountStatus.FAILED, "é" * 30_000) for number in range(150)])

    told = announcement("run", summarise(failed), failed)

    assert len(told.model_dump_json().encode()) < EVENT_BYTES


def test_of_many_numbers_left_out_all_are_in_the_output_and_a_hundred_in_one_event() -> None:
    left_out = [LeftOutNumber(phone_number_sid=f"PN{number:032x}", reason="no " * 20) for number in range(499)]
    failed = [outcome(SIDS[0], SubaccountStatus.FAILED, "é" * 30_000)]

    for outcomes in (failed, [outcome(SIDS[0], SubaccountStatus.ONBOARDED)]):
        tally = count([], outcomes)
        summary = summarise(tally, left_out)
        told = announcement("run", summary, tally)

        assert summary.left_out == left_out
        assert len(summary.model_dump_json()) < STATE_BYTES
        assert isinstance(told, SubaccountsFailed | SubaccountsOnboarded)
        assert (told.numbers_left_out, len(told.left_out)) == (499, 100)
        assert f"{left_out[2].phone_number_sid} (no no" in told.message
        assert "and 496 more" in told.message
        assert len(told.model_dump_json().encode()) < EVENT_BYTES


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (None, SubaccountStatus.ONBOARDED),
        ({"Error": "SubaccountBusy", "Cause": "{}"}, SubaccountStatus.BUSY),
        ({"Error": "TwilioRefused", "Cause": "{}"}, SubaccountStatus.FAILED),
    ],
)
def test_the_error_that_was_caught_decides_the_status(error: dict[str, str] | None, status: SubaccountStatus) -> None:
    assert status_of(error) is status


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ({"Error": "TwilioRefused", "Cause": json.dumps({"errorMessage": "Twilio refused it."})}, "Twilio refused it."),
        ({"Error": "States.Timeout", "Cause": ""}, f"States.Timeout: no cause was given{HINT}"),
        ({"Error": "States.Timeout"}, f"States.Timeout: no cause was given{HINT}"),
        ({"Error": "TypeError", "Cause": json.dumps({"errorMessage": "no"})}, f"TypeError: no{HINT}"),
        ({"Error": "TypeError", "Cause": "{}"}, f"TypeError: {{}}{HINT}"),
    ],
)
def test_a_cause_is_read_whatever_it_is(error: dict[str, str], message: str) -> None:
    assert message_of(error) == message
