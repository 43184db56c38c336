"""Which addresses may answer in Twilio's place: they get the Auth Token."""

import re

import pytest

from shaken_stir.live import rehearsal
from shaken_stir.live.rehearsal import RehearsalError


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        ("http://127.0.0.1:8010", "http://127.0.0.1:8010"),
        ("http://127.0.0.1:8010/", "http://127.0.0.1:8010"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("HTTP://LocalHost:8010", "http://localhost:8010"),
        ("http://[::1]:8010", "http://[::1]:8010"),
        ("https://twilio.acme.example", "https://twilio.acme.example"),
        ("https://192.0.2.1:8443/", "https://192.0.2.1:8443"),
    ],
)
def test_this_machine_may_answer_in_clear_and_any_other_over_https(typed: str, taken: str) -> None:
    assert rehearsal.address(typed) == taken


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("https://api.twilio.com", "api.twilio.com is Twilio itself"),
        ("https://TrustHub.Twilio.com.", "trusthub.twilio.com. is Twilio itself"),
        ("https://twilio.com:8443", "twilio.com is Twilio itself"),
        ("http://192.0.2.1:8010", "The Auth Token would be sent in clear to 192.0.2.1"),
        ("http://0.0.0.0:8010", "in clear to 0.0.0.0"),
        ("http://twilio.acme.example", "in clear to twilio.acme.example"),
        ("http://localhost.acme.example", "in clear to localhost.acme.example"),
        ("http://127.0.0.1.acme.example", "in clear to 127.0.0.1.acme.example"),
        ("http://127.0.0.1@acme.example", "takes no credentials"),
        (r"http://127.0.0.1\@acme.example", "takes no credentials"),
        ("http://acme.example#@127.0.0.1", "has something behind the host"),
        ("http://user:secret@127.0.0.1:8010", "takes no credentials"),
        ("http://127.0.0.1:8010/v1", "has something behind the host"),
        ("http://127.0.0.1:8010/?a=b", "has something behind the host"),
        ("http://127.0.0.1:99999", "is no URL"),
        ("ftp://127.0.0.1", "is no http or https URL"),
        ("127.0.0.1:8010", "is no http or https URL"),
        ("http://", "is no http or https URL"),
        ("", "is no http or https URL"),
    ],
)
def test_any_other_address_is_refused(typed: str, told: str) -> None:
    with pytest.raises(RehearsalError, match=re.escape(told)) as refused:
        rehearsal.address(typed)

    assert "secret" not in str(refused.value)
