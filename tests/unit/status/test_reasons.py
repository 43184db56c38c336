"""Why a number is signed or not, whose move it is, and the sentence that matters."""

from datetime import UTC, datetime, timedelta

import pytest

from onboarding.phone_numbers import REFUSED_AGAIN_AFTER, PhoneNumberRecord, Stage
from onboarding.subaccounts import SubaccountStatus
from onboarding.trust_products import DELETED, Status
from shaken_stir.cli.commands.status import REASONS
from shaken_stir.status.model import (
    MOVES,
    NEED_A_PERSON,
    Counts,
    FleetStatus,
    Move,
    ProductStatus,
    ProfileStatus,
    Reason,
    SubaccountStanding,
)
from shaken_stir.status.reasons import Bundles, counts_of, headline, number_status, reason_of

NOW = datetime.now(UTC)
SID, PRODUCT, OTHER, PROFILE = f"AC{1:032x}", f"BU{1:032x}", f"BU{2:032x}", f"BU{3:032x}"


def product(status: Status = Status.APPROVED, **more: object) -> ProductStatus:
    return ProductStatus.model_validate({"sid": PRODUCT, "status": status, **more})


def bundles(
    of: Status | ProductStatus = Status.APPROVED, profile: Status = Status.APPROVED, since: datetime | None = None
) -> Bundles:
    used = of if isinstance(of, ProductStatus) else product(of)
    return Bundles(used, ProfileStatus(sid=PROFILE, status=profile, since=since))


def on_both(**more: object) -> PhoneNumberRecord:
    return record(Stage.ON_TRUST_PRODUCT, **{"business_profile_sid": PROFILE, "trust_product_sid": PRODUCT} | more)


def subaccount(status: str = "onboarded", **more: object) -> SubaccountStanding:
    given = {
        "sid": SID,
        "friendly_name": "Shop",
        "status": status,
        "counts": Counts(by_reason={}),
        "recorded_at": NOW,
        **more,
    }
    return SubaccountStanding.model_validate(given)


def record(stage: Stage, **more: object) -> PhoneNumberRecord:
    given = {"phone_number_sid": f"PN{1:032x}", "phone_number": "+15125550100", "stage": stage, **more}
    return PhoneNumberRecord.model_validate(given)


@pytest.mark.parametrize(
    ("stage", "status", "reason"),
    [
        (Stage.ON_TRUST_PRODUCT, "onboarded", Reason.SIGNED),
        (Stage.ON_TRUST_PRODUCT, "failed", Reason.SIGNED),
        (Stage.ON_BUSINESS_PROFILE, "onboarded", Reason.TO_DO),
        (Stage.DISCOVERED, "onboarded", Reason.TO_DO),
        (Stage.DISCOVERED, "in_progress", Reason.UNDER_WAY),
        (Stage.DISCOVERED, "failed", Reason.FAILED),
        (Stage.REFUSED, "failed", Reason.REFUSED),
        (Stage.INELIGIBLE, "onboarded", Reason.INELIGIBLE),
        (Stage.RELEASED, "onboarded", Reason.RELEASED),
    ],
)
def test_a_number_s_stage_and_its_account_s_last_run_say_why(stage: Stage, status: str, reason: Reason) -> None:
    assert reason_of(stage, bundles(), SubaccountStatus(status)) is reason


@pytest.mark.parametrize(
    ("status", "reason", "move"),
    [
        (Status.APPROVED, Reason.SIGNED, Move.NOBODY),
        (Status.IN_REVIEW, Reason.IN_REVIEW, Move.TWILIO),
        (Status.PENDING_REVIEW, Reason.IN_REVIEW, Move.TWILIO),
        (Status("provisionally-approved"), Reason.IN_REVIEW, Move.TWILIO),
        (Status.REJECTED, Reason.REJECTED, Move.CUSTOMER),
        (Status.DRAFT, Reason.NOT_SUBMITTED, Move.OPERATOR),
    ],
)
def test_a_number_on_the_product_is_signed_once_that_is_approved(status: Status, reason: Reason, move: Move) -> None:
    told = number_status(on_both(), subaccount(), bundles(status), NOW)

    assert (told.reason, told.move) == (reason, move)
    assert told.signed is (status is Status.APPROVED)
    assert told.explanation


