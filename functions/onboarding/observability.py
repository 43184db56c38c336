"""The one logger of a process, and how it measures.

Neither ever gets a token or a callback's body. Phone numbers are masked in every line, whoever writes it.
"""

import json
import logging
import sys
from typing import Any, TextIO, override

from aws_lambda_powertools import Logger, single_metric
from aws_lambda_powertools.metrics import MetricUnit

from onboarding.masking import mask_all
from onboarding.process import kept


def _to_json(line: dict[str, Any]) -> str:
    return json.dumps(mask_all(line), separators=(",", ":"), ensure_ascii=False)


class _StandardOutput(logging.StreamHandler[TextIO]):
    """Write to what is standard output at the moment; a process that tests or serves redirects it."""

    def __init__(self) -> None:
        super().__init__(sys.stdout)

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stdout
        super().emit(record)


_standard_output = _StandardOutput()


@kept
def logger() -> Logger:
    """Give the process's one logger, which reads the environment when it is made."""
    return Logger(json_serializer=_to_json, logger_handler=_standard_output)


def measure(name: str, value: float) -> None:
    """Send one measurement to CloudWatch, in the embedded metric format.

    Each is a line of its own: a set of metrics that handlers share fails when they run side by side, as locally.
    """
    with single_metric(name=name, unit=MetricUnit.Count, value=value):
        pass
