"""The one logger of a process, and how it measures.

Neither ever gets a token or a callback's body. Phone numbers are masked in every line, whoever writes it.
"""

import json
from typing import Any

from aws_lambda_powertools import Logger, single_metric
from aws_lambda_powertools.metrics import MetricUnit

from onboarding.masking import mask_all


def _to_json(line: dict[str, Any]) -> str:
    return json.dumps(mask_all(line), separators=(",", ":"), ensure_ascii=False)


logger = Logger(json_serializer=_to_json)


def measure(name: str, value: float) -> None:
    """Send one measurement to CloudWatch, in the embedded metric format.

    Each is a line of its own: a set of metrics that handlers share fails when they run side by side, as locally.
    """
    with single_metric(name=name, unit=MetricUnit.Count, value=value):
        pass
