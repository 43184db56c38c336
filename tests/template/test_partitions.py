"""The stack is of the partition that it is deployed in: no ARN of it names another one."""

import json
import re
from typing import Any, Final

import pytest

from shaken_stir.engine.intrinsics import Resolver, read_template
from tools.definition import DEFINITION
from tools.expansion import expand
from tools.rights import TEMPLATE

REGIONS: Final = {
    "us-east-1": ("aws", "amazonaws.com"),
    "eu-central-1": ("aws", "amazonaws.com"),
    "us-gov-west-1": ("aws-us-gov", "amazonaws.com"),
    "cn-north-1": ("aws-cn", "amazonaws.com.cn"),
}
"""The partition of each, and what its hosts end with."""


class InRegion(Resolver):
    """Resolves what CloudFormation would in a region."""

    def __init__(self, region: str, document: dict[str, Any]) -> None:
        super().__init__(document, {})
        partition, suffix = REGIONS[region]
        own = {"AWS::Region": region, "AWS::Partition": partition, "AWS::URLSuffix": suffix}
        self._parameters.update(own)


@pytest.mark.parametrize("region", REGIONS)
def test_every_arn_names_the_partition_of_the_region(region: str) -> None:
    document = expand(read_template(TEMPLATE), region)
    resources = InRegion(region, document).resolve(document["Resources"])
    definition = DEFINITION.read_text(encoding="utf-8")
    for name, value in resources["OnboardingStateMachine"]["Properties"]["DefinitionSubstitutions"].items():
        definition = definition.replace(f"${{{name}}}", value)

    partition, _ = REGIONS[region]
    for text in (json.dumps(resources), definition):
        assert set(re.findall(r"\barn:([^:]+):", text)) == {partition}
    assert f'"arn:{partition}:states:::lambda:invoke"' in definition


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-central-1", "eu-central-1.console.aws.amazon.com"),
        ("us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
        ("cn-north-1", "cn-north-1.console.amazonaws.cn"),
    ],
)
def test_the_dashboard_is_in_the_console_of_the_partition(region: str, host: str) -> None:
    document = read_template(TEMPLATE)

    address = InRegion(region, document).resolve(document["Outputs"]["DashboardUrl"]["Value"])

    assert address.startswith(f"https://{host}/cloudwatch/home?region={region}#dashboards/dashboard/")


def test_no_partition_is_written_down() -> None:
    assert "arn:aws" not in TEMPLATE.read_text(encoding="utf-8")
    assert "arn:aws" not in DEFINITION.read_text(encoding="utf-8")
