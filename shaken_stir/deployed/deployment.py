"""Before and after `sam deploy`: what is missing for it, and what comes next."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import boto3

from shaken_stir.deployed import commands
from shaken_stir.deployed.checkup import Mark
from shaken_stir.deployed.stack import NO_CREDENTIALS, NO_REGION, DeployedStack
from shaken_stir.deployed.webhook_checks import secret
from shaken_stir.engine.intrinsics import read_template

FOLDERS: Final = ("functions", "layers", "statemachine")
FILES: Final = ("template.yaml", "uv.lock")


LONGEST_STACK_NAME: Final = 80 - len("-onboarding")
"""The state machine is called as the stack with `-onboarding` behind it, and takes 80 characters."""


def missing(session: boto3.Session, root: Path, build: Path, architecture: str, stack: str) -> Iterator[str]:
    """Say what a deployment lacks, a sentence for each.

    Args:
        session: The AWS account and region to deploy to.
        root: The project's folder.
        build: What `make build` made.
        architecture: The processor to deploy for.
        stack: The stack's name.
    """
    if len(stack) > LONGEST_STACK_NAME:
        yield (
            f"The stack name {stack} has {len(stack)} characters, and the state machine's name would be too long: "
            f"choose one of {LONGEST_STACK_NAME} characters or fewer (STACK=...)."
        )
    if session.get_credentials() is None:
        yield NO_CREDENTIALS
    if session.region_name is None:
        yield NO_REGION
    template, run = build / "template.yaml", f"run `make build ARCH={architecture}`"
    if not template.exists():
        yield f"There is no build in {build}: {run}."
        return
    built_for = read_template(template)["Parameters"]["Architecture"]["Default"]
    if built_for != architecture:
        yield f"The build in {build} is for {built_for}, not {architecture}: {run}, or add ARCH={built_for}."
    if newer := _newer_source(root, template.stat().st_mtime):
        yield f"The build in {build} is older than {newer}: {run}."


def target(session: boto3.Session) -> str:
    """Name the account, the region and who deploys there."""
    caller = session.client("sts").get_caller_identity()
    return f"account {caller['Account']} in {session.region_name}, as {caller['Arn']}"


class Command(NamedTuple):
    """What to type next, and a word on it."""

    line: str
    note: str = ""


def after_build(architecture: str) -> Iterator[Command]:
    """Give the commands that come after a build for a processor, the first one first."""
    named = 'AlarmEmail=... TrustProductEmail=... TrustProductFriendlyName="..."'
    yield Command(
        f"make deploy ARCH={architecture} PARAMETERS='{named}'",
        "what is worth naming the first time; parameters that are not named stay as they were",
    )
    yield Command("make invoke FN=AssignToTrustProduct", "one function in a container, while `make serve` is up")


def after_deployment(stack: DeployedStack) -> Iterator[Command]:
    """Give the commands that come after a deployment, the first one first."""
    if any(finding.mark is Mark.PROBLEM for finding in secret(stack)):
        yield Command(commands.fill_secret(stack), commands.TYPE_CREDENTIALS)
    yield Command(f".venv/bin/shaken-stir doctor --stack {stack.name}")
    yield Command(commands.request_whole_fleet(stack))
    if commands.daily_run_is_off(stack):
        yield Command(
            commands.switch_on_daily_run(stack),
            "the daily run over the whole fleet; off until you ask for it, best after a first request that went well",
        )


def _newer_source(root: Path, built_at: float) -> Path | None:
    sources = [*(root / name for name in FILES), *(it for name in FOLDERS for it in (root / name).rglob("*"))]
    files = (it for it in sources if it.is_file() and it.suffix != ".pyc")
    return next((it.relative_to(root) for it in files if it.stat().st_mtime > built_at), None)
