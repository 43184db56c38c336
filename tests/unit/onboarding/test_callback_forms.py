"""The form of a callback: all of it is signed, and the table keeps what it can."""

from onboarding.twilio.callback import read_form


def test_all_values_of_a_parameter_are_signed_and_the_last_one_is_kept() -> None:
    form = read_form(b"Status=in-review&Status=twilio-approved&FailureReason=")

    assert form.getlist("Status") == ["in-review", "twilio-approved"]
    assert form.last == {"Status": "twilio-approved", "FailureReason": ""}


def test_a_parameter_without_a_name_is_signed_and_not_kept() -> None:
    form = read_form(b"=x&Status=in-review")

    assert form.getlist("") == ["x"]
    assert form.last == {"Status": "in-review"}
