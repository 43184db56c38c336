"""Delete a deployed stack: stop what runs, wait until it is over, then delete the stack.

A deletion in the middle of a run hangs on the state machine, which CloudFormation cannot delete before its executions
have ended, and the machine's fixed name blocks the next deployment.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from botocore.exceptions import ClientError

from shaken_stir.deployed.stack import DeployedStack, StackError
from shaken_stir.words import plural

POLL_SECONDS = 5.0
MOST_SECONDS: Final = 3600
"""How long one part of the deletion may take: a function that is at work ends after 15 minutes."""
type Say = Callable[[str], None]


def running(stack: DeployedStack) -> list[str]:
    """List the executions (ARNs) of the state machine that run; those of its Map end with them."""
    pages = stack.client("stepfunctions").get_paginator("list_executions")
    listed = pages.paginate(stateMachineArn=stack.outputs["StateMachineArn"], statusFilter="RUNNING")
    return [it["executionArn"] for page in listed for it in page["executions"]]


def stop_starts(stack: DeployedStack) -> None:
    """Switch off what starts executions: the rule on the stack's bus and the schedule."""
    for rule in stack.resources("AWS::Events::Rule").values():
        bus, _, name = rule.rpartition("|")
        stack.client("events").disable_rule(Name=name, **({"EventBusName": bus} if bus else {}))
    scheduler = stack.client("scheduler")
    taken = ("Name", "GroupName", "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target")
    for name in stack.resources("AWS::Scheduler::Schedule").values():
        schedule = scheduler.get_schedule(Name=name)
        scheduler.update_schedule(**{key: schedule[key] for key in taken if key in schedule}, State="DISABLED")


def stop_executions(stack: DeployedStack, say: Say) -> None:
    """Stop the executions and wait until they are over.

    Raises:
        StackError: Some still run after an hour.
    """
    stepfunctions = stack.client("stepfunctions")
    stopped: set[str] = set()
    for _ in _polls(f"Executions of {stack.name} still run; see them in the Step Functions console, and run it again."):
        arns = running(stack)
        if not arns:
            return
        for arn in arns:
            if arn not in stopped:
                stepfunctions.stop_execution(executionArn=arn, cause="The stack is deleted.")
                stopped.add(arn)
        say(f"Waiting for {plural(len(arns), 'execution')} to end.")


def delete(stack: DeployedStack, say: Say) -> None:
    """Delete the stack and wait until it is gone.

    Raises:
        StackError: CloudFormation could not delete it.
    """
    cloudformation = stack.client("cloudformation")
    [described] = cloudformation.describe_stacks(StackName=stack.name)["Stacks"]
    cloudformation.delete_stack(StackName=stack.name)
    told = ""
    for _ in _polls(f"{stack.name} is still being deleted; see its events in the CloudFormation console."):
        status, reason = _status(cloudformation, described["StackId"])
        if status == "DELETE_COMPLETE":
            return
        if status == "DELETE_FAILED":
            raise StackError(
                f"CloudFormation could not delete {stack.name} ({reason}); remove what it names, and run it again."
            )
        if status != told:
            say(f"Deleting the stack ({status}).")
            told = status


def kept(stack: DeployedStack) -> list[tuple[str, str]]:
    """List what stays when the stack is deleted, each with the command that removes it."""
    table, secret = stack.outputs["ProgressTableName"], stack.outputs["TwilioSecretArn"]
    unprotected = f"aws dynamodb update-table --table-name {table} --no-deletion-protection-enabled"
    return [
        (f"the progress table {table}", f"{unprotected} && aws dynamodb delete-table --table-name {table}"),
        (f"the secret {secret}", f"aws secretsmanager delete-secret --secret-id {secret}"),
        *(
            (f"the manifest bucket {name}, which empties itself in 30 days", f"aws s3 rb s3://{name} --force")
            for name in stack.resources("AWS::S3::Bucket").values()
        ),
    ]


def _status(cloudformation: Any, stack_id: str) -> tuple[str, str]:
    try:
        [found] = cloudformation.describe_stacks(StackName=stack_id)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return "DELETE_COMPLETE", ""
        raise
    return found["StackStatus"], found.get("StackStatusReason", "no reason was given")


def _polls(too_long: str) -> Iterator[None]:
    deadline = time.monotonic() + MOST_SECONDS
    while time.monotonic() < deadline:
        yield
        time.sleep(POLL_SECONDS)
    raise StackError(too_long)
