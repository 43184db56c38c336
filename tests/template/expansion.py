"""The template as CloudFormation gets it: SAM's resources made into Lambda's, API Gateway's, IAM's."""

import copy
from typing import Any
from unittest.mock import Mock

import pytest
from samtranslator.translator.transform import transform

from shaken_stir.engine.intrinsics import REGION


def expand(document: dict[str, Any]) -> dict[str, Any]:
    """Transform a SAM template as the service does; nothing in it is resolved."""
    document = copy.deepcopy(document)
    for resource in (*document["Resources"].values(), document["Globals"]["Function"]):
        properties = resource.get("Properties", resource)
        for key in {"CodeUri", "ContentUri", "DefinitionUri"} & properties.keys():
            properties[key] = "s3://built/it"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        expanded: dict[str, Any] = transform(document, {}, Mock(load=dict))
    return expanded
