"""Who is told what: the rules that hand announcements, and runs that did not succeed, to the topic for people."""

import json
from typing import Any

import pytest

from onboarding.announcements import ANNOUNCEMENTS, SOURCE
from shaken_stir.engine.events import Rule
from shaken_stir.engine.intrinsics import ACCOUNT, read_template
from tools.picture import ROOT

RESOURCES: dict[str, Any] = read_template(ROOT / "template.yaml")["Resources"]
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:local-onboarding"


def rule(name: str) -> Rule:
    properties = RESOURCES[name]["Properties"]
    pattern = properties["EventPattern"]
    pattern = pattern | {"account": [ACCOUNT]}
    if "detail" in pattern:
        pattern = pattern | {"detail": pattern["detail"] | {"stateMachineArn": [MACHINE]}}
    [target] = properties["Targets"]
    return Rule(name, pattern, transformer=target["InputTransformer"])


def announcement(detail_type: str, **detail: Any) -> dict[str, Any]:
    return {
        "source": SOURCE,
        "account": ACCOUNT,
        "detail-type": detail_type,
        "detail": {"execution": "nightly", "message": "So.", **detail},
    }


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (announcement("Trust Product Approved"), True),
        (announcement("Trust Product Rejected"), True),
        (announcement("Subaccounts Failed"), True),
        (announcement("Drift Found"), True),
        (announcement("Check Left Out"), True),
        (announcement("Validity Ending"), True),
        (announcement("Subaccounts Onboarded", changed=1), True),
        (announcement("Subaccounts Onboarded", changed=0), False),
        (announcement("Subaccounts Onboarded", changed=0, numbers_left_out=0), False),
        (announcement("Subaccounts Onboarded", changed=0, numbers_left_out=1), True),
        (announcement("Orphans Found", new=2), True),
        (announcement("Orphans Found", new=0), False),
        (announcement("Onboarding Requested"), False),
        (announcement("Trust Product Approved") | {"source": "somebody.else"}, False),
    ],
)
def test_people_are_told_what_is_news(event: dict[str, Any], told: bool) -> None:  # noqa: FBT001
    assert rule("AnnouncementsRule").matches(event) is told


def test_every_kind_of_announcement_reaches_people() -> None:
    news = {"changed": 1, "new": 1}

    assert all(rule("AnnouncementsRule").matches(announcement(it.detail_type, **news)) for it in ANNOUNCEMENTS)


def status_change(status: str, machine: str = MACHINE) -> dict[str, Any]:
    return {
        "source": "aws.states",
        "account": ACCOUNT,
        "detail-type": "Step Functions Execution Status Change",
        "detail": {"stateMachineArn": machine, "name": "nightly", "status": status, "error": "E", "cause": "So."},
    }


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_people_are_told_of_a_run_that_did_not_succeed(status: str) -> None:
    assert rule("RunNotSucceededRule").matches(status_change(status))


@pytest.mark.parametrize(
    "event", [status_change("SUCCEEDED"), status_change("RUNNING"), status_change("FAILED", f"{MACHINE}/Subaccount")]
)
def test_other_status_changes_are_nobody_s_business(event: dict[str, Any]) -> None:
    assert not rule("RunNotSucceededRule").matches(event)


def test_people_read_the_message_whatever_is_in_it() -> None:
    event = announcement("Trust Product Rejected", message='send it again with "resubmit": true')

    assert rule("AnnouncementsRule").reduce(event) == {
        "announcement": "Trust Product Rejected",
        "message": 'send it again with "resubmit": true',
        "run": "nightly",
    }


def test_people_read_what_stopped_a_run_if_step_functions_says() -> None:
    event = status_change("ABORTED")
    assert rule("RunNotSucceededRule").reduce(event) == {
        "run": "nightly",
        "status": "ABORTED",
        "error": "E",
        "cause": "So.",
    }

    del event["detail"]["error"], event["detail"]["cause"]
    assert not rule("RunNotSucceededRule").matches(event)
    assert rule("RunStoppedRule").matches(event)
    assert not rule("RunStoppedRule").matches(status_change("FAILED"))
    assert rule("RunStoppedRule").reduce(event) == {"run": "nightly", "status": "ABORTED"}


@pytest.mark.parametrize("name", ["RunNotSucceededRule", "RunStoppedRule"])
def test_no_mail_holds_the_request(name: str) -> None:
    event = status_change("FAILED")
    event["detail"]["input"] = json.dumps({"trust_product": {"email": "voice@acme.example"}})

    assert "voice@acme.example" not in json.dumps(rule(name).reduce(event))


@pytest.mark.parametrize("name", ["AnnouncementsRule", "RunNotSucceededRule", "RunStoppedRule"])
def test_what_cannot_be_told_is_kept(name: str) -> None:
    [target] = RESOURCES[name]["Properties"]["Targets"]

    assert target["Arn"] == {"Ref": "AlarmTopic"}
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["UndeliveredEventsQueue", "Arn"]}}


def test_both_may_publish_on_the_topic() -> None:
    statements = RESOURCES["AlarmTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]

    assert {it["Principal"]["Service"]: it["Action"] for it in statements if it["Effect"] == "Allow"} == {
        "cloudwatch.amazonaws.com": "sns:Publish",
        "events.amazonaws.com": "sns:Publish",
    }
