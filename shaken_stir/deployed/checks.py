"""What keeps a deployed stack from its work: each part looked at, each obstacle with what to do about it.

The webhook is tried with a signed request that names no Trust Product: the webhook checks the signature first, so it
answers 400 to this one and 403 to a forged one. Neither is recorded, and nobody is woken.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from typing import Final

from pydantic import BaseModel, ValidationError

from onboarding.credentials import TwilioCredentials
from shaken_stir.deployed import commands, webhook
from shaken_stir.deployed.stack import AWS_FAILURES, DeployedStack, StackError, sentence

RUNS: Final = 10
REFUSED_SIGNATURES_ALARM: Final = "RefusedSignaturesAlarm"


class Mark(StrEnum):
    """How a check came out; only a problem is in the way."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


class Finding(BaseModel):
    """What a check found; `remedy` is a sentence that says what to do."""

    check: str
    mark: Mark
    says: str
    remedy: str | None = None


class Run(BaseModel):
    """An execution of the state machine; `status`, `error` and `cause` are those of Step Functions."""

    name: str
    status: str
    started_at: datetime
    error: str | None = None
    cause: str | None = None


class Checkup(BaseModel):
    """All that was found, and the last runs, the newest first."""

    stack: str
    findings: list[Finding]
    runs: list[Run]

    @property
    def healthy(self) -> bool:
        """Whether nothing is in the way."""
        return not any(finding.mark is Mark.PROBLEM for finding in self.findings)


def check_up(stack: DeployedStack) -> Checkup:
    """Look at every part of a stack."""
    findings = [deployment(stack)]
    if not stack.outputs:
        return Checkup(stack=stack.name, findings=findings, runs=[])
    credentials: list[TwilioCredentials] = []
    runs: list[Run] = []
    for check, look in (
        ("Secret", partial(secret, stack, credentials.append)),
        ("Webhook", partial(callback, stack, credentials)),
        ("Schedule", partial(schedule, stack)),
        ("Alarm e-mail", partial(subscriptions, stack)),
        ("Alarms", partial(alarms, stack)),
        ("Runs", partial(last_runs, stack, runs.append)),
        ("Undelivered events", partial(undelivered_events, stack)),
    ):
        findings.extend(_looked_at(check, look))
    return Checkup(stack=stack.name, findings=findings, runs=runs)


def deployment(stack: DeployedStack) -> Finding:
    """Look whether the last deployment succeeded."""
    finding = partial(Finding, check="Stack", says=f"{stack.name} in {stack.session.region_name} is {stack.status}")
    match stack.status:
        case "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE":
            return finding(mark=Mark.OK)
        case "REVIEW_IN_PROGRESS":
            return finding(mark=Mark.PROBLEM, remedy="Its first deployment was not confirmed: run `make deploy` again.")
        case status if status.endswith("_IN_PROGRESS"):
            mark = Mark.WARNING if stack.outputs else Mark.PROBLEM
            return finding(mark=mark, remedy="A deployment is under way: look again when it has ended.")
        case "UPDATE_ROLLBACK_COMPLETE":
            remedy = "The last deployment failed and was taken back: see why in the stack's events, then deploy again."
            return finding(mark=Mark.WARNING, remedy=remedy)
        case "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "CREATE_FAILED" | "DELETE_FAILED":
            remedy = f"Delete it (aws cloudformation delete-stack --stack-name {stack.name}), then deploy it again."
            return finding(mark=Mark.PROBLEM, remedy=remedy)
        case _:
            return finding(mark=Mark.PROBLEM, remedy="See what its events in the CloudFormation console say.")


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


def schedule(stack: DeployedStack) -> Iterator[Finding]:
    """Look when the whole fleet is looked through."""
    for it in commands.schedules(stack):
        when = f"{it['ScheduleExpression']} in {it.get('ScheduleExpressionTimezone', 'UTC')}"
        if it["State"] == "ENABLED":
            yield Finding(check="Schedule", mark=Mark.OK, says=f"the whole fleet is looked through, {when}")
        else:
            yield Finding(
                check="Schedule",
                mark=Mark.WARNING,
                says="the whole fleet is looked through only when somebody asks for it",
                remedy=f"The daily run is off until asked for; to switch it on: {commands.switch_on_daily_run(stack)}",
            )


