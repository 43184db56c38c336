"""Each role allows what its function does, and nothing else."""

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, NamedTuple

import pytest
from botocore.client import BaseClient

from onboarding import credentials
from onboarding.announcements import ANNOUNCEMENTS, SOURCE
from shaken_stir.engine.functions import Functions
from shaken_stir.engine.intrinsics import read_template
from shaken_stir.simulated.place import SimulatedPlace
from simulator.fleet import Fleet
from simulator.messages import Request
from simulator.records import Bundle
from tests.world import NAMED, NEVER, PROFILE, a_fleet, account, phone_number, wait_until, waiting
from tools.deployer_rights import by_type, receivers_of_roles
from tools.expansion import expand
from tools.rights import DOCUMENT, TEMPLATE, document, roles

RESOURCES_KNOW_NO_ARN = {"logs", "xray"}
ROLES = roles()
FUNCTION_ROLES = [name for name in ROLES if name.endswith("Role") and name != "OnboardingStateMachineRole"]


class Call(NamedTuple):
    """What a function asked of AWS, as IAM names it.

    Attributes:
        action: The action.
        leading_keys: The partitions of the table that it named.
        detail_types: The detail-types of the events that it put.
    """

    action: str
    leading_keys: frozenset[str]
    detail_types: frozenset[str] = frozenset()


@pytest.fixture(scope="module")
def calls() -> Iterator[dict[str, set[Call]]]:
    """What each function asked of AWS in runs that go through every branch of it."""
    made: dict[str, set[Call]] = defaultdict(set)
    running: ContextVar[str] = ContextVar("running")
    invoke, call = Functions.invoke, BaseClient._make_api_call  # type: ignore[attr-defined]
    submit = ThreadPoolExecutor.submit

    def invoke_recorded(functions: Functions, function: str, event: str) -> Any:
        credentials.secrets().clear_cache()  # type: ignore[no-untyped-call] # or only the first function would read it
        token = running.set(functions._by_name[function].logical_id.removesuffix("Function"))
        try:
            return invoke(functions, function, event)
        finally:
            running.reset(token)

    def call_recorded(client: BaseClient, operation: str, parameters: Any) -> Any:
        if function := running.get(""):
            action = f"{client.meta.service_model.signing_name}:{operation}"
            detail_types = frozenset(it["DetailType"] for it in parameters.get("Entries", ()) if "DetailType" in it)
            made[function].add(Call(action, frozenset(leading_keys(parameters)), detail_types))
        return call(client, operation, parameters)

    def submit_in_context(pool: ThreadPoolExecutor, call: Any, /, *args: Any, **options: Any) -> Any:
        return submit(pool, copy_context().run, call, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ThreadPoolExecutor, "submit", submit_in_context)
        patch.setattr(Functions, "invoke", invoke_recorded)
        patch.setattr(BaseClient, "_make_api_call", call_recorded)
        with SimulatedPlace(Fleet.model_validate(a_fleet(review={"seconds": NEVER})), time_scale=0.01) as local:
            [product] = onboard_while_others_ask(local)
            leave_an_orphan_and_a_gap(local)
            approve_before_it_is_awaited(local, product.sid)
            let_validities_end(local, product.sid)
            local.simulator.controls.revoke(product.sid)
            assert local.run({}).error == "TrustProductRejected"
        yield made


def leading_keys(parameters: Any) -> Iterator[str]:
    """The partitions of the table that a call's parameters name, of items and of a query."""
    if isinstance(parameters, dict):
        for name, value in parameters.items():
            if name in {"pk", ":pk"}:
                yield value["S"]
            else:
                yield from leading_keys(value)
    elif isinstance(parameters, list):
        for value in parameters:
            yield from leading_keys(value)


def onboard_while_others_ask(local: SimulatedPlace) -> Iterable[Bundle]:
    """A run that a callback wakes, and one that finds it waiting; gives the Trust Products."""
    first = local.engine.start_execution(NAMED)
    assert wait_until(partial(waiting, local))
    bought = {"subaccounts": [account(1)], "phone_numbers": [phone_number(1, 1)]}
    assert local.run(bought).status == "SUCCEEDED"
    products = local.simulator.state.trust_products
    for product in products:
        local.simulator.controls.decide(product.sid, "approved")
    assert local.engine.wait(first, timeout=60)["status"] == "SUCCEEDED"
    return products


def leave_an_orphan_and_a_gap(local: SimulatedPlace) -> None:
    """A run that finds an assignment gone, and a number that lives in no account, and loses an answer."""
    local.simulator.controls.plan_fault(operation="POST /v1/CustomerProfiles/*", status=500)
    local.simulator.controls.drop_assignment(PROFILE, phone_number(1, 0))
    local.simulator.controls.release(phone_number(2, 0))
    report = local.run({})
    assert report.status == "SUCCEEDED"
    assert report.orphans
    assert report.orphans.found == 1


def approve_before_it_is_awaited(local: SimulatedPlace, product_sid: str) -> None:
    """A run that submits the product again, releases the orphan, and begins to wait when the verdict is in."""

    decided = threading.Lock()

    def decide(request: Request) -> None:
        # By the time that phone numbers are listed, the product is submitted.
        if request.path.endswith("/IncomingPhoneNumbers.json") and decided.acquire(blocking=False):
            local.simulator.controls.decide(product_sid, "approved")

    local.simulator.controls.revoke(product_sid)
    local.simulator.interpose(decide)
    report = local.run({"resubmit": True, "release_orphans": True})
    assert report.status == "SUCCEEDED"
    assert report.orphans
    assert report.orphans.released == 1


