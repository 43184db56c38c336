"""What is recognised as a phone number and what is not; nothing unmasked hangs on an error, or stands in a line."""

import io
import json
import sys
import traceback
from collections.abc import Callable

import pytest
from pydantic import BaseModel

from onboarding import masking
from onboarding.errors import TwilioRefused
from onboarding.masking import learn_secrets, mask, raises_masked
from onboarding.observability import logger
from onboarding.twilio.trust_hub import of_account

NUMBER = "+14155550123"


@pytest.mark.parametrize(
    "written",
    [
        NUMBER,
        "%2B14155550123",
        "%2b1%20415%20555%200123",
        "%2B1+%28415%29+555-0123",
        r"\u002b14155550123",
        "+1 415 555 0123",
        "+1-415-555-0123",
        "+1 (415) 555-0123",
        "+1.415.555.0123",
        "+1 415\N{EN DASH}555\N{NON-BREAKING HYPHEN}0123",
        "\N{FULLWIDTH PLUS SIGN}14155550123",
        "4155550123",
        "14155550123",
        "04155550123",
        "415-555-0123",
        "1-415-555-0123",
        "415.555.0123",
        "(415) 555-0123",
        "(415)555-0123",
        "(415) 5550123",
        "1 (415) 555-0123",
        "%28415%29%20555-0123",
        "+44 20 7955 0123",
        "+447955550123",
        "+49 (0)30 2355 0123",
        "+1415550123",
        "+141555555555550123",
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "The number {} is not yours.",
        "'{}', '+12125550199'",
        '{{"number":"{}"}}',
        "?To={}&Code=22203",
        "%22{}%22",
        "{}: HTTP 400",
        r"\n{}\n",
    ],
)
def test_of_a_phone_number_the_last_four_digits_are_told(written: str, text: str) -> None:
    assert mask(text.format(written)) == text.format("+…0123").replace("+12125550199", "+…0199")


@pytest.mark.parametrize(
    "text",
    [
        "AC12345678901234567890123456789012",
        "PN00000000000000000000000000000001 of AC41555501231415555012341555501230",
        "POST /v1/TrustProducts/BU0123456789012345678901234567890a/ChannelEndpointAssignments",
        "0f3c3a39-5d43-4d38-9c0b-123456789012",
        "12345678-1234-4123-8123-123456789012",
        "1-5759e988-123456789012345678901234",
        "arn:aws:states:us-east-1:123456789012:stateMachine:onboarding",
        "shaken-stir-manifests-123456789012-us-east-1",
        "code 21211, HTTP 400; see https://www.twilio.com/docs/errors/21211",
        "HTTP 400 415 times",
        "http://127.0.0.1:45678/2018-06-01/runtime",
        "1795348800",
        "1795348800.4155550123",
        "1795348800123",
        "2026-11-22T12:00:00.123456+00:00",
        "2026-11-22 12:00:00,123+0000",
        "2026-11-22 12:00:00 +0200 2026-11-22 12:00:00",
        "20261122T120000Z",
        "0.4155550123",
        "255.255.255.255",
        "9" * 64,
    ],
)
def test_what_is_no_phone_number_stays_as_it_is(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    "text", [f"{NUMBER} +14155550124 14155550125", "+447955550123 14155550124", f"{NUMBER} 3 times", f"{NUMBER}-4"]
)
def test_a_number_ends_before_the_next(text: str) -> None:
    assert len(mask(text)) < len(text)
    assert not any(digits in mask(text) for digits in ("555", "955"))
    assert mask(text).startswith("+…0123")


class Record(BaseModel):
    sid: int
    other: str = ""


def refused() -> None:
    raise TwilioRefused("POST /v1/Things", 400, 21211, f"{NUMBER} is not yours", None)


def unknown() -> None:
    raise KeyError(NUMBER)


def unreadable() -> None:
    Record.model_validate({"sid": f"x{NUMBER}", "other": 10 * NUMBER})


def chained() -> None:
    try:
        unknown()
    except KeyError as error:
        error.add_note(NUMBER)
        raise ValueError("not a number") from error


def handled() -> None:
    try:
        unknown()
    except KeyError:
        raise ValueError("not a number")  # noqa: B904 - it has the other error as its context


@pytest.mark.parametrize(
    ("failing", "name"),
    [
        (refused, "TwilioRefused"),
        (unknown, "KeyError"),
        (unreadable, "ValidationError"),
        (chained, "ValueError"),
        (handled, "ValueError"),
    ],
)
def test_an_error_keeps_its_name_and_its_source_lines_and_no_number(failing: Callable[[], None], name: str) -> None:
    with pytest.raises(Exception, match=r".") as caught:
        raises_masked(failing)()

    error = caught.value
    printed = "".join(traceback.format_exception(error))
    assert type(error).__name__ == name
    assert (error.__cause__, error.__context__, vars(error)) == (None, None, {})
    assert failing.__name__ in printed
    assert not any(digits in printed for digits in ("1415", "5555", "55501"))


def test_what_pydantic_found_is_told_without_the_data() -> None:
    wrong = "input should be a valid integer, unable to parse string as an integer"

    with pytest.raises(Exception, match=rf"^Record: sid: {wrong}$"):
        raises_masked(unreadable)()


def test_a_line_of_the_log_is_masked_wherever_the_number_is(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr(sys, "stdout", written)
    try:
        unknown()
    except KeyError as error:
        logger().exception(
            "no %s", NUMBER, extra={"said": f"{NUMBER}!", "all": [NUMBER, {NUMBER: error}], "count": 3, "none": None}
        )
    logger().warning({"to": NUMBER})

    first, second = map(json.loads, written.getvalue().splitlines())
    assert "415555" not in written.getvalue()
    assert (first["message"], first["said"]) == ("no +…0123", "+…0123!")
    assert (first["all"], first["count"]) == (["+…0123", {"+…0123": "'+…0123'"}], 3)
    assert (first["exception_name"], first["level"]) == ("KeyError", "ERROR")
    assert second["message"] == {"to": "+…0123"}


def test_a_secret_that_the_process_knows_is_hidden_wherever_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_secrets", set())
    learn_secrets("s3cret-token-of-16!", "short")

    assert mask("refused s3cret-token-of-16! and short") == "refused … and short"


def test_a_sid_of_the_same_digits_as_a_secret_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_secrets", set())
    learn_secrets("0123456789abcdef" * 2)

    assert mask(f"AC{'0123456789abcdef' * 2}: {'0123456789abcdef' * 2}") == f"AC{'0123456789abcdef' * 2}: …"


@pytest.mark.parametrize(
    "text",
    [
        '{"auth_token": "SECRET"}',
        "auth_token=SECRET",
        "AuthToken: 'SECRET'",
        "auth_token%3DSECRET",
        "the auth token is SECRET",
        "TWILIO_AUTH_TOKEN=SECRET",
        "Authorization: Basic QUMwMTIzNDU2Nzg5YWJjZGVmOnRva2Vu",
    ],
)
def test_what_is_named_as_a_token_is_hidden(text: str) -> None:
    written = mask(text.replace("SECRET", "0a" * 16))

    assert "0a" * 16 not in written
    assert "QUMw" not in written
    assert written.count("…") == 1


def test_the_token_of_a_client_is_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_secrets", set())

    of_account("AC" + "1" * 32, "token-of-this-test")

    assert mask("it is token-of-this-test") == "it is …"
