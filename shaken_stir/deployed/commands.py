"""The commands that a person types next, made for one stack."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from shaken_stir.defaults import STACK
from shaken_stir.deployed.stack import AWS_FAILURES, DeployedStack

if TYPE_CHECKING:
    from mypy_boto3_scheduler.type_defs import GetScheduleOutputTypeDef

CREDENTIALS: Final = '{"account_sid": "AC...", "auth_token": "..."}'
TYPE_CREDENTIALS: Final = f"then type {CREDENTIALS}, Enter and Ctrl-D"
DAILY: Final = "cron(0 6 * * ? *)"
_ARCHITECTURE: Final = "arm64"  # what `make deploy` takes unless told


def fill_secret(stack: DeployedStack) -> str:
    """Give the command that fills the secret; it reads from standard input, so no shell's history has the token."""
    return (
        f"aws secretsmanager put-secret-value --secret-id {stack.outputs['TwilioSecretArn']} "
        "--secret-string file:///dev/stdin"
    )


def request_whole_fleet(stack: DeployedStack) -> str:
    """Give the command that sends the first request."""
    return f"make request EVENT=events/whole_fleet.json STACK={stack.name}"


def switch_on_daily_run(stack: DeployedStack) -> str:
    """Give the command after which the whole fleet is looked through every day."""
    return deploy(stack, f'ScheduleExpression="{DAILY}"')


def deploy(stack: DeployedStack, parameters: str) -> str:
    """Give the command that changes parameters of the stack (`Name=value`)."""
    words = ["make deploy"]
    if (architecture := stack.parameters.get("Architecture", _ARCHITECTURE)) != _ARCHITECTURE:
        words.append(f"ARCH={architecture}")
    if stack.name != STACK:
        words.append(f"STACK={stack.name}")
    return " ".join([*words, f"PARAMETERS='{parameters}'"])


def schedules(stack: DeployedStack) -> Iterator["GetScheduleOutputTypeDef"]:
    """Read when the whole fleet is looked through."""
    client = stack.session.client("scheduler")
    for name in stack.resources("AWS::Scheduler::Schedule").values():
        yield client.get_schedule(Name=name)


def daily_run_is_off(stack: DeployedStack) -> bool:
    """Say whether the whole fleet is looked through only on request; no, if AWS does not tell."""
    try:
        return any(schedule["State"] == "DISABLED" for schedule in schedules(stack))
    except AWS_FAILURES:
        return False
