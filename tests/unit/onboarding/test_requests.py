"""The request: what is accepted, what is filled in, how what is wrong is put into words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from onboarding.errors import InvalidRequest
from onboarding.requests import OnboardingRequest
from onboarding.settings import Settings
from onboarding.validation import describe
from read_request import complete, read

STARTED = datetime(2026, 11, 22, 12, tzinfo=UTC)
ACCOUNT = "AC" + "1" * 32


ENVIRONMENT = {
    "TABLE_NAME": "table",
    "MANIFEST_BUCKET": "bucket",
    "TWILIO_SECRET_ARN": "arn",
    "EVENT_BUS_NAME": "stack",
    "DAILY_RUN": "false",
    "REGIONS": "US",
    "INCLUDE_PARENT": "false",
    "OWN_NUMBERS": "false",
    "MAP_CONCURRENCY": "8",
    "THREADS_PER_FUNCTION": "2",
    "POLL_SECONDS": "3600",
    "REVIEW_TIMEOUT_DAYS": "14",
    "LEASE_SECONDS": "900",
    "FUNCTION_SECONDS": "300",
    "LIST_SETTLE_SECONDS": "10",
}


def settings(**changes: Any) -> Settings:
    return Settings.model_validate(ENVIRONMENT | changes)


def test_an_empty_request_means_the_whole_fleet_with_the_deployment_s_defaults() -> None:
    defaults = settings(TRUST_PRODUCT_FRIENDLY_NAME="Acme", TRUST_PRODUCT_EMAIL="a@acme.example", REGIONS="US,CA")

    request = complete(read({}), "run-1", STARTED, defaults)

    assert request.subaccounts is None
    assert request.regions == ["US", "CA"]
    assert request.trust_product.friendly_name == "Acme"
    assert request.trust_product.email == "a@acme.example"
    assert request.map_concurrency == 8
    assert request.poll_seconds == 3600
    assert request.review_deadline == STARTED + timedelta(days=14)


def test_what_the_request_says_comes_before_the_defaults() -> None:
    asked = {"trust_product": {"friendly_name": "Other"}, "regions": ["CA"], "resubmit": True}

    request = complete(read(asked), "run-1", STARTED, settings(TRUST_PRODUCT_FRIENDLY_NAME="Acme"))

    assert request.trust_product.friendly_name == "Other"
    assert request.regions == ["CA"]
    assert request.resubmit


def test_a_sid_that_is_named_twice_is_worked_on_once() -> None:
    request = complete(read({"subaccounts": [ACCOUNT, ACCOUNT]}), "run-1", STARTED, settings())

    assert request.subaccounts == [ACCOUNT]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"regions": ["US", "CA", "US"]}, "regions: US is there more than once"),
        ({"trust_product": {"friendly_name": "Acme\x1b[31m"}}, "it has a control character: leave it out"),
        ({"trust_product": {"email": "a\x00@acme.example"}}, "it has a control character: leave it out"),
        ({"regions": ["usa"]}, "regions[0]: 'usa' is not two capital letters, such as US"),
        ({"subaccounts": []}, "subaccounts must not be empty"),
        ({"trust_product": "Acme"}, "trust_product must be a JSON object"),
        (
            {"release_orphans": True, "subaccounts": [f"AC{1:032x}"]},
            "release_orphans needs the whole fleet: leave subaccounts out",
        ),
        ({"subacounts": []}, "subacounts is not known (did you mean subaccounts?)"),
        ({"phone_number": []}, "phone_number is not known (did you mean phone_numbers?)"),
        ({"trust_product": {"e-mail": ""}}, "trust_product.e-mail is not known (did you mean email?)"),
        ({"trust_product": {"colour": ""}}, "trust_product.colour is not known (known: friendly_name, email, sid)"),
        ([], "it must be a JSON object"),
        (None, "it must be a JSON object"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(wrong: Any, told: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        read(wrong)

    assert told in str(refusal.value)
    assert str(refusal.value).startswith("The request was refused: ")


def test_a_key_is_looked_for_among_those_of_its_own_place() -> None:
    class Inner(BaseModel, extra="forbid"):
        colour: str = ""

    class Outer(BaseModel, extra="forbid"):
        flavour: str = ""
        inner: list[Inner] | None = None

    with pytest.raises(ValidationError) as error:
        Outer.model_validate({"inner": [{}, {"color": ""}, {"flavor": ""}]})

    assert describe(error.value, Outer) == (
        "inner[1].color is not known (did you mean colour?); inner[2].flavor is not known (known: colour)"
    )


@pytest.mark.parametrize("field", OnboardingRequest.model_fields)
def test_every_field_may_be_left_out(field: str) -> None:
    assert not OnboardingRequest.model_fields[field].is_required()


def test_an_empty_variable_counts_as_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from onboarding import settings as module  # noqa: PLC0415

    for name, value in {**ENVIRONMENT, "PUBLIC_BASE_URL": ""}.items():
        monkeypatch.setenv(name, value)

    assert module.load().public_base_url is None
    monkeypatch.delenv("TABLE_NAME")
    with pytest.raises(ValidationError):
        module.load()
