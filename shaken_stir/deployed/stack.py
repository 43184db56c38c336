"""A deployed stack: what CloudFormation knows of it, and what AWS says when it will not tell."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from socket import gaierror
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
)
from botocore.parsers import ResponseParserError
from urllib3.exceptions import NameResolutionError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackResourceSummaryTypeDef

OUTPUTS: Final = frozenset(
    {"StateMachineArn", "CallbackUrl", "TwilioSecretArn", "ProgressTableName", "AlarmTopicArn", "FunctionLogGroupName"}
)
"""What the template gives out."""

NO_CREDENTIALS: Final = (
    "No AWS credentials were found: run `aws configure`, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY."
)
NO_REGION: Final = (
    "No AWS region is set: set AWS_REGION, such as us-east-1, or AWS_DEFAULT_REGION, or run `aws configure`."
)

type AwsFailure = BotoCoreError | ClientError | ResponseParserError
AWS_FAILURES: Final = (BotoCoreError, ClientError, ResponseParserError)


def may_pass(error: AwsFailure) -> bool:
    """Say whether AWS did not answer, failed or throttled, so that the same may be asked again."""
    match error:
        case ConnectionError() | HTTPClientError():
            return True
        case ClientError():
            code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
            return status >= HTTPStatus.INTERNAL_SERVER_ERROR or "Throttl" in code
        case _:
            return False


class StackError(Exception):
    """AWS does not give what was asked for; the message is one sentence for a person."""


@dataclass(frozen=True)
class DeployedStack:
    """A stack of this application.

    Attributes:
        name: What it is called.
        status: CloudFormation's word for where it stands.
        outputs: The template's outputs; empty until the first deployment has succeeded.
        session: The AWS account and region that it is in.
        parameters: What it was deployed with.
    """

    name: str
    status: str
    outputs: Mapping[str, str]
    session: boto3.Session
    parameters: Mapping[str, str] = field(default_factory=dict)

    def client(self, service: str, config: Config | None = None) -> Any:
        """Return a client of the account and region that it is in."""
        # boto3 has an overload for each service by its name.
        session: Any = self.session
        return session.client(service, config=config)

    def resources(self, kind: str) -> dict[str, str]:
        """List the resources of a type (`AWS::…`): logical id -> physical id."""
        return {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for resource in self._resources
            if resource["ResourceType"] == kind and resource.get("PhysicalResourceId")
        }

    @cached_property
    def _resources(self) -> "list[StackResourceSummaryTypeDef]":
        pages = self.session.client("cloudformation").get_paginator("list_stack_resources")
        return [it for page in pages.paginate(StackName=self.name) for it in page["StackResourceSummaries"]]


def aws_session() -> boto3.Session:
    """Give the account and region that the person's settings name.

    AWS_REGION is what AWS's SDKs agree on and wins; boto3 by itself reads AWS_DEFAULT_REGION and the profile only.
    Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html.
    """
    return boto3.Session(region_name=os.environ.get("AWS_REGION") or None)


def find(session: boto3.Session, name: str) -> DeployedStack:
    """Find a stack by its name.

    Raises:
        StackError: There is none, or it is not one of this application.
    """
    try:
        [stack] = session.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        raise StackError(
            f"There is no stack {name} in {session.region_name}: name the stack with --stack or its region with "
            "AWS_REGION, or deploy it with `make deploy`."
        ) from error
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    deployed = stack["StackStatus"].startswith(("CREATE_COMPLETE", "IMPORT_COMPLETE", "UPDATE_"))
    if (deployed or outputs) and (missing := sorted(OUTPUTS - outputs.keys())):
        raise StackError(
            f"The stack {name} is not one of this application, or of an older version: it has no output "
            f"{', '.join(missing)}; name another, or run `make deploy`."
        )
    parameters = {it["ParameterKey"]: it.get("ParameterValue", "") for it in stack.get("Parameters", [])}
    return DeployedStack(name, stack["StackStatus"], outputs, session, parameters)


def find_complete(session: boto3.Session, name: str) -> DeployedStack:
    """Find a stack that can be used.

    Raises:
        StackError: There is none, it is not one of this application, or its first deployment has not succeeded.
    """
    stack = find(session, name)
    if not stack.outputs:
        raise StackError(f"The stack {name} is {stack.status}: `shaken-stir doctor --stack {name}` says what to do.")
    return stack


def sentence(error: AwsFailure) -> str:
    """Put a failure of AWS into one sentence that says what to do."""
    match error:
        case NoCredentialsError():
            return NO_CREDENTIALS
        case NoRegionError():
            return NO_REGION
        case ClientError():
            found = error.response["Error"]
            reason = found.get("Message", "").rstrip(".") or "no reason given"
            return (
                f"AWS refused {error.operation_name} ({found['Code']}: {reason}); "
                "see that your credentials are current and may do this."
            )
        case ConnectionError() | HTTPClientError():
            return _unreached(error)
        case ResponseParserError():
            return "Something else answers in AWS's place: see which proxy or AWS_ENDPOINT_URL is set."
        case _:
            return f"AWS cannot be asked ({str(error).rstrip('.')}); see the AWS_ variables and `aws configure`."


def _unreached(error: ConnectionError | HTTPClientError) -> str:
    if isinstance(error.kwargs.get("error"), (NameResolutionError, gaierror)):
        host = urlsplit(str(error.kwargs.get("endpoint_url"))).hostname
        return (
            f"{host} was not found in DNS; see that the region is right, and that this machine has a network and a "
            "resolver."
        )
    return f"AWS cannot be reached ({error}); see that the region is right and the network is there."


@contextmanager
def aws_failures_told() -> Iterator[None]:
    """Turn AWS's failures into sentences.

    Raises:
        StackError: AWS failed.
    """
    try:
        yield
    except AWS_FAILURES as error:
        raise StackError(sentence(error)) from error
