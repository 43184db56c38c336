"""What the person who deploys the stack must be allowed: CloudFormation makes its resources in that person's name."""

import re
from collections.abc import Iterable
from textwrap import fill
from typing import Any, Final

from shaken_stir.engine.intrinsics import REGION

BY_HAND: Final = {
    "the stack, and the one with SAM CLI's bucket": (
        "cloudformation:CreateChangeSet",
        "cloudformation:DescribeChangeSet",
        "cloudformation:DescribeStackEvents",
        "cloudformation:DescribeStacks",
        "cloudformation:ExecuteChangeSet",
        "cloudformation:GetTemplateSummary",
    ),
    "the transform `Serverless-2016-10-31`": ("cloudformation:CreateChangeSet",),
    "SAM CLI's bucket": ("s3:GetObject", "s3:PutObject"),
    "`*`": ("sts:GetCallerIdentity",),
    "`*`, for the API's access log": (
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
    ),
}
"""What `make deploy` asks for beside the resources, and on what.

Sources: SAM CLI's own calls, and https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html.
"""
_HANDLERS: Final = ("create", "read", "update", "delete")
_ACTION: Final = re.compile(r"[a-z0-9]+:[A-Z]\w+")
"""An action as IAM writes it: the schemas have some that are none."""
_IN_TYPES: Final = {"apigateway": "apigatewayv2", "states": "stepfunctions"}
"""What a service is called in types of resources, where its actions have another name."""

_HEADING: Final = "## Who deploys the stack"
_INTRODUCTION: Final = (
    "CloudFormation makes the resources in the name of whoever runs `make deploy`. For each type of resource AWS "
    "states the actions itself, for all settings of the type, also for those that this stack leaves alone; actions of "
    "services of which it has no resource are left out here. `iam:PassRole` can be limited to the roles of the stack "
    "and, by `iam:PassedToService`, to {receivers}. SAM CLI's bucket is in a stack of its own "
    "(`aws-sam-cli-managed-default`), which the account's first deployment makes."
)

type Resources = dict[str, dict[str, Any]]
"""The resources of an expanded template, by logical id."""


def by_type(resources: Resources) -> dict[str, list[str]]:
    """List the actions that CloudFormation needs for each type of resource, as AWS's own schema of the type has them.

    What belongs to services of which the stack has no resource is left out.

    Source: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html.
    """
    types = sorted({it["Type"] for it in resources.values()})
    services = {it.split("::")[1].lower() for it in types}
    return {kind: [it for it in _actions(kind) if _service(it) in services] for kind in types}


def receivers_of_roles(resources: Resources) -> list[str]:
    """List the services that take the stack's roles, for the condition of `iam:PassRole`."""
    statements = [
        statement
        for it in resources.values()
        if it["Type"] == "AWS::IAM::Role"
        for statement in it["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    ]
    services: set[str] = set()
    for statement in statements:
        service = statement["Principal"]["Service"]
        services.update([service] if isinstance(service, str) else service)
    return sorted(services)


def written(resources: Resources) -> str:
    """Write the section of docs/iam.md."""
    lines = ["| on | actions |", "|---|---|"]
    lines += [f"| {resource} | {_code(actions)} |" for resource, actions in BY_HAND.items()]
    lines += [f"| `{kind}` | {_code(actions)} |" for kind, actions in by_type(resources).items()]
    introduction = fill(_INTRODUCTION.format(receivers=_code(receivers_of_roles(resources))), 120)
    return "\n".join([f"{_HEADING}\n", f"{introduction}\n", *lines]) + "\n"


def _actions(kind: str) -> list[str]:
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER  # noqa: PLC0415 - it takes a second to load

    handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema.get("handlers", {})
    stated = {action for name in _HANDLERS for action in handlers.get(name, {}).get("permissions", [])}
    return sorted(filter(_ACTION.fullmatch, stated))


def _service(action: str) -> str:
    prefix = action.partition(":")[0]
    return _IN_TYPES.get(prefix, prefix)


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)
