"""A Trust Product's statuses, also those that Twilio does not document."""

from dataclasses import dataclass

import pytest

from onboarding.trust_products import SUBMITTABLE, VERDICTS, Status, TrustProductState, best_first

UNKNOWN = "provisionally-approved"


@dataclass(frozen=True)
class Product:
    status: Status


def test_a_status_that_nobody_knows_is_known_by_its_name_alone() -> None:
    status = Status(UNKNOWN)

    assert (status.value, str(status), status.is_known) == (UNKNOWN, UNKNOWN, False)
    assert status not in VERDICTS | SUBMITTABLE
    assert status is Status(UNKNOWN)
    assert status != Status("something-else")


@pytest.mark.parametrize("status", list(Status))
def test_the_documented_ones_are_known(status: Status) -> None:
    assert status.is_known
    assert Status(status.value) is status


def test_it_goes_through_the_machine_s_data_and_the_table_as_it_is() -> None:
    sid = "BU" + "1" * 32
    state = TrustProductState.model_validate({"sid": sid, "status": UNKNOWN, "created": False, "connection_sid": None})

    assert state.model_dump(mode="json")["status"] == UNKNOWN
    assert TrustProductState.model_validate(state.model_dump(mode="json")) == state


def test_of_several_products_it_comes_after_a_review_and_before_a_draft() -> None:
    names = ["twilio-rejected", "draft", UNKNOWN, "pending-review", "in-review", "twilio-approved"]

    sorted_ones = best_first(Product(Status(name)) for name in names)

    assert [it.status for it in sorted_ones] == [
        *names[::-1][:1],
        "in-review",
        "pending-review",
        UNKNOWN,
        *names[1::-1],
    ]
