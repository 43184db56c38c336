"""`make deploy`: what is missing is said before anything is sent, and what comes next after it."""

import os
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from shaken_stir.cli import deploy as deploying
from shaken_stir.defaults import STACK
from shaken_stir.deployed import deployment
from shaken_stir.deployed.stack import find_complete
from shaken_stir.project import ROOT, TEMPLATE
from tests.commands.deployed.conftest import Deploy, client, create_stack, disable_schedule

ENDED = 1_900_000_000
MAKE = shutil.which("make") or "make"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that was built for arm64, as `make build` leaves it."""
    for folder in deployment.FOLDERS:
        (tmp_path / folder).mkdir()
    for file in (*deployment.FILES, "functions/read_request.py"):
        (tmp_path / file).write_text("")
        os.utime(tmp_path / file, (ENDED - 10, ENDED - 10))
    build = tmp_path / "build"
    build.mkdir()
    shutil.copy(TEMPLATE, build / "template.yaml")
    os.utime(build / "template.yaml", (ENDED, ENDED))
    return tmp_path


def missing(project: Path, architecture: str = "arm64", stack: str = STACK) -> list[str]:
    return list(deployment.missing(boto3.Session(), project, project / "build", architecture, stack))


def make(*words: str) -> subprocess.CompletedProcess[str]:
    """Run make as by hand, even within `make test`, and without setting anything up."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = [MAKE, "-o", ".venv/.synced-stack", "-o", ".venv/.synced-run", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def dry_run(*words: str) -> list[str]:
    return [line.strip() for line in make("-n", *words).stdout.replace("\\\n", "").splitlines()]


def test_a_stack_name_that_makes_the_machine_s_name_too_long_is_told(project: Path) -> None:
    assert missing(project, stack="s" * 69) == []

    [told] = missing(project, stack="s" * 70)
    assert told.endswith("choose one of 69 characters or fewer (STACK=...).")


def test_a_fresh_build_for_the_processor_lacks_nothing(project: Path) -> None:
    assert missing(project) == []


