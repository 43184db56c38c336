"""`make delete`: what runs is stopped, the stack is deleted, and what stays is named."""

import sys

import pytest
from botocore.exceptions import ClientError

from shaken_stir.cli import deploy as deploying
from shaken_stir.defaults import STACK
from shaken_stir.deployed import deletion
from shaken_stir.deployed.stack import DeployedStack
from tests.commands.deployed.conftest import Deploy, client
from tests.world import NAMED, NEVER, wait_until, waiting


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletion, "POLL_SECONDS", 0.2)


def delete(monkeypatch: pytest.MonkeyPatch, *options: str) -> object:
    """Run the step; return its exit code."""
    monkeypatch.setattr(sys, "argv", ["deploy", "delete", "--stack", STACK, *options])
    monkeypatch.setattr(deploying, "PROGRAM", "make delete")
    with pytest.raises(SystemExit) as ended:
        deploying.main()
    return ended.value.code


def exists() -> bool:
    try:
        client("cloudformation").describe_stacks(StackName=STACK)
    except ClientError:
        return False
    return True


def test_a_run_that_waits_is_stopped_before_the_stack_is_deleted(
    deploy: Deploy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    local = deploy(review={"seconds": NEVER})
    arn = local.engine.start_execution(NAMED)
    assert wait_until(lambda: waiting(local))

    code = delete(monkeypatch, "--yes")

    said = capsys.readouterr()
    assert (code, said.err) == (0, "")
    assert local.engine.wait(arn, timeout=10)["status"] == "ABORTED"
    assert not exists()
    lines = [line for line in said.out.splitlines() if not line.startswith("{")]  # without the functions' log
    assert lines[0].startswith(f"This stops 1 execution and deletes the stack {STACK} in us-east-1; ")
    assert "Waiting for 1 execution to end." in lines
    assert f"Deleted {STACK}. These stay; each command removes one for ever:" in lines
    commands = [line.strip() for line in lines if line.startswith("      aws ")]
    assert [line.split()[1] for line in commands] == ["dynamodb", "secretsmanager"]


def test_what_starts_runs_is_switched_off_first(deploy: Deploy, monkeypatch: pytest.MonkeyPatch) -> None:
    deploy()
    events, resources = client("events"), DeployedStack.resources
    events.create_event_bus(Name=STACK)
    events.put_rule(Name="Requests", EventBusName=STACK, EventPattern="{}")
    rules_of_a_bus = {"AWS::Events::Rule": {"OnboardingRequested": f"{STACK}|Requests"}}
    monkeypatch.setattr(
        DeployedStack, "resources", lambda stack, kind: rules_of_a_bus.get(kind) or resources(stack, kind)
    )
    states: list[str] = []

    def note(*_: object) -> None:
        rules = events.list_rules(EventBusName=STACK)["Rules"]
        schedules = client("scheduler").list_schedules()["Schedules"]
        states.extend([it["State"] for it in [*rules, *schedules]])

    monkeypatch.setattr(deletion, "stop_executions", note)

    assert delete(monkeypatch, "--yes") == 0
    assert len(states) == 2
    assert set(states) == {"DISABLED"}


def test_without_a_yes_nothing_is_changed(
    deploy: Deploy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy()
    monkeypatch.setattr("click.confirm", lambda _: False)

    assert delete(monkeypatch) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "Nothing was changed."
    assert exists()


def test_a_deletion_that_fails_is_told_with_its_reason(
    deploy: Deploy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy()
    monkeypatch.setattr(deletion, "_status", lambda *_: ("DELETE_FAILED", "the bucket is not empty"))

    assert delete(monkeypatch, "--yes") == 2
    assert capsys.readouterr().err.startswith(
        f"make delete: CloudFormation could not delete {STACK} (the bucket is not empty)"
    )


def test_a_stack_that_is_not_there_is_told(
    deploy: Deploy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy()
    client("cloudformation").delete_stack(StackName=STACK)

    assert delete(monkeypatch, "--yes") == 2
    assert "make delete: There is no stack" in capsys.readouterr().err
