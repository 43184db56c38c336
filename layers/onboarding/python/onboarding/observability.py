"""The one logger and the one set of metrics of a process.

Neither ever gets a phone number, a token or a callback's body.
"""

from aws_lambda_powertools import Logger, Metrics

logger = Logger()
metrics = Metrics()
