"""Bad requests: one sentence that says what is wrong and where, and nothing changed at Twilio."""

from typing import Any

import pytest

from onboarding.table.outcomes import read_fleet
from shaken_stir.engine.functions import FunctionFailed
from tests.steps.conftest import Start
from tests.steps.steps import Steps
from tests.world import NAMED, PROFILE, account, phone_number, posts, subaccount, told

PARENT = "AC" + "0123456789abcdef" * 2
UNKNOWN = "AC" + "e" * 32
NO_PRODUCT = "BU" + "9" * 32
MISSPELT = "PN" + "f" * 32

BAD_REQUESTS: dict[str, tuple[dict[str, Any], str]] = {
    "malformed subaccount SID": (
        {"subaccounts": [account(1), "AC123"]},
        "The request was refused: subaccounts[1]: 'AC123' is not AC and 32 hexadecimal digits.",
    ),
    "malformed profile SID": (
        {"business_profile_sid": "hello"},
        "The request was refused: business_profile_sid: 'hello' is not BU and 32 hexadecimal digits.",
    ),
    "several at once": (
        {"colour": "blue", "phone_numbers": ["PN1"]},
        (
            "The request was refused: phone_numbers[0]: 'PN1' is not PN and 32 hexadecimal digits; colour is not known "
            "(known: business_profile_sid, trust_product, subaccounts, phone_numbers, include_parent, "
            "own_numbers, regions, resubmit, release_orphans)."
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
        {"trust_product": {"sid": NO_PRODUCT}},
        (
            f"The request was refused: trust_product.sid: {NO_PRODUCT} is not a SHAKEN/STIR Trust Product "
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


def is_refused(steps: Steps, request: dict[str, Any], sentence: str) -> None:
    with pytest.raises(FunctionFailed) as failed:
        steps.begin(request)
    assert failed.value.error["errorType"] == "InvalidRequest"
    assert failed.value.error["errorMessage"] == told("InvalidRequest", sentence)
    assert posts(steps.simulator.calls) == 0
    assert read_fleet(steps.table) == []


@pytest.mark.parametrize("case", BAD_REQUESTS)
def test_a_bad_request_is_refused_in_one_sentence_before_anything_is_changed(start: Start, case: str) -> None:
    request, sentence = BAD_REQUESTS[case]
    steps = start(subaccounts=[subaccount(1), subaccount(2, status="suspended"), subaccount(3, status="closed")])

    is_refused(steps, request, sentence)


def test_a_parent_without_an_active_subaccount_must_ask_for_its_own_numbers(start: Start) -> None:
    is_refused(
        start(subaccounts=[subaccount(1, status="suspended")]),
        NAMED,
        f"The account {PARENT} has no active subaccount; set include_parent to work on the parent's own numbers.",
    )


@pytest.mark.parametrize(
    ("sids", "words"),
    [
        ([phone_number(2, 0)], f"{phone_number(2, 0)} is not a number"),
        ([MISSPELT], f"{MISSPELT} is not a number"),
        ([MISSPELT, phone_number(2, 0)], f"{MISSPELT}, {phone_number(2, 0)} are not numbers"),
        (
            [phone_number(7, number) for number in range(102)],
            f"{', '.join(phone_number(7, number) for number in range(100))} and 2 more are not numbers",
        ),
    ],
    ids=["another account's", "misspelt", "both", "many"],
)
def test_a_request_of_wrong_numbers_alone_is_told_before_a_product_is_made(
    start: Start, sids: list[str], words: str
) -> None:
    is_refused(
        start(),
        {"subaccounts": [account(1)], "phone_numbers": sids, **NAMED},
        f"The request was refused: phone_numbers: {words} of {account(1)}",
    )


def test_a_step_that_is_invoked_by_itself_says_what_its_event_lacks(start: Start) -> None:
    error, sentence = start().failure("submit_trust_product", trust_product={"sid": NO_PRODUCT, "state": "draft"})

    assert error == "InvalidRequest"
    assert "SubmitTrustProductEvent: trust_product.status is missing" in sentence


def test_a_step_that_is_given_numbers_which_nobody_has_listed_says_which_step_comes_first(start: Start) -> None:
    error, sentence = start().failure(
        "assign_to_business_profile",
        business_profile_sid=PROFILE,
        subaccount_sid=account(1),
        phone_numbers=[phone_number(1, 0)],
    )

    assert error == "InvalidRequest"
    wanted = f"phone_numbers: not in the table of {account(1)}: {phone_number(1, 0)}; run List Phone Numbers first"
    assert wanted in sentence
