"""Bad input: one sentence that says what is wrong and where, and nothing changed at Twilio."""

from typing import Any

import pytest

from onboarding import credentials
from onboarding.errors import CredentialsRefused
from tests.machine.conftest import Start
from tests.world import NAMED, PROFILE, account, phone_number, posts, subaccount, told

PARENT = "AC" + "0123456789abcdef" * 2
UNKNOWN = "AC" + "e" * 32
OTHER_PROFILE = "BU" + "9" * 32


def profile(sid: str = PROFILE, status: str = "twilio-approved", *, primary: bool = True) -> dict[str, Any]:
    return {"sid": sid, "status": status, "primary": primary}


BAD_REQUESTS: dict[str, tuple[dict[str, Any], str]] = {
    "malformed subaccount SID": (
        {"subaccounts": [account(1), "AC123"]},
        "The request was refused: subaccounts[1]: 'AC123' is not AC and 32 hexadecimal digits.",
    ),
    "malformed profile SID": (
        {"business_profile_sid": "hello"},
        "The request was refused: business_profile_sid: 'hello' is not BU and 32 hexadecimal digits.",
    ),
    "unknown key": (
        {"subacounts": [account(1)]},
        "The request was refused: subacounts is not known (did you mean subaccounts?).",
    ),
    "unknown key inside": (
        {"trust_product": {"frendly_name": "Acme"}},
        "The request was refused: trust_product.frendly_name is not known (did you mean friendly_name?).",
    ),
    "several at once": (
        {"colour": "blue", "phone_numbers": ["PN1"]},
        (
            "The request was refused: phone_numbers[0]: 'PN1' is not PN and 32 hexadecimal digits; colour is not known "
            "(known: business_profile_sid, trust_product, subaccounts, phone_numbers, include_parent, regions, "
            "resubmit, release_orphans)."
        ),
    ),
    "phone_numbers without a subaccount": (
        {"phone_numbers": [phone_number(1, 0)]},
        "The request was refused: phone_numbers needs exactly one subaccount in subaccounts, and no include_parent.",
    ),
    "phone_numbers with two subaccounts": (
        {"phone_numbers": [phone_number(1, 0)], "subaccounts": [account(1), account(2)]},
        "The request was refused: phone_numbers needs exactly one subaccount in subaccounts, and no include_parent.",
    ),
    "unknown subaccount": (
        {"subaccounts": [UNKNOWN]},
        f"The request was refused: subaccounts[0]: {UNKNOWN} is not a subaccount of {PARENT}.",
    ),
    "unknown subaccount among others": (
        {"subaccounts": [account(1), UNKNOWN]},
        f"The request was refused: subaccounts[1]: {UNKNOWN} is not a subaccount of {PARENT}.",
    ),
    "the parent as a subaccount": (
        {"subaccounts": [PARENT]},
        (
            f"The request was refused: subaccounts[0]: {PARENT} is the parent account; "
            "leave it out and set include_parent."
        ),
    ),
    "suspended subaccount": (
        {"subaccounts": [account(2)]},
        (
            f"The request was refused: subaccounts[0]: {account(2)} is suspended; "
            "only active subaccounts can be worked on."
        ),
    ),
    "closed subaccount": (
        {"subaccounts": [account(1), account(3)]},
        f"The request was refused: subaccounts[1]: {account(3)} is closed; only active subaccounts can be worked on.",
    ),
    "unknown Trust Product": (
        {"trust_product": {"sid": OTHER_PROFILE}},
        (
            f"The request was refused: trust_product.sid: {OTHER_PROFILE} is not a SHAKEN/STIR Trust Product "
            f"of the account {PARENT}; leave it out to find or create one."
        ),
    ),
    "name and e-mail missing": (
        {},
        (
            "The request was refused: trust_product.friendly_name and trust_product.email: needed, since the account "
            f"{PARENT} has no SHAKEN/STIR Trust Product yet and one must be created."
        ),
    ),
    "e-mail missing": (
        {"trust_product": {"friendly_name": "Acme"}},
        (
            f"The request was refused: trust_product.email: needed, since the account {PARENT} "
            "has no SHAKEN/STIR Trust Product yet and one must be created."
        ),
    ),
    "malformed e-mail": (
        {"trust_product": {"friendly_name": "Acme", "email": "acme"}},
        "The request was refused: trust_product.email: 'acme' is not an e-mail address.",
    ),
    "unknown region": (
        {"regions": ["US", "XX"]},
        "The request was refused: regions: XX is not a region that libphonenumber knows.",
    ),
    "not what it should be": (
        {"include_parent": "perhaps"},
        "The request was refused: include_parent: input should be a valid boolean.",
    ),
}


@pytest.mark.parametrize("case", BAD_REQUESTS)
def test_a_bad_request_is_refused_in_one_sentence_before_anything_is_changed(start: Start, case: str) -> None:
    request, sentence = BAD_REQUESTS[case]
    local = start(subaccounts=[subaccount(1), subaccount(2, status="suspended"), subaccount(3, status="closed")])

    report = local.run(request)

    assert (report.status, report.error, report.cause) == ("FAILED", "InvalidRequest", told("InvalidRequest", sentence))
    assert posts(report.twilio_calls) == 0
    assert report.subaccounts == {}


