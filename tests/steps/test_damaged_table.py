"""Items of the progress table that cannot be read: no run and no screen ends because of one, and runs rebuild them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from onboarding import clients
from onboarding.errors import SubaccountBusy
from onboarding.phone_numbers import Stage
from onboarding.table import leases
from onboarding.table.dynamodb import FORM, VERSION, ConditionFailed, Item, Key, plain
from onboarding.table.numbers import read_all_numbers, read_numbers
from onboarding.table.orphans import name_orphans
from onboarding.table.outcomes import read_outcomes
from onboarding.table.products import read_trust_product
from shaken_stir.status.reading import read_numbers_of, read_status
from tests.steps.conftest import Start
from tests.steps.patience import patient
from tests.steps.steps import Steps
from tests.steps.whole_run import run
from tests.world import NAMED, PRODUCT, PROFILE, account, phone_number, product, subaccount

WRONG: list[Any] = [[], {"x": {"y": 1}}, "x", -1, None, True]
KEYS = {"pk", "sk"}
TIMES_OF_LEASES = {"LEASE_SECONDS": "0.1", "FUNCTION_SECONDS": "0.1"}
NUMBER = Key(f"SUBACCOUNT#{account(1)}", f"NUMBER#{phone_number(1, 0)}")
FLEET = Key("FLEET", f"SUBACCOUNT#{account(1)}")


def begun(start: Start) -> Steps:
    """A fleet of one subaccount after its first run."""
    steps = patient(start(subaccounts=[subaccount(1)], products=[product(business_profile=PROFILE)], **TIMES_OF_LEASES))
    assert run(steps, NAMED, "first").error is None
    return steps


def items(steps: Steps) -> list[Item]:
    return [plain(it) for it in clients.dynamodb().scan(TableName=steps.table._name)["Items"]]


def damage(steps: Steps, item: Item, wrong: Any) -> None:
    """Replace every attribute but the key."""
    steps.table.put(Key(item["pk"], item["sk"]), dict.fromkeys(item.keys() - KEYS, wrong))


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_whatever_is_damaged_the_next_runs_end_well_and_screens_are_shown(start: Start, wrong: Any) -> None:
    steps = begun(start)
    for item in items(steps):
        damage(steps, item, wrong)

    read_numbers_of(steps.table, fleet := read_status(steps.table, "here"), fleet.subaccounts)
    done = [run(steps, NAMED, f"run-{wrong!r}-{index}") for index in range(6)]

    assert {it.error for it in done} <= {None, "SubaccountsFailed", "SubaccountBusy"}
    assert done[-1].error is None
    assert all(len(bundle) == 2 for bundle in steps.assignments())
    assert set(steps.stages().values()) == {Stage.ON_TRUST_PRODUCT}
    assert read_trust_product(steps.table, PRODUCT)
    assert {it.status.value for it in read_status(steps.table, "here").subaccounts} == {"onboarded"}


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_a_damaged_number_is_read_from_twilio_again(start: Start, wrong: Any) -> None:
    steps = begun(start)
    steps.table.put(NUMBER, {"stage": wrong, "updated_at": wrong})
    assert phone_number(1, 0) not in {it.phone_number_sid for it in read_all_numbers(steps.table, account(1))}

    done = run(steps, NAMED, "second")

    assert done.error is None
    assert not [call for call in done.calls if call.startswith("POST")]
    assert steps.stages()[phone_number(1, 0)] == Stage.ON_TRUST_PRODUCT


def test_a_number_of_a_later_version_is_left_alone_and_named(start: Start) -> None:
    steps = begun(start)
    later = {VERSION: FORM + 1, "stage": "elsewhere", "new": "field"}
    steps.table.put(NUMBER, later)

    done = run(steps, NAMED, "second")

    assert done.error == "SubaccountsFailed"
    assert f"{phone_number(1, 0)}: a later version of this project wrote its item in the table" in (done.failed or "")
    assert steps.table.get(NUMBER) == NUMBER._asdict() | later
    assert read_numbers(steps.table, account(1), [phone_number(1, 0)]).newer == {phone_number(1, 0)}


def test_a_subaccount_of_a_later_version_is_left_alone_and_named(start: Start) -> None:
    steps = begun(start)
    later = {VERSION: FORM + 1, "numbers": "all of them", "lease_expires_at": "never"}
    steps.table.put(FLEET, later)

    done = run(steps, NAMED, "second")

    [outcome] = read_outcomes(steps.table, "second")
    assert done.error == "SubaccountsFailed"
    assert outcome.message == (
        f"A later version of this project wrote the table's item FLEET / SUBACCOUNT#{account(1)}, so this version does "
        "not change it; deploy the later version, then send the request again (docs/errors.md#table-of-later-version)."
    )
    assert steps.table.get(FLEET) == FLEET._asdict() | later


def test_an_orphan_of_a_later_version_is_left_alone(start: Start) -> None:
    steps = begun(start)
    key, later = Key(f"TRUST_PRODUCT#{PRODUCT}", f"ORPHAN#{phone_number(1, 0)}"), {VERSION: FORM + 1, "named": "twice"}
    steps.table.put(key, later)
    began = datetime.now(UTC)

    named = name_orphans(steps.table, PRODUCT, "second", began, {phone_number(1, 0): account(1)})
    name_orphans(steps.table, PRODUCT, "third", began, {})

    assert [it.phone_number_sid for it in named] == [phone_number(1, 0)]
    assert steps.table.get(key) == key._asdict() | later


def test_no_condition_overwrites_an_item_of_a_later_version(start: Start) -> None:
    steps = begun(start)
    later = {VERSION: FORM + 1, "stage": "elsewhere"}
    steps.table.put(NUMBER, later)

    steps.table.put(NUMBER, {"stage": "discovered"})
    with pytest.raises(ConditionFailed):
        steps.table.put_if(NUMBER, {"stage": "discovered"}, condition="attribute_exists(pk)")
    with pytest.raises(ConditionFailed):
        steps.table.update(NUMBER, {"stage": "discovered"}, condition="attribute_exists(pk)")

    assert steps.table.get(NUMBER) == NUMBER._asdict() | later


def test_a_product_of_a_later_version_is_left_alone(start: Start) -> None:
    steps = begun(start)
    key, later = Key(f"TRUST_PRODUCT#{PRODUCT}", "STATUS"), {VERSION: FORM + 1, "status": {"name": "approved"}}
    steps.table.put(key, later)

    assert run(steps, NAMED, "second").error is None
    item = steps.table.get(key) or {}
    assert {name: item[name] for name in later} == later


@pytest.mark.parametrize("wrong", [it for it in WRONG if it != -1], ids=repr)
def test_a_lease_whose_time_cannot_be_read_is_taken_until_the_longest_lease_is_over(
    start: Start, monkeypatch: pytest.MonkeyPatch, wrong: Any
) -> None:
    steps = begun(start)
    begin = 1_900_000_000_000
    clock = [begin, begin, begin + 59_000, begin + 61_000]
    monkeypatch.setattr(leases, "milliseconds", lambda: clock[0])
    steps.table.put(FLEET, {"lease_execution": "lost", "lease_token": "t", "lease_expires_at": wrong})
    times = Times()

    for _ in range(2):
        del clock[0]
        with pytest.raises(SubaccountBusy):
            leases.hold_subaccount(steps.table, times, account(1), "second")
    del clock[0]

    assert leases.hold_subaccount(steps.table, times, account(1), "second").pause == 0


class Times:
    lease_seconds = 60.0
    function_seconds = 30.0
    list_settle_seconds = 10.0
