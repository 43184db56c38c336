"""The only module that talks to Step Functions: it wakes executions, and sees whether they still run."""

import json
from typing import TYPE_CHECKING

from onboarding.trust_products import VerdictBy

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


def wake(client: "SFNClient", task_token: str, woken_by: VerdictBy) -> bool:
    """Let an execution that waits in `Await Review` go on.

    Args:
        client: A Step Functions client.
        task_token: The token that the waiting task was given. It is a credential: never log it.
        woken_by: What the task's result shall be.

    Returns:
        False if nobody waits with this token any more.
    """
    gone = (client.exceptions.TaskTimedOut, client.exceptions.TaskDoesNotExist, client.exceptions.InvalidToken)
    try:
        client.send_task_success(taskToken=task_token, output=json.dumps(woken_by))
    except gone:
        return False
    return True


def is_running(client: "SFNClient", execution_arn: str) -> bool:
    """Say whether an execution goes on."""
    try:
        return client.describe_execution(executionArn=execution_arn)["status"] == "RUNNING"
    except client.exceptions.ExecutionDoesNotExist:
        return False
