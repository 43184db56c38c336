"""What is heard of requests without an answer, and what is taken from our sentences."""

import json
import logging

import pytest

from shaken_stir.retries import HTTP_CLIENT, PATIENCE, Retry, Unanswered, reason, together, told

client, patience = logging.getLogger(HTTP_CLIENT), logging.getLogger(PATIENCE)


def test_a_request_is_unanswered_until_it_is_over() -> None:
    unanswered = Unanswered()
    with unanswered.listening():
        client.info("%s", "no answer")
        client.info("%s", "no answer again")
        [retry] = unanswered.under_way()
        client.debug("over")

    assert (retry.reason, retry.attempt) == ("no answer again", 2)
    assert unanswered.under_way() == []


def test_what_is_asked_again_after_a_pause_is_unanswered_since_its_first_request() -> None:
    heard: list[Retry] = []
    unanswered = Unanswered(heard.append)
    with unanswered.listening():
        client.info("no answer")
        client.debug("over")
        patience.info("failed")
        client.info("no answer")
        client.debug("over")
        client.debug("over, with an answer")
        patience.info("failed for another reason")

    assert [retry.attempt for retry in heard] == [1, 2, 3, 1]
    assert heard[0].since == heard[1].since == heard[2].since < heard[3].since


def test_nobody_is_told_once_it_is_not_listened_to(capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[Retry] = []
    with Unanswered(heard.append).listening():
        pass
    client.info("no answer")

    assert heard == []
    assert client.level == logging.NOTSET
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (
            json.dumps({"errorMessage": "Twilio failed; send it again later (docs/errors.md#x).", "errorType": "T"}),
            "Twilio failed",
        ),
        (json.dumps({"errorMessage": "Somebody is at work (docs/errors.md#x)."}), "Somebody is at work"),
        ("Task timed out.", "Task timed out"),
        ("Rate Exceeded. (Service: Lambda, Status Code: 429, Request ID: a-b)", "Rate Exceeded"),
        ("[1]", "[1]"),
        ("", "States.Timeout"),
    ],
)
def test_of_a_cause_what_happened_is_told(cause: str, said: str) -> None:
    assert reason("States.Timeout", cause) == said


def test_a_state_s_retries_are_told_together_and_in_the_place_of_requests() -> None:
    since = "2026-01-01T00:00:00Z"
    state = Retry.model_validate({"state": "A", "reason": "r", "since": since, "next_at": since})
    request = Retry.model_validate({"state": None, "reason": "r", "since": since})

    assert together([state, request, state]) == [[state, state]]
    assert together([request, request]) == [[request, request]]
    assert told([request, request], state.since).startswith("r and 1 other request; sent again since ")
    assert told([state], state.since).endswith(", being tried now")
