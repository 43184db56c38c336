"""The one logger of a process, and how it measures.

Neither ever gets a phone number, a token or a callback's body.
"""

from aws_lambda_powertools import Logger, single_metric
from aws_lambda_powertools.metrics import MetricUnit

logger = Logger()


def measure(name: str, value: float) -> None:
    """Send one measurement to CloudWatch, in the embedded metric format.

    Each is a line of its own: a set of metrics that handlers share fails when they run side by side, as locally.
    """
    with single_metric(name=name, unit=MetricUnit.Count, value=value):
        pass