def let_validities_end(local: SimulatedPlace, product_sid: str) -> None:
    """A run that finds the profile and the product valid no more."""
    for sid in (PROFILE, product_sid):
        local.simulator.controls.set_validity(sid, datetime(2020, 1, 1, tzinfo=UTC))
    report = local.run({})
    assert report.status == "SUCCEEDED"
    assert report.announced.count("Validity Ending") == 2


@pytest.mark.parametrize("role", FUNCTION_ROLES)
def test_a_function_may_do_what_it_does_and_nothing_else(role: str, calls: dict[str, set[Call]]) -> None:
    assert {right.action for right in ROLES[role]} == {call.action for call in calls[role.removesuffix("Role")]}


def test_the_webhook_reaches_the_items_of_trust_products_and_no_others(calls: dict[str, set[Call]]) -> None:
    """moto does not look at conditions, so the keys that were used are held against them here."""
    [conditions] = [
        statement["Condition"]
        for policy in read_template(TEMPLATE)["Resources"]["StatusCallbackRole"]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if "dynamodb:Query" in statement["Action"]
    ]
    pattern = conditions["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    made = [call for call in calls["StatusCallback"] if call.action.startswith("dynamodb:")]
    others = {key for function in calls.values() for call in function for key in call.leading_keys}

    assert conditions["Null"] == {"dynamodb:LeadingKeys": "false"}, "a call without keys would meet the pattern"
    assert len(made) > 1
    assert all(call.leading_keys and all(fnmatchcase(key, pattern) for key in call.leading_keys) for call in made)
    assert {key.split("#")[0] for key in others if not fnmatchcase(key, pattern)} >= {"FLEET", "SUBACCOUNT"}


def test_a_role_puts_its_own_announcements_on_the_bus_and_starts_no_run(calls: dict[str, set[Call]]) -> None:
    """moto does not check conditions, so the detail-types that were used are compared with them here."""
    allowed = {
        name.removesuffix("Role"): statement["Condition"]["StringEquals"]
        for name in FUNCTION_ROLES
        for policy in read_template(TEMPLATE)["Resources"][name]["Properties"].get("Policies", ())
        for statement in policy["PolicyDocument"]["Statement"]
        if "events:PutEvents" in statement["Action"]
    }
    used = {(name, it) for name, made in calls.items() for call in made for it in call.detail_types}
    may_use = {(name, it) for name, condition in allowed.items() for it in condition["events:detail-type"]}

    assert {it["events:source"] for it in allowed.values()} == {SOURCE}
    assert used <= may_use
    assert may_use - used == {
        # In these runs, nothing is too much to read, no subaccount fails, and no review ends with another validity.
        ("AuditAssignments", "Check Left Out"),
        ("FindOrphans", "Check Left Out"),
        ("SummariseSubaccounts", "Subaccounts Failed"),
        ("CheckTrustProduct", "Validity Ending"),
    }
    assert {detail_type for _, detail_type in may_use} == {it.detail_type for it in ANNOUNCEMENTS}


def test_every_function_has_a_role_of_its_own() -> None:
    resources = read_template(TEMPLATE)["Resources"]
    functions = [name for name, it in resources.items() if it["Type"] == "AWS::Serverless::Function"]

    assert {name: resources[name]["Properties"]["Role"]["Fn::GetAtt"] for name in functions} == {
        name: [f"{name.removesuffix('Function')}Role", "Arn"] for name in functions
    }


@pytest.mark.parametrize("role", ROLES)
def test_no_action_is_a_pattern_and_no_resource_is_everything(role: str) -> None:
    for right in ROLES[role]:
        assert "*" not in right.action
        if right.action.split(":")[0] not in RESOURCES_KNOW_NO_ARN:
            assert right.resource != "*"


def test_the_state_machine_invokes_exactly_the_functions_of_its_states() -> None:
    substitutions = read_template(TEMPLATE)["Resources"]["OnboardingStateMachine"]["Properties"][
        "DefinitionSubstitutions"
    ]
    used = {value["Fn::GetAtt"][0] for name, value in substitutions.items() if name.endswith("FunctionArn")}
    allowed = {right.resource for right in ROLES["OnboardingStateMachineRole"] if right.action.startswith("lambda:")}

    assert allowed == used


def test_only_this_state_machine_may_take_its_role() -> None:
    trust = read_template(TEMPLATE)["Resources"]["OnboardingStateMachineRole"]["Properties"]["AssumeRolePolicyDocument"]
    [statement] = trust["Statement"]

    assert statement["Principal"] == {"Service": "states.amazonaws.com"}
    [source] = statement["Condition"]["ArnLike"].values()
    assert source["Fn::Sub"].endswith(":stateMachine:${AWS::StackName}-onboarding*")


def test_the_document_has_every_role_that_cloudformation_makes() -> None:
    resources = expand(read_template(TEMPLATE))["Resources"]
    made = {name for name, it in resources.items() if it["Type"] == "AWS::IAM::Role"}
    said = DOCUMENT.read_text(encoding="utf-8")

    assert len(made - ROLES.keys()) == 2
    assert [name for name in made if f"| {name} | " not in said] == []


def test_whoever_deploys_is_told_the_rights_for_every_type_of_resource() -> None:
    resources = expand(read_template(TEMPLATE))["Resources"]
    needed = by_type(resources)

    assert set(needed) == {it["Type"] for it in resources.values()}
    making = {action for actions in needed.values() for action in actions}
    assert making >= {"states:CreateStateMachine", "apigateway:POST", "s3:CreateBucket", "iam:CreateRole"}
    assert [kind for kind, actions in needed.items() if not actions] == []
    assert set(receivers_of_roles(resources)) == {
        f"{service}.amazonaws.com" for service in ("events", "lambda", "scheduler", "states")
    }


def test_the_document_is_in_step_with_the_template() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "run `make docs`"
