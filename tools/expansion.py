"""The template as CloudFormation gets it: SAM's resources made into Lambda's, API Gateway's, IAM's.

Source: https://github.com/aws/serverless-application-model.
"""

import copy
import os
from typing import Any
from unittest.mock import Mock, patch

from shaken_stir.engine.intrinsics import REGION


def expand(document: dict[str, Any], region: str = REGION) -> dict[str, Any]:
    """Transform a SAM template as the service does in a region; nothing in it is resolved."""
    # They take a second to load.
    from samtranslator.translator.arn_generator import ArnGenerator  # noqa: PLC0415
    from samtranslator.translator.transform import transform  # noqa: PLC0415

    document = copy.deepcopy(document)
    for resource in (*document["Resources"].values(), document["Globals"]["Function"]):
        properties = resource.get("Properties", resource)
        for key in {"CodeUri", "ContentUri", "DefinitionUri"} & properties.keys():
            properties[key] = "s3://built/it"
    # The generator of ARNs would keep the first region that the process has had.
    in_region = patch.object(ArnGenerator, "BOTO_SESSION_REGION_NAME", region)
    with patch.dict(os.environ, AWS_DEFAULT_REGION=region), in_region:
        expanded: dict[str, Any] = transform(document, {}, Mock(load=dict))
    return expanded
