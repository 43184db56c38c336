"""Which Business Profile a run uses, and with whose credentials; what cannot be used is told in one sentence."""

from types import SimpleNamespace
from typing import Any

import pytest

from onboarding import clients
from tests.steps.conftest import Client, Start
from tests.world import PROFILE, told

PARENT = "AC" + "0123456789abcdef" * 2
OTHER = "BU" + "9" * 32


def profile(sid: str = PROFILE, status: str = "twilio-approved", *, primary: bool = True) -> dict[str, Any]:
    return {"sid": sid, "status": status, "primary": primary}


BAD_PROFILES = {
    "named one not found": (
        [profile()],
        OTHER,
        "BusinessProfileNotFound",
        (
            f"business_profile_sid: the account {PARENT} has no Business Profile {OTHER}; "
            "copy the SID from the Console's Trust Hub, or leave it out."
        ),
    ),
    "none at all": (
        [],
        None,
        "BusinessProfileNotFound",
        f"The account {PARENT} has no primary Business Profile; create one in the Console's Trust Hub.",
    ),
    "named one not approved": (
        [profile(status="in-review")],
        PROFILE,
        "BusinessProfileNotApproved",
        (
            f"The Business Profile {PROFILE} is in-review, not twilio-approved; "
            "Twilio is still reviewing it: wait until it is approved, then send the request again."
        ),
    ),
    "only one not approved": (
        [profile(status="draft")],
        None,
        "BusinessProfileNotApproved",
        (
            f"The Business Profile {PROFILE} is draft, not twilio-approved; "
            "complete it in the Console's Trust Hub and send the request again."
        ),
    ),
}


@pytest.mark.parametrize("case", BAD_PROFILES)
def test_a_profile_that_cannot_be_used_is_told(start: Start, case: str) -> None:
    profiles, named, error, sentence = BAD_PROFILES[case]
    steps = start(profiles=profiles)

    assert steps.failure("find_business_profile", business_profile_sid=named) == (error, told(error, sentence))


@pytest.mark.parametrize("named", [PROFILE, OTHER])
def test_of_several_profiles_the_one_that_the_request_names_is_used(start: Start, named: str) -> None:
    steps = start(profiles=[profile(), profile(OTHER)])

    assert steps.invoke("find_business_profile", business_profile_sid=named)["sid"] == named


def test_wrong_credentials_are_told_without_the_token(start: Start, client: Client) -> None:
    secret = f'{{"account_sid": "{PARENT}", "auth_token": "a-wrong-token"}}'
    steps = start(TWILIO_SECRET_ARN=client("secretsmanager").create_secret(Name="wrong", SecretString=secret)["ARN"])

    assert steps.failure("find_business_profile", business_profile_sid=None) == (
        "CredentialsRefused",
        told(
            "CredentialsRefused",
            "Twilio refused the credentials at GET /v1/CustomerProfiles ('Authenticate'); "
            "check the account SID and Auth Token in the secret, they must be the parent account's.",
        ),
    )


@pytest.mark.parametrize("content", ["not JSON", "{}", '{"account_sid": "AC1", "auth_token": "t-o-k-e-n"}', None])
def test_a_secret_that_holds_no_credentials_is_told_without_its_content(
    start: Start, client: Client, content: str | None
) -> None:
    value = {"SecretString": content} if content else {}
    arn = client("secretsmanager").create_secret(Name=f"holds {content}"[:20].replace('"', ""), **value)["ARN"]
    steps = start(TWILIO_SECRET_ARN=arn)

    assert steps.failure("find_business_profile", business_profile_sid=None) == (
        "CredentialsRefused",
        told(
            "CredentialsRefused",
            f'The secret {arn} must hold {{"account_sid": "AC…", "auth_token": "…"}} as JSON; '
            "put the parent account's SID and Auth Token there.",
        ),
    )


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("AccessDeniedException", 400, "ClientError"),
        ("ThrottlingException", 400, "AwsUnavailable"),
        ("InternalServiceError", 500, "AwsUnavailable"),
    ],
)
def test_what_aws_says_instead_of_giving_the_secret_is_told_and_what_passes_is_tried_again(
    start: Start, code: str, status: int, error: str
) -> None:
    steps = start()
    events: Any = clients.secrets_manager().meta.events

    def refuse(**_: Any) -> tuple[SimpleNamespace, dict[str, Any]]:
        answer = {"Error": {"Code": code, "Message": "Not now"}, "ResponseMetadata": {"HTTPStatusCode": status}}
        return SimpleNamespace(status_code=status), answer

    events.register_first("before-call.secrets-manager.GetSecretValue", refuse)
    try:
        failed, sentence = steps.failure("find_business_profile", business_profile_sid=None)
    finally:
        events.unregister("before-call.secrets-manager.GetSecretValue", refuse)

    assert failed == error
    assert "GetSecretValue" in sentence
    assert "Not now" in sentence


def test_one_404_for_a_profile_that_was_seen_before_is_no_deletion(start: Start) -> None:
    steps = start(profiles=[profile()])
    assert steps.invoke("find_business_profile", business_profile_sid=PROFILE)["sid"] == PROFILE
    lost = steps.simulator.controls.plan_fault(operation="GET /v1/CustomerProfiles/{Sid}", status=404, code=20404)

    assert steps.invoke("find_business_profile", business_profile_sid=PROFILE)["sid"] == PROFILE
    assert lost.happened == 1
