"""The one logger and the one set of metrics of a process.

Neither ever gets a phone number, a token or a callback's body.
"""

import warnings

from aws_lambda_powertools import Logger, Metrics

logger = Logger()
metrics = Metrics()

# Most steps have nothing to count; that is no reason to warn at every invocation.
warnings.filterwarnings("ignore", message="No application metrics to publish")
