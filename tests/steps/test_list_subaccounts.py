"""Which accounts a run works on, by what names, and the phone numbers that a request names."""

from typing import Any

import pytest

from onboarding.table.numbers import read_named_numbers
from shaken_stir.engine.template import Template
from shaken_stir.project import TEMPLATE
from simulator.messages import Request, Response
from tests.steps.conftest import Start
from tests.steps.steps import Steps
from tests.steps.whole_fleet import WHOLE_FLEET, entries, manifest
from tests.world import NAMED, account, error, phone_number, small_pages, subaccount, told

MISSPELT = "PN" + "f" * 32
PARENT_S_OWN = {"sid": account(9), "numbers": [{"sid": phone_number(9, 0)}]}


def test_suspended_and_closed_subaccounts_are_left_out(start: Start) -> None:
    steps = start(subaccounts=[subaccount(1), subaccount(2, status="suspended"), subaccount(3, status="closed")])

    assert entries(manifest(steps)) == {account(1): "Subaccount 1"}


def test_the_parent_is_among_them_when_asked_for(start: Start) -> None:
    steps = start(parent=PARENT_S_OWN, subaccounts=[])

    assert entries(manifest(steps, include_parent=True)) == {account(9): "parent account"}


@pytest.mark.parametrize(
    ("request_", "accounts"),
    [({}, [1, 2, 9]), ({"subaccounts": [account(1)]}, [1]), ({"include_parent": False}, [1, 2])],
    ids=["nothing said", "subaccounts named", "parent left out"],
)
def test_a_deployment_may_mean_the_parent_s_own_numbers_by_default(
    start: Start, request_: dict[str, Any], accounts: list[int]
) -> None:
    parameter = Template(TEMPLATE, {"IncludeParent": "true"}).environment()["INCLUDE_PARENT"]
    steps = start(parent=PARENT_S_OWN, INCLUDE_PARENT=parameter)

    began = steps.begin({**NAMED, **request_})

    assert list(entries(began["manifest"])) == [account(it) for it in accounts]


def test_the_account_of_numbers_that_are_named_keeps_its_name(start: Start) -> None:
    steps = start(parent=PARENT_S_OWN)

    of_a_subaccount = manifest(steps, subaccounts=[account(1)], phone_numbers=[phone_number(1, 0)])
    assert entries(of_a_subaccount) == {account(1): "Subaccount 1"}
    of_the_parent = manifest(steps, subaccounts=[account(9)], phone_numbers=[phone_number(9, 0)])
    assert entries(of_the_parent) == {account(9): "parent account"}


def refuse_the_second_page(steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a page have two accounts, the parent among them, and refuse all pages but the first."""
    small_pages(monkeypatch, phone_numbers=500, others=2)

    def refuse(request: Request) -> Response | None:
        if request.path == "/2010-04-01/Accounts.json" and request.query.get("Page", "0") != "0":
            return error(400, 70002, "Paged requests must include a PageToken")
        return None

    steps.simulator.interpose(refuse)


def test_a_refused_page_of_accounts_names_those_before_it(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = start(subaccounts=[subaccount(1), subaccount(2), subaccount(3)])
    refuse_the_second_page(steps, monkeypatch)

    sentence = (
        f"Twilio listed 1 subaccount of {steps.simulator.account_sid} (1 active: {account(1)}), then refused the next "
        "page with 'Paged requests must include a PageToken' (code 70002, HTTP 400); "
        "name the subaccounts of the request in subaccounts, which needs no list."
    )
    failed = "SubaccountsNotListed"
    assert steps.failure("list_subaccounts", **WHOLE_FLEET) == (failed, told(failed, sentence))


def test_subaccounts_that_are_named_need_no_page_that_is_refused(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = start(subaccounts=[subaccount(1), subaccount(2), subaccount(3)])
    refuse_the_second_page(steps, monkeypatch)

    chosen = manifest(steps, subaccounts=[account(1), account(2), account(3)])

    assert list(entries(chosen)) == [account(1), account(2), account(3)]


def test_a_check_of_numbers_that_was_cut_off_is_made_again(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = start()
    named: dict[str, Any] = {
        "subaccounts": [account(1)],
        "phone_numbers": [phone_number(1, 0), MISSPELT],
        "include_parent": False,
    }
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("MANIFEST_BUCKET", "no-such-bucket")
        error, _ = steps.failure("list_subaccounts", **named)
    assert error == "NoSuchBucket"

    for _ in range(2):
        assert entries(steps.invoke("list_subaccounts", **named)) == {account(1): "Subaccount 1"}
        assert {it.phone_number_sid: it.left_out for it in read_named_numbers(steps.table, "first")} == {
            phone_number(1, 0): None,
            MISSPELT: f"it is not a number of {account(1)}",
        }