def test_a_number_on_another_product_is_not_signed_by_this_one() -> None:
    told = number_status(on_both(trust_product_sid=OTHER), subaccount(), bundles(), NOW)

    assert (told.reason, told.signed) == (Reason.TO_DO, False)
    assert told.explanation == f"it is on another Trust Product, {OTHER}"


def test_a_number_on_another_profile_is_not_signed_by_this_one() -> None:
    told = number_status(on_both(business_profile_sid=OTHER), subaccount(), bundles(), NOW)

    assert (told.reason, told.explanation) == (Reason.TO_DO, f"it is on another Business Profile, {OTHER}")


@pytest.mark.parametrize(
    ("of", "explanation"),
    [
        (product(DELETED), f"the Trust Product that it was on, {PRODUCT}, no longer exists at Twilio"),
        (
            product(connected=False),
            f"the Trust Product that it is on, {PRODUCT}, is not connected to the Business Profile",
        ),
    ],
)
def test_a_product_that_is_gone_or_not_connected_signs_nothing(of: ProductStatus, explanation: str) -> None:
    told = number_status(on_both(), subaccount(), bundles(of), NOW)

    assert (told.reason, told.explanation) == (Reason.TO_DO, explanation)


@pytest.mark.parametrize("later", ["number", "product", "profile", "connection"])
def test_a_signed_number_is_signed_since_the_last_of_its_conditions_was_met(later: str) -> None:
    early, late = NOW - timedelta(days=2), NOW - timedelta(days=1)
    times = {name: late if name == later else early for name in ("number", "product", "profile", "connection")}
    used = product(since=times["product"], connection_since=times["connection"])

    told = number_status(on_both(since=times["number"]), subaccount(), bundles(used, since=times["profile"]), NOW)

    assert (told.since, told.signed_since) == (late, late)
    assert (told.approved_seen_at, told.trust_product_status) == (times["product"], Status.APPROVED)


def test_a_refusal_names_twilio_s_words_and_code_the_remedy_and_when_it_is_tried_again() -> None:
    refusal = {"refused_at": NOW, "refused_by": PRODUCT, "reason": "It is not yours.", "error_code": 22205}
    told = number_status(record(Stage.REFUSED, **refusal), subaccount(), bundles(), NOW)

    assert told.explanation == "Twilio refused it: It is not yours. (code 22205)"
    assert told.remedy.endswith("(docs/errors.md#22205)")
    assert (told.code, told.tried_again_at) == (22205, NOW + REFUSED_AGAIN_AFTER)


def test_a_code_that_nobody_knows_has_a_remedy_too() -> None:
    told = number_status(record(Stage.REFUSED, reason="No.", error_code=99999), subaccount(), bundles(), NOW)

    assert told.remedy.endswith("(docs/errors.md#twilio-refused)")


def test_a_number_whose_account_failed_says_how() -> None:
    failed = subaccount("failed", message="Twilio is down.")

    told = number_status(record(Stage.ON_BUSINESS_PROFILE), failed, bundles(), NOW)

    assert "on the Business Profile only" in told.explanation
    assert "Twilio is down." in told.explanation
    assert told.remedy.startswith("send the request again")


@pytest.mark.parametrize("reason", [it for it in Reason if MOVES[it] in NEED_A_PERSON])
def test_what_needs_a_person_says_what_to_do(reason: Reason) -> None:
    stage, status, of = {
        Reason.REJECTED: (Stage.ON_TRUST_PRODUCT, "onboarded", Status.REJECTED),
        Reason.PROFILE_NOT_APPROVED: (Stage.ON_TRUST_PRODUCT, "onboarded", Status.APPROVED),
        Reason.NOT_SUBMITTED: (Stage.ON_TRUST_PRODUCT, "onboarded", Status.DRAFT),
        Reason.TO_DO: (Stage.DISCOVERED, "onboarded", Status.APPROVED),
        Reason.FAILED: (Stage.DISCOVERED, "failed", Status.APPROVED),
        Reason.REFUSED: (Stage.REFUSED, "onboarded", Status.APPROVED),
    }[reason]
    profile = Status.REJECTED if reason is Reason.PROFILE_NOT_APPROVED else Status.APPROVED
    told = number_status(
        record(stage, business_profile_sid=PROFILE, trust_product_sid=PRODUCT),
        subaccount(status),
        bundles(of, profile),
        NOW,
    )

    assert told.reason is reason
    assert told.remedy


