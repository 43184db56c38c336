"""`shaken-stir doctor --stack`: whether Lambda has room for the subaccounts that are worked on at once."""

import json

import pytest

from shaken_stir.defaults import STACK
from shaken_stir.deployed.checkup import Finding, Mark
from shaken_stir.deployed.concurrency_checks import MAP_FUNCTIONS, concurrency
from shaken_stir.deployed.stack import DeployedStack, aws_session, find
from shaken_stir.simulated.place import SimulatedPlace
from tests.commands.deployed.conftest import Room
from tools.definition import DEFINITION

ON_NUMBERS = ("ListPhoneNumbersFunction", "AssignToBusinessProfileFunction", "AssignToTrustProductFunction")
"""The functions that ReservedConcurrency is for."""


@pytest.fixture
def stack(standing: SimulatedPlace) -> DeployedStack:  # noqa: ARG001 - it is found by its name
    return find(aws_session(), STACK)


@pytest.mark.parametrize(
    ("given", "says", "remedy"),
    [
        (
            Room(dict.fromkeys(ON_NUMBERS, 0)),
            (
                "the reserved concurrency of ListPhoneNumbersFunction, AssignToBusinessProfileFunction, "
                "AssignToTrustProductFunction is 0: a run that comes there waits for an hour and a half at the most, "
                "then its subaccounts fail"
            ),
            "To let runs go on, or begin: make deploy PARAMETERS='ReservedConcurrency=\"\"'",
        ),
        (
            Room(dict.fromkeys(ON_NUMBERS, 2)),
            (
                "8 subaccounts are worked on at once (MapConcurrency), but ListPhoneNumbersFunction, "
                "AssignToBusinessProfileFunction, AssignToTrustProductFunction run in 2 copies at the most (reserved "
                "concurrency): the others wait for their turn, so runs are slower"
            ),
            "Lower the first or raise the second, such as: make deploy PARAMETERS='MapConcurrency=2'",
        ),
        (
            Room(unreserved=4),
            (
                "8 subaccounts are worked on at once (MapConcurrency), but functions without a reserved concurrency "
                "run in 4 copies at the most in all of the AWS account: the others wait for their turn, so runs are "
                "slower"
            ),
            (
                "Have the account's quota raised (Service Quotas: AWS Lambda, Concurrent executions), or: make deploy "
                "PARAMETERS='MapConcurrency=4'"
            ),
        ),
    ],
    ids=["stopped", "reserved", "account"],
)
def test_numbers_that_do_not_fit_are_a_warning(
    stack: DeployedStack, room: Room, given: Room, says: str, remedy: str
) -> None:
    room.reserved, room.unreserved = given.reserved, given.unreserved

    assert list(concurrency(stack)) == [Finding(check="Concurrency", mark=Mark.WARNING, says=says, remedy=remedy)]


@pytest.mark.parametrize(
    "given", [Room(dict.fromkeys(ON_NUMBERS, 8), 8), Room(dict.fromkeys(MAP_FUNCTIONS, 8), 4)], ids=["some", "all"]
)
def test_numbers_that_just_fit_are_fine(stack: DeployedStack, room: Room, given: Room) -> None:
    room.reserved, room.unreserved = given.reserved, given.unreserved

    says = "Lambda has room for 8 subaccounts at once"
    assert list(concurrency(stack)) == [Finding(check="Concurrency", mark=Mark.OK, says=says)]


def test_the_functions_that_are_looked_at_are_those_that_the_map_invokes() -> None:
    machine = json.loads(DEFINITION.read_text(encoding="utf-8"))
    states = machine["States"]["Onboard Subaccounts"]["ItemProcessor"]["States"].values()
    invoked = [state["Parameters"]["FunctionName"] for state in states if state["Type"] == "Task"]

    assert invoked == [f"${{{name}Arn}}" for name in MAP_FUNCTIONS]