@pytest.mark.parametrize(
    ("variable", "told"), [("AWS_ACCESS_KEY_ID", "No AWS credentials"), ("AWS_DEFAULT_REGION", "No AWS region")]
)
def test_missing_credentials_and_region_are_told(
    variable: str, told: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.delenv(variable)

    [sentence] = missing(project)

    assert sentence.startswith(told)


def test_a_missing_build_is_told(project: Path) -> None:
    (project / "build/template.yaml").unlink()

    assert missing(project, "x86_64") == [f"There is no build in {project / 'build'}: run `make build ARCH=x86_64`."]


def test_a_build_for_the_other_processor_is_told(project: Path) -> None:
    [sentence] = missing(project, "x86_64")

    assert "is for arm64, not x86_64: run `make build ARCH=x86_64`, or add ARCH=arm64." in sentence


@pytest.mark.parametrize("changed", ["template.yaml", "functions/read_request.py"])
def test_a_build_older_than_its_sources_is_told(changed: str, project: Path) -> None:
    os.utime(project / changed, (ENDED + 10, ENDED + 10))

    [sentence] = missing(project)

    assert f"is older than {changed}: run `make build ARCH=arm64`." in sentence


def test_the_account_and_the_region_are_named_before_anything_is_sent() -> None:
    with mock_aws():
        target = deployment.target(boto3.Session())

    assert target.startswith("account 123456789012 in us-east-1, as arn:aws:sts::")


def test_what_is_missing_stops_make_with_a_sentence_each_in_which_what_is_named_is_text(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "shaken_stir.cli.deploy",
        "before",
        "--build",
        f"{tmp_path}/\x1b[2J\nfolder",
        "--architecture",
        "arm64",
        "--stack",
        STACK,
    ]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert [line.split()[:5] for line in done.stderr.splitlines()] == [
        ["make", "deploy:", "No", "AWS", "credentials"],
        ["make", "deploy:", "No", "AWS", "region"],
        ["make", "deploy:", "There", "is", "no"],
    ]
    assert f"There is no build in {tmp_path}/\\x1b[2J\\nfolder: run `make build ARCH=arm64`." in done.stderr


def test_an_empty_secret_comes_first_of_what_is_next_which_is_printed(
    deploy: Deploy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    local = deploy()
    empty = client("secretsmanager").create_secret(Name="empty")["ARN"]
    create_stack(local, "new", TwilioSecretArn=empty)

    filled = list(deployment.after_deployment(find_complete(boto3.Session(), STACK)))
    fill, *then = deployment.after_deployment(find_complete(boto3.Session(), "new"))

    assert [command.line for command in filled] == [
        f".venv/bin/shaken-stir doctor --stack {STACK}",
        f"make request EVENT=events/whole_fleet.json STACK={STACK}",
    ]
    secret = f"aws secretsmanager put-secret-value --secret-id {empty} --secret-string file:///dev/stdin"
    assert fill.line == secret
    assert fill.note.startswith("then type {")
    assert len(then) == 2

    capsys.readouterr()
    for stack, code in ((STACK, 0), ("missing", 2)):
        monkeypatch.setattr(sys, "argv", ["make deploy", "after", "--stack", stack])
        with pytest.raises(SystemExit) as end:
            deploying.main()
        assert end.value.code == code
    told = capsys.readouterr()
    assert told.out.startswith("Next:\n  .venv/bin/shaken-stir doctor")
    assert told.err.startswith("make deploy: There is no stack missing")


def test_the_daily_run_comes_last_of_what_is_next_until_it_is_on(deploy: Deploy) -> None:
    create_stack(deploy(), "new", architecture="x86_64")
    for stack in (STACK, "new"):
        disable_schedule(stack)

    *_, last = deployment.after_deployment(find_complete(boto3.Session(), STACK))
    *_, last_of_new = deployment.after_deployment(find_complete(boto3.Session(), "new"))

    switch = "PARAMETERS='ScheduleExpression=\"cron(0 6 * * ? *)\"'"
    assert last.line == f"make deploy {switch}"
    assert last_of_new.line == f"make deploy ARCH=x86_64 STACK=new {switch}"
    sam = dry_run(*shlex.split(last.line)[1:])[-2]
    assert sam.endswith("--parameter-overrides Architecture=arm64 'ScheduleExpression=\"cron(0 6 * * ? *)\"'")


def test_a_build_ends_with_the_project_s_own_next_commands(capsys: pytest.CaptureFixture[str]) -> None:
    planned = dry_run("build", "ARCH=x86_64")
    [sam] = [line for line in planned if "sam build" in line]
    assert sam.endswith(">/dev/null")  # where SAM CLI advises commands of its own
    assert planned[-1].endswith("-m shaken_stir.cli.deploy built --build .aws-sam/build --architecture x86_64")
    assert "shaken_stir.cli.deploy" not in make("-n", "bench").stdout

    options = ["built", "--build", ".aws-sam/build", "--architecture", "x86_64"]
    assert deploying.steps.main(options, standalone_mode=False) == 0

    told = capsys.readouterr().out
    assert "Built for x86_64 in .aws-sam/build.\nNext:\n  make deploy ARCH=x86_64 PARAMETERS='AlarmEmail=" in told
    assert "  make invoke FN=AssignToTrustProduct\n" in told


def test_make_deploys_to_the_region_that_aws_region_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")

    sam = dry_run("deploy")[-2]

    assert "sam deploy --stack-name shaken-stir --region eu-west-1 " in sam


def test_make_checks_deploys_and_says_what_is_next() -> None:
    check, sam, after = dry_run("deploy", "ARCH=x86_64", "STACK=acme", "PARAMETERS=AlarmEmail=ops@acme.example")[-3:]

    assert check.endswith("-m shaken_stir.cli.deploy before --build .aws-sam/build --architecture x86_64 --stack acme")
    assert sam.split() == [
        ".tools/sam/bin/sam", "deploy", "--stack-name", "acme",
        "--parameter-overrides", "Architecture=x86_64", "'AlarmEmail=ops@acme.example'",
    ]  # fmt: skip
    assert after.endswith("-m shaken_stir.cli.deploy after --stack acme")


def test_a_deployment_asks_nothing_but_whether_the_changes_are_right() -> None:
    with (ROOT / "samconfig.toml").open("rb") as file:
        parameters = tomllib.load(file)["default"]["deploy"]["parameters"]

    assert parameters == {
        "stack_name": STACK,
        "capabilities": "CAPABILITY_IAM",
        "resolve_s3": True,
        "confirm_changeset": True,
        "fail_on_empty_changeset": False,
    }


def test_make_request_sends_the_event_to_the_stack() -> None:
    assert dry_run("request", "EVENT=events/whole_fleet.json", "STACK=acme")[-1].endswith(
        "shaken-stir request --event events/whole_fleet.json --stack acme"
    )

    done = make("request")

    assert done.returncode == 2
    assert "say which request" in done.stderr


def test_a_step_that_lacks_an_option_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["make deploy", "after"])

    with pytest.raises(SystemExit) as end:
        deploying.main()

    assert end.value.code == 2
    assert capsys.readouterr().err == "make deploy: Missing option '--stack'.\n"
