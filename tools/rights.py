"""Who may do what: docs/iam.md, written from the roles in the template.

`make docs` writes it anew.
"""

from pathlib import Path
from typing import Any, Final, NamedTuple

from shaken_stir.engine.intrinsics import read_template

ROOT: Final = Path(__file__).parent.parent
TEMPLATE: Final = ROOT / "template.yaml"
DOCUMENT: Final = ROOT / "docs/iam.md"
_INTRODUCTION: Final = """# Who may do what

Written from the roles in template.yaml by `make docs`. A test holds every function's rights against the calls that it
makes in a run: nothing is missing, nothing is left over.

"""


class Right(NamedTuple):
    """An action that is allowed, and on what."""

    action: str
    resource: str


def rights_of(role: dict[str, Any]) -> list[Right]:
    """List what a role, or a managed policy, of the template allows."""
    properties = role["Properties"]
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    if "PolicyDocument" in properties:
        documents.append(properties["PolicyDocument"])
    return [
        Right(action, _words(resource))
        for document in documents
        for statement in document["Statement"]
        for action in _list(statement["Action"])
        for resource in _list(statement["Resource"])
    ]


def roles(template: Path = TEMPLATE) -> dict[str, list[Right]]:
    """List the rights of every role and managed policy of a template, by logical id."""
    resources = read_template(template)["Resources"]
    kinds = {"AWS::IAM::Role", "AWS::IAM::ManagedPolicy"}
    return {name: rights_of(it) for name, it in resources.items() if it["Type"] in kinds}


def document() -> str:
    """Write docs/iam.md."""
    lines = [f"{_INTRODUCTION}| role | action | on |", "|---|---|---|"]
    for role, rights in roles().items():
        for resource in dict.fromkeys(right.resource for right in rights):
            actions = ", ".join(f"`{right.action}`" for right in rights if right.resource == resource)
            lines.append(f"| {role} | {actions} | `{resource}` |")
        if not rights:
            lines.append(f"| {role} | nothing but what FunctionBasicsPolicy allows | |")
    return "\n".join(lines) + "\n"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _words(resource: Any) -> str:
    if isinstance(resource, str):
        return resource
    [(function, value)] = resource.items()
    if function == "Fn::GetAtt":
        return str(value[0])
    return str(value).replace("arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:", "")


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