BAD_PROFILES = {
    "named one not found": (
        [profile()],
        {"business_profile_sid": OTHER_PROFILE},
        "BusinessProfileNotFound",
        (
            f"business_profile_sid: the account {PARENT} has no Business Profile {OTHER_PROFILE}; "
            "copy the SID from the Console's Trust Hub, or leave it out."
        ),
    ),
    "none at all": (
        [profile(primary=False)],
        {},
        "BusinessProfileNotFound",
        f"The account {PARENT} has no primary Business Profile; create one in the Console's Trust Hub.",
    ),
    "named one not approved": (
        [profile(status="in-review")],
        {"business_profile_sid": PROFILE},
        "BusinessProfileNotApproved",
        (
            f"The Business Profile {PROFILE} is in-review, not twilio-approved; "
            "complete it in the Console's Trust Hub and send the request again."
        ),
    ),
    "only one not approved": (
        [profile(status="draft")],
        {},
        "BusinessProfileNotApproved",
        (
            f"The Business Profile {PROFILE} is draft, not twilio-approved; "
            "complete it in the Console's Trust Hub and send the request again."
        ),
    ),
    "several to choose from": (
        [profile(), profile(OTHER_PROFILE)],
        {},
        "BusinessProfileAmbiguous",
        (
            f"The account {PARENT} has several approved primary Business Profiles ({PROFILE}, {OTHER_PROFILE}); "
            "name one as business_profile_sid."
        ),
    ),
}


@pytest.mark.parametrize("case", BAD_PROFILES)
def test_a_profile_that_cannot_be_used_is_told_before_anything_is_changed(start: Start, case: str) -> None:
    profiles, request, name, sentence = BAD_PROFILES[case]
    local = start(profiles=profiles, review={"seconds": 100_000})

    report = local.run({**NAMED, **request})

    assert (report.status, report.error, report.cause) == ("FAILED", name, told(name, sentence))
    assert posts(report.twilio_calls) == 0


def test_of_several_profiles_the_one_that_the_request_names_is_used(start: Start) -> None:
    local = start(profiles=[profile(), profile(OTHER_PROFILE)])

    assert local.run({**NAMED, "business_profile_sid": OTHER_PROFILE}).status == "SUCCEEDED"
    assert len(list(local.simulator.state.customer_profiles[OTHER_PROFILE].endpoints)) == 4


def test_wrong_credentials_are_told_without_the_token(start: Start) -> None:
    local = start()
    secret = f'{{"account_sid": "{PARENT}", "auth_token": "a-wrong-token"}}'
    local.engine.client("secretsmanager").put_secret_value(
        SecretId=local.engine.environment["TWILIO_SECRET_ARN"], SecretString=secret
    )

    report = local.run(NAMED)

    assert (report.status, report.error) == ("FAILED", "CredentialsRefused")
    assert report.cause == told(
        "CredentialsRefused",
        "Twilio refused the credentials at GET /v1/CustomerProfiles ('Authenticate'); "
        "check the account SID and Auth Token in the secret, they must be the parent account's.",
    )


@pytest.mark.parametrize("content", ["not JSON", "{}", '{"account_sid": "AC1", "auth_token": "t-o-k-e-n"}'])
def test_a_secret_that_holds_no_credentials_is_told_without_its_content(start: Start, content: str) -> None:
    local = start()
    arn = local.engine.environment["TWILIO_SECRET_ARN"]
    local.engine.client("secretsmanager").put_secret_value(SecretId=arn, SecretString=content)

    report = local.run(NAMED)

    assert (report.status, report.error) == ("FAILED", "CredentialsRefused")
    assert report.cause == told(
        "CredentialsRefused",
        f'The secret {arn} must hold {{"account_sid": "AC…", "auth_token": "…"}} as JSON; '
        "put the parent account's SID and Auth Token there.",
    )


def test_a_secret_without_a_value_is_told(start: Start) -> None:
    local = start()
    empty = local.engine.client("secretsmanager").create_secret(Name="empty")["ARN"]

    with pytest.raises(CredentialsRefused) as refusal:
        credentials.read(empty)

    assert f"The secret {empty} must hold" in str(refusal.value)


def test_a_noncompliant_product_is_not_submitted(start: Start) -> None:
    """The evaluation, too, can fail: here the profile lost its approval after it was found."""
    local = start()
    [approved] = local.simulator.state.customer_profiles
    hub_calls = local.simulator._app

    def revoke_once_connected(request: Any) -> Any:
        if request.path.endswith("/Evaluations"):
            approved.status = "twilio-rejected"
        return original(request)

    original = hub_calls.answer
    local.simulator._server.answer = revoke_once_connected  # type: ignore[union-attr]

    report = local.run(NAMED)

    assert (report.status, report.error) == ("FAILED", "TrustProductNoncompliant")
    assert report.cause
    assert "noncompliant" in report.cause
    assert "POST /v1/TrustProducts/{Sid}" not in report.twilio_calls


def test_a_parent_without_an_active_subaccount_must_ask_for_its_own_numbers(start: Start) -> None:
    local = start(subaccounts=[subaccount(1, status="suspended")])

    report = local.run(NAMED)

    assert (report.status, report.error) == ("FAILED", "InvalidRequest")
    assert report.cause == told(
        "InvalidRequest",
        f"The account {PARENT} has no active subaccount; set include_parent to work on the parent's own numbers.",
    )
    assert posts(report.twilio_calls) == 0
