"""Creates the template's tables, buckets and secrets in moto."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from shaken_stir.engine.intrinsics import ACCOUNT, STACK
from shaken_stir.engine.template import Template

_TABLE_KEYS: Final = (
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "ProvisionedThroughput",
)


def create_storage(template: Template, client: Callable[[str], Any], secret: Mapping[str, str]) -> None:
    """Create what the template stores data in, and tell the template what `!Ref` and `!GetAtt` give for it."""
    for logical_id, resource_type, properties in template.storage():
        if resource_type == "AWS::DynamoDB::Table":
            _create_table(template, client("dynamodb"), logical_id, properties)
        elif resource_type == "AWS::S3::Bucket":
            name = properties.get("BucketName", f"{STACK}-{logical_id}-{ACCOUNT}".lower())
            client("s3").create_bucket(Bucket=name)
            template.created(logical_id, name, Arn=f"arn:aws:s3:::{name}")
        else:
            name = properties.get("Name", f"{STACK}-{logical_id}")
            arn = client("secretsmanager").create_secret(Name=name, SecretString=json.dumps(dict(secret)))["ARN"]
            template.created(logical_id, arn, Id=arn)


def _create_table(template: Template, dynamodb: Any, logical_id: str, properties: Mapping[str, Any]) -> None:
    name = properties.get("TableName", f"{STACK}-{logical_id}")
    wanted = {key: properties[key] for key in _TABLE_KEYS if key in properties}
    arn = dynamodb.create_table(TableName=name, **wanted)["TableDescription"]["TableArn"]
    if "TimeToLiveSpecification" in properties:
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=properties["TimeToLiveSpecification"])
    template.created(logical_id, name, Arn=arn)
