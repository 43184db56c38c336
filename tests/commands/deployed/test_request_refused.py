"""What `shaken-stir request` cannot send or follow: each is told in one sentence, with exit code 2."""

from pathlib import Path

import pytest

from shaken_stir.cli.main import execute
from shaken_stir.project import EXAMPLE_EVENT
from tests.commands.deployed.conftest import Deploy, create_stack
from tests.commands.deployed.requesting import request


def test_what_cannot_be_sent_or_followed_is_told_in_one_sentence(
    tmp_path: Path, deploy: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    local = deploy()
    create_stack(local, "other", StateMachineArn=local.engine.state_machine_arn + "-of-another")
    ended = local.engine.start_execution({})
    local.engine.wait(ended)
    no_rule = tmp_path / "no_rule.json"
    no_rule.write_text('{"source": "acme", "detail-type": "Something Else", "detail": {}}')
    unknown = f"{ended.rpartition(':')[0]}:unknown"

    for options, told in (
        (["--event", "missing.json"], "missing.json cannot be read"),
        (["--event", str(no_rule)], "Something Else"),
        (["--event", str(EXAMPLE_EVENT), "--stack", "missing"], "There is no stack missing"),
        (["--execution", unknown], f"has no execution {unknown}"),
        (["--execution", "arn"], "has no execution arn"),
        (["--execution", ended, "--stack", "other"], "The stack other has no execution"),
    ):
        code, lines, errors = request(capsys, *options)
        assert (code, lines, errors.count("\n")) == (2, [], 1), options
        assert told in errors


def test_a_file_that_is_missing_is_told_before_aws_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "missing")

    code, lines, errors = request(capsys, "--event", "missing.json")

    assert (code, lines) == (2, [])
    assert "missing.json cannot be read" in errors


@pytest.mark.parametrize("command", [["request", "--event", str(EXAMPLE_EVENT)], ["doctor"]])
def test_an_empty_name_of_a_stack_is_not_taken_for_none(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert execute([*command, "--stack", ""]) == 2
    assert "argument --stack: the name is empty" in capsys.readouterr().err
