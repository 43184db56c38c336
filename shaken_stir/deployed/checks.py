"""What keeps a deployed stack from its work: each part looked at, each obstacle with what to do about it."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from onboarding.table.dynamodb import Table
from onboarding.table.left_out_checks import read_left_out_checks
from onboarding.table.validities import read_validities_in_use
from onboarding.validity import TITLES, describe_validity, is_ending, remedy_of_ending
from shaken_stir.deployed import commands
from shaken_stir.deployed.checkup import Checkup, Finding, Mark, Run
from shaken_stir.deployed.concurrency_checks import concurrency
from shaken_stir.deployed.stack import AWS_FAILURES, DeployedStack, sentence
from shaken_stir.deployed.webhook_checks import callback, secret
from shaken_stir.words import moment

if TYPE_CHECKING:
    from onboarding.credentials import TwilioCredentials

RUNS: Final = 10


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
        ("Concurrency", partial(concurrency, stack)),
        ("Alarm e-mail", partial(subscriptions, stack)),
        ("Alarms", partial(alarms, stack)),
        ("Runs", partial(last_runs, stack, runs.append)),
        ("Audit", partial(left_out_checks, stack)),
        ("Validity", partial(validities, stack, datetime.now(UTC))),
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
                says=f"{logical_id} is in ALARM since {moment(alarm['StateUpdatedTimestamp'])}",
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


def validities(stack: DeployedStack, now: datetime) -> Iterator[Finding]:
    """Look until when the Business Profile and the Trust Product of the last run are valid, as Twilio told it."""
    table = Table(stack.session.client("dynamodb"), stack.outputs["ProgressTableName"])
    for it in read_validities_in_use(table):
        seen = f", as a run saw on {moment(it.observed_at)}"
        if not it.valid_until:
            says = f"Twilio names no end for the {TITLES[it.kind]} {it.sid}{seen}"
            yield Finding(check="Validity", mark=Mark.OK, says=says)
            continue
        ending = is_ending(it.valid_until, now)
        remedy = remedy_of_ending(it.valid_until, now)
        yield Finding(
            check="Validity",
            mark=Mark.WARNING if ending else Mark.OK,
            says=describe_validity(it.kind, it.sid, it.valid_until, now) + seen,
            remedy=f"{remedy[0].upper()}{remedy[1:]}." if ending else None,
        )


def left_out_checks(stack: DeployedStack) -> Iterator[Finding]:
    """Report the checks that the newest run over the whole fleet left out."""
    table = Table(stack.session.client("dynamodb"), stack.outputs["ProgressTableName"])
    found = read_left_out_checks(table)
    for it in found:
        yield Finding(
            check="Audit",
            mark=Mark.WARNING,
            says=f"on {moment(it.left_out_at)}: {it.message}",
            remedy="See docs/runbook.md#checksleftoutalarm.",
        )
    if not found:
        yield Finding(check="Audit", mark=Mark.OK, says="no check was left out")


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
