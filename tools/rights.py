"""Who may do what: docs/iam.md, written from the roles in the template and those that SAM adds.

`make docs` writes it anew.
"""

from pathlib import Path
from typing import Any, Final, NamedTuple

from shaken_stir.engine.intrinsics import read_template
from tools import deployer_rights
from tools.expansion import expand

ROOT: Final = Path(__file__).parent.parent
TEMPLATE: Final = ROOT / "template.yaml"
DOCUMENT: Final = ROOT / "docs/iam.md"
_KINDS: Final = frozenset({"AWS::IAM::Role", "AWS::IAM::ManagedPolicy"})
_INTRODUCTION: Final = """# Who may do what

Written from the roles in template.yaml by `make docs`. A test holds every function's rights against the calls that it
makes in a run: nothing is missing, nothing is left over.

"""
_ADDED_BY_SAM: Final = """
## Roles that SAM adds

They are not in template.yaml: SAM makes one for each event that starts the state machine. EventBridge and its Scheduler
take them.

"""


class Right(NamedTuple):
    """An action that is allowed, or denied whatever else allows it, and on what.

    Attributes:
        action: As IAM names it.
        resource: What it may be done with.
        keys: A pattern of the partitions of a table that it is limited to, empty for all.
        effect: Allow or Deny.
    """

    action: str
    resource: str
    keys: str = ""
    effect: str = "Allow"

    @property
    def where(self) -> str:
        """On what, in words."""
        limited = f", partitions `{self.keys}`" if self.keys else ""
        return f"`{self.resource}`{limited}"


def rights_of(role: dict[str, Any]) -> list[Right]:
    """List what a role, or a managed policy, of the template allows and denies."""
    properties = role["Properties"]
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    if "PolicyDocument" in properties:
        documents.append(properties["PolicyDocument"])
    return [
        Right(action, _words(resource), _keys(statement), statement["Effect"])
        for document in documents
        for statement in document["Statement"]
        for action in _list(statement["Action"])
        for resource in _list(statement["Resource"])
    ]


def roles(template: Path = TEMPLATE) -> dict[str, list[Right]]:
    """List the rights of every role and managed policy of a template, by logical id."""
    return _roles(read_template(template)["Resources"])


def document() -> str:
    """Write docs/iam.md."""
    own = roles()
    resources = expand(read_template(TEMPLATE))["Resources"]
    added = {role: rights for role, rights in _roles(resources).items() if role not in own}
    deployer = deployer_rights.written(resources)
    return f"{_INTRODUCTION}{_table(own)}{_ADDED_BY_SAM}{_table(added)}\n{deployer}"


def _roles(resources: dict[str, dict[str, Any]]) -> dict[str, list[Right]]:
    return {name: rights_of(it) for name, it in resources.items() if it["Type"] in _KINDS}


def _table(roles: dict[str, list[Right]]) -> str:
    lines = ["| role | action | on |", "|---|---|---|"]
    for role, rights in roles.items():
        for effect, where in dict.fromkeys((right.effect, right.where) for right in rights):
            actions = ", ".join(f"`{it.action}`" for it in rights if (it.effect, it.where) == (effect, where))
            lines.append(f"| {role} | {'never ' if effect == 'Deny' else ''}{actions} | {where} |")
        if not rights:
            lines.append(f"| {role} | nothing but what FunctionBasicsPolicy allows | |")
    return "\n".join(lines) + "\n"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _keys(statement: dict[str, Any]) -> str:
    limits: dict[str, str] = statement.get("Condition", {}).get("ForAllValues:StringLike", {})
    return limits.get("dynamodb:LeadingKeys", "")


def _words(resource: Any) -> str:
    if isinstance(resource, str):
        return resource
    [(function, value)] = resource.items()
    if function == "Fn::GetAtt":
        return str(value[0])
    return str(value).replace("arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:", "")


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
