"""Whether callbacks can come: the secret with the Auth Token that signs them, and the webhook that takes them.

The webhook is tried with a signed request that names no Trust Product: the webhook checks the signature first, so it
answers 400 to this one and 403 to a forged one. Neither is recorded, and nobody is woken.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Final

from pydantic import ValidationError

from onboarding.credentials import TwilioCredentials
from shaken_stir.deployed import commands, webhook
from shaken_stir.deployed.checkup import Finding, Mark
from shaken_stir.deployed.stack import DeployedStack, StackError

REFUSED_SIGNATURES_ALARM: Final = "RefusedSignaturesAlarm"


def secret(stack: DeployedStack, use: Callable[[TwilioCredentials], object] = lambda _: None) -> Iterator[Finding]:
    """Look whether the secret holds the parent account's credentials; its content is never told.

    Args:
        stack: Whose secret.
        use: Given the credentials, if they are there.
    """
    remedy = f"Put them there: {commands.fill_secret(stack)}, {commands.TYPE_CREDENTIALS}."
    problem = partial(Finding, check="Secret", mark=Mark.PROBLEM, remedy=remedy)
    client = stack.session.client("secretsmanager")
    try:
        text = client.get_secret_value(SecretId=stack.outputs["TwilioSecretArn"]).get("SecretString", "")
    except client.exceptions.ResourceNotFoundException:
        yield problem(says="the parent account's credentials were not put there yet")
        return
    try:
        credentials = TwilioCredentials.model_validate_json(text)
    except ValidationError as error:
        yield problem(says=_malformed(error))
        return
    use(credentials)
    rotated = ", and a secondary Auth Token" if credentials.secondary_auth_token else ""
    yield Finding(check="Secret", mark=Mark.OK, says=f"the credentials of {credentials.account_sid}{rotated}")


def callback(stack: DeployedStack, credentials: Iterable[TwilioCredentials]) -> Iterator[Finding]:
    """Try whether the webhook takes what is signed with the secret's Auth Token, and nothing else."""
    finding = partial(Finding, check="Webhook")
    known = next(iter(credentials), None)
    if known is None:
        yield finding(mark=Mark.WARNING, says="not tried: that takes the secret's Auth Token")
        return
    url, parameters = stack.outputs["CallbackUrl"], {"AccountSid": known.account_sid}
    try:
        answer = webhook.post(url, parameters, known.auth_token)
        forged = _may_be_refused(stack) and webhook.post(url, parameters, secrets.token_hex(16))
    except StackError as error:
        remedy = "See that the address of the output CallbackUrl leads to the stack's HTTP API."
        yield finding(mark=Mark.PROBLEM, says=str(error), remedy=remedy)
        return
    if answer == HTTPStatus.FORBIDDEN:
        yield finding(
            mark=Mark.PROBLEM,
            says=f"{url} refuses what is signed with the secret's Auth Token",
            remedy="If the secret was changed just now, look again in 5 minutes; else set PublicBaseUrl to the address "
            "that callbacks come to, and deploy.",
        )
    elif answer != HTTPStatus.BAD_REQUEST:
        yield finding(
            mark=Mark.PROBLEM,
            says=f"{url} answers {webhook.phrase(answer)} to a signed request",
            remedy=f"See what the webhook logged: aws logs tail {stack.outputs['FunctionLogGroupName']} --since 15m",
        )
    elif forged is False:
        says = (
            "a signed request is accepted; a forged one was not tried, since many refused ones this hour raise an alarm"
        )
        yield finding(mark=Mark.OK, says=says)
    elif forged != HTTPStatus.FORBIDDEN:
        yield finding(
            mark=Mark.PROBLEM,
            says=f"{url} answers {webhook.phrase(forged)} to a forged request",
            remedy="Something before the stack's webhook answers: see where PublicBaseUrl leads.",
        )
    else:
        yield finding(mark=Mark.OK, says=f"{url} accepts a signed request and refuses a forged one")


def _malformed(error: ValidationError) -> str:
    """Say what is wrong with the secret, and nothing of what it holds."""
    words = {
        "account_sid": "account_sid must be AC and 32 hexadecimal digits",
        "auth_token": "auth_token must be the Auth Token",
        "secondary_auth_token": "secondary_auth_token must be left out or be an Auth Token",
    }
    wrong = [words[str(problem["loc"][0])] for problem in error.errors() if problem["loc"]]
    return "; ".join(wrong) or f"what it holds is not JSON of the form {commands.CREDENTIALS}"


def _may_be_refused(stack: DeployedStack) -> bool:
    """Say whether one more refused request leaves the alarm on refused ones as it is."""
    name = stack.resources("AWS::CloudWatch::Alarm").get(REFUSED_SIGNATURES_ALARM)
    client = stack.session.client("cloudwatch")
    described = client.describe_alarms(AlarmNames=[name])["MetricAlarms"] if name else []
    if not described:
        return True
    alarm, now = described[0], datetime.now(UTC)
    refused = 0.0
    for watched in (it["MetricStat"] for it in alarm["Metrics"] if "MetricStat" in it):
        measured = client.get_metric_statistics(
            Namespace=watched["Metric"]["Namespace"],
            MetricName=watched["Metric"]["MetricName"],
            Dimensions=watched["Metric"]["Dimensions"],
            StartTime=now - timedelta(seconds=watched["Period"]),
            EndTime=now + timedelta(minutes=1),
            Period=60,
            Statistics=["Sum"],
        )
        refused += sum(point["Sum"] for point in measured["Datapoints"])
    return refused + 1 < alarm["Threshold"]
