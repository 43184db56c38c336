"""Which Trust Product a run uses: one is created only when there is none."""

import pytest

from tests.machine.conftest import Start
from tests.world import NAMED, PRODUCT, PROFILE, posts, product

OTHER = "BU" + "3" * 32


def test_a_product_that_twilio_created_is_found_by_its_connection(start: Start) -> None:
    local = start(products=[product(status="draft", business_profile=PROFILE)])

    report = local.run({})

    assert report.status == "SUCCEEDED"
    assert report.trust_product
    assert (report.trust_product.sid, report.trust_product.created) == (PRODUCT, False)
    assert "POST /v1/TrustProducts" not in report.twilio_calls
    assert "POST /v1/TrustProducts/{Sid}/EntityAssignments" not in report.twilio_calls


def test_an_approved_product_just_gets_the_numbers(start: Start) -> None:
    local = start(products=[product(business_profile=PROFILE)])

    report = local.run({})

    assert report.status == "SUCCEEDED"
    assert posts(report.twilio_calls) == 8  # four numbers, each on the profile and on the product
    assert report.trust_product
    assert report.trust_product.verdict_by == "none"


def test_a_product_of_the_same_name_is_connected_and_used(start: Start) -> None:
    local = start(products=[product(status="draft", friendly_name="Acme Voice")])

    report = local.run(NAMED)

    assert report.trust_product
    assert (report.trust_product.sid, report.trust_product.created) == (PRODUCT, False)
    assert report.twilio_calls["POST /v1/TrustProducts/{Sid}/EntityAssignments"] == 1


def test_of_several_connected_products_the_approved_one_is_used(start: Start) -> None:
    local = start(
        products=[
            product(OTHER, status="draft", business_profile=PROFILE),
            product(PRODUCT, business_profile=PROFILE),
        ]
    )

    report = local.run({})

    assert report.trust_product
    assert report.trust_product.sid == PRODUCT


def test_the_product_that_the_request_names_comes_before_all_others(start: Start) -> None:
    local = start(
        products=[
            product(OTHER, business_profile=PROFILE),
            product(PRODUCT, status="draft", business_profile=PROFILE),
        ]
    )

    report = local.run({"trust_product": {"sid": PRODUCT}})

    assert report.status == "SUCCEEDED"
    assert report.trust_product
    assert report.trust_product.sid == PRODUCT


@pytest.mark.parametrize("status", ["pending-review", "in-review"])
def test_a_product_under_review_is_not_submitted_again(start: Start, status: str) -> None:
    local = start(products=[product(status=status, business_profile=PROFILE)], parameters={"PollSeconds": "60"})

    report = local.run({})

    assert report.status == "SUCCEEDED"
    assert "POST /v1/TrustProducts/{Sid}" not in report.twilio_calls
    assert "POST /v1/TrustProducts/{Sid}/Evaluations" not in report.twilio_calls