def subscriptions(stack: DeployedStack) -> Iterator[Finding]:
    """Look whether somebody is told of alarms."""
    pages = stack.session.client("sns").get_paginator("list_subscriptions_by_topic")
    found = [it for page in pages.paginate(TopicArn=stack.outputs["AlarmTopicArn"]) for it in page["Subscriptions"]]
    confirmed = [it["Endpoint"] for it in found if it["SubscriptionArn"].startswith("arn:")]
    pending = [it["Endpoint"] for it in found if it["SubscriptionArn"] == "PendingConfirmation"]
    finding = partial(Finding, check="Alarm e-mail")
    if confirmed:
        yield finding(mark=Mark.OK, says=f"{', '.join(confirmed)} hears of alarms")
    if pending:
        yield finding(
            mark=Mark.WARNING,
            says=f"{', '.join(pending)} has not confirmed",
            remedy="Follow the link in the mail from AWS Notifications; if it is gone, subscribe the address again.",
        )
    if not confirmed and not pending:
        yield finding(
            mark=Mark.WARNING,
            says="nobody hears of alarms",
            remedy="Deploy with PARAMETERS='AlarmEmail=...', and confirm the subscription.",
        )


def alarms(stack: DeployedStack) -> Iterator[Finding]:
    """Look which alarms are raised."""
    names = stack.resources("AWS::CloudWatch::Alarm")
    described = stack.session.client("cloudwatch").describe_alarms(AlarmNames=list(names.values()))["MetricAlarms"]
    raised = {alarm["AlarmName"]: alarm for alarm in described if alarm["StateValue"] == "ALARM"}
    for logical_id, name in names.items():
        if name in raised:
            alarm = raised[name]
            yield Finding(
                check="Alarms",
                mark=Mark.PROBLEM,
                says=f"{logical_id} is in ALARM since {alarm['StateUpdatedTimestamp']:%Y-%m-%d %H:%M %Z}",
                remedy=f"{alarm.get('AlarmDescription', 'See the CloudWatch console')}.",
            )
    if not raised:
        yield Finding(check="Alarms", mark=Mark.OK, says=f"none of {len(names):,} is raised")


def last_runs(stack: DeployedStack, keep: Callable[[Run], object]) -> Iterator[Finding]:
    """Look how the last executions came out.

    Args:
        stack: Whose executions.
        keep: Given each of them, the newest first.
    """
    client = stack.session.client("stepfunctions")
    listed = client.list_executions(stateMachineArn=stack.outputs["StateMachineArn"], maxResults=RUNS)["executions"]
    runs = [Run(name=it["name"], status=it["status"], started_at=it["startDate"]) for it in listed]
    for it, run in zip(listed, runs, strict=True):
        if run.status not in {"RUNNING", "SUCCEEDED"}:
            described = client.describe_execution(executionArn=it["executionArn"])
            run.error, run.cause = described.get("error"), described.get("cause")
        keep(run)
    if not runs:
        yield Finding(
            check="Runs",
            mark=Mark.WARNING,
            says="there was none yet",
            remedy=f"Send a request: {commands.request_whole_fleet(stack)}",
        )
    elif runs[0].status in {"RUNNING", "SUCCEEDED"}:
        yield Finding(check="Runs", mark=Mark.OK, says=f"the last one is {runs[0].status}")
    else:
        yield Finding(
            check="Runs",
            mark=Mark.PROBLEM,
            says=f"the last one is {runs[0].status}: {runs[0].cause or runs[0].error or 'somebody stopped it'}",
            remedy="Do what its cause says, then send the request again: it does only what is missing.",
        )


def undelivered_events(stack: DeployedStack) -> Iterator[Finding]:
    """Look whether events wait that did not reach the state machine, or the topic."""
    client = stack.session.client("sqs")
    for url in stack.resources("AWS::SQS::Queue").values():
        asked = client.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        if count := int(asked["Attributes"]["ApproximateNumberOfMessages"]):
            yield Finding(
                check="Undelivered events",
                mark=Mark.PROBLEM,
                says=f"{count:,} did not reach the state machine, or the topic",
                remedy=f"Read them (aws sqs receive-message --queue-url {url}), send the requests among them again, "
                f"then empty the queue (aws sqs purge-queue --queue-url {url}).",
            )
        else:
            yield Finding(check="Undelivered events", mark=Mark.OK, says="none")


def _looked_at(check: str, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    try:
        return list(look())
    except AWS_FAILURES as error:
        remedy = "When that is done, look again."
        return [Finding(check=check, mark=Mark.PROBLEM, says=f"not looked at: {sentence(error)}", remedy=remedy)]


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
    measured = client.get_metric_statistics(
        Namespace=alarm["Namespace"],
        MetricName=alarm["MetricName"],
        Dimensions=alarm["Dimensions"],
        StartTime=now - timedelta(seconds=alarm["Period"]),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )
    refused = sum(point["Sum"] for point in measured["Datapoints"])
    return refused + 1 < alarm["Threshold"]
