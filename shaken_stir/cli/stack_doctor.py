"""`shaken-stir doctor --stack`: what keeps a deployed stack from its work."""

import sys

from rich.console import Console
from rich.text import Text

from shaken_stir.cli.prose import complain, say
from shaken_stir.deployed.checks import check_up
from shaken_stir.deployed.checkup import Checkup, Mark
from shaken_stir.deployed.stack import StackError, aws_failures_told, aws_session, find
from shaken_stir.words import moment, visible

MARKS = {Mark.OK: ("✓", "green"), Mark.WARNING: ("!", "yellow"), Mark.PROBLEM: ("✗", "red")}


def diagnose_stack(name: str, *, as_json: bool) -> int:
    """Look at a stack and print what was found; give the exit code."""
    try:
        with aws_failures_told():
            checkup = check_up(find(aws_session(), name))
    except StackError as error:
        complain("doctor", error)
        return 2
    if as_json:
        print(checkup.model_dump_json(ensure_ascii=True))
    else:
        show(Console(file=sys.stdout, highlight=False), checkup)
    return 0 if checkup.healthy else 1


def show(out: Console, checkup: Checkup) -> None:
    """Print the findings as a ticked list, and the last runs."""
    for finding in checkup.findings:
        say(out, f"{finding.check}: {finding.says}", lead=Text.assemble(MARKS[finding.mark], " "))
        if finding.remedy:
            # Often a command to copy, so it is not wrapped.
            out.print(Text(f"    {visible(finding.remedy)}"), soft_wrap=True)
        if finding.check == "Runs":
            for run in checkup.runs:
                say(out, f"{moment(run.started_at)} {run.status} {run.name}", lead="    ")
                if run.error:
                    for line in f"{run.error}: {run.cause or 'without a cause'}".split("\n"):
                        say(out, line, lead="      ")
    problems = sum(finding.mark is Mark.PROBLEM for finding in checkup.findings)
    verdict = "Nothing is in the way." if checkup.healthy else f"In the way: {problems}."
    say(out, verdict, style="bold")