@pytest.mark.parametrize("status", [Status.IN_REVIEW, Status.PENDING_REVIEW, Status("provisionally-approved")])
def test_a_profile_in_review_is_twilio_s_move(status: Status) -> None:
    told = number_status(on_both(), subaccount(), bundles(profile=status), NOW)

    assert (told.reason, told.move, told.remedy) == (Reason.PROFILE_IN_REVIEW, Move.TWILIO, "")
    assert told.explanation == f"the Business Profile {PROFILE} is {status.value}, not twilio-approved"


def test_released_and_ineligible_numbers_are_not_eligible() -> None:
    numbers = {Stage.ON_TRUST_PRODUCT: 5, Stage.REFUSED: 1, Stage.INELIGIBLE: 2, Stage.RELEASED: 7}

    counts = counts_of(numbers, bundles(), SubaccountStatus.ONBOARDED)

    assert (counts.eligible, counts.signed, counts.need_a_person) == (6, 5, 1)
    assert Reason.RELEASED not in counts.by_reason


@pytest.mark.parametrize(
    ("counts", "of", "subaccounts", "sentence"),
    [
        ({}, None, [], "No run has worked on a subaccount yet: send a request (docs/first-day.md)."),
        ({Reason.SIGNED: 1}, product(), [subaccount()], "1 of 1 eligible number is signed."),
        (
            {Reason.SIGNED: 1_204, Reason.REFUSED: 6, Reason.INELIGIBLE: 3},
            product(),
            [subaccount()],
            "1,204 of 1,210 eligible numbers are signed; 6 need you.",
        ),
        (
            {Reason.IN_REVIEW: 3, Reason.UNDER_WAY: 1},
            product(Status.IN_REVIEW, reviewed_since="2026-11-20T10:00:00Z"),
            [subaccount()],
            (
                "0 of 4 eligible numbers are signed; "
                "Twilio has been reviewing the Trust Product since 2026-11-20 10:00 UTC; 1 is under way."
            ),
        ),
        (
            {Reason.REJECTED: 2},
            product(Status.REJECTED),
            [subaccount()],
            "0 of 2 eligible numbers are signed; Twilio rejected the Trust Product; 2 need you.",
        ),
        (
            {Reason.SIGNED: 2, Reason.FAILED: 1},
            product(),
            [subaccount("failed", failing_since=NOW - timedelta(days=1)), subaccount()],
            "2 of 3 eligible numbers are signed; 1 needs you; 1 subaccount failed.",
        ),
    ],
)
def test_one_sentence_says_what_matters(
    counts: dict[Reason, int], of: ProductStatus | None, subaccounts: list[SubaccountStanding], sentence: str
) -> None:
    assert headline(Counts(by_reason=counts), Bundles(of), subaccounts, None) == sentence


@pytest.mark.parametrize(
    ("status", "needed"),
    [(Status.DRAFT, True), (Status.REJECTED, True), (Status.IN_REVIEW, False), (Status.APPROVED, False)],
)
def test_a_product_that_is_not_with_twilio_needs_a_person_before_there_are_numbers(
    status: Status, *, needed: bool
) -> None:
    fleet = FleetStatus(
        place="here",
        read_at=NOW,
        headline="",
        counts=Counts(by_reason={}),
        subaccounts=(subaccount(),),
        product=product(status),
    )

    assert fleet.needs_a_person is needed


def test_the_command_s_words_are_the_reasons() -> None:
    assert list(Reason) == list(REASONS)
