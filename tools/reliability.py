"""What is promised, how it is tried, how often, with what outcome: docs/reliability.md, from results of `make faults`.

.venv/bin/python -m tools.reliability .faults.xml
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple
from xml.etree.ElementTree import Element, parse

from shaken_stir.project import ROOT

DOCUMENT: Final = ROOT / "docs/reliability.md"
TIMES: Final = ("once", "three times", "each time")
ROUNDED_TO: Final = 100
"""Generated examples are told in hundreds: a few more are tried by chance."""
_NOT_PASSED: Final = ("failure", "error", "skipped")
_HEADS: Final = ("what is promised", "how it is tried", "how often", "outcome")
_AS_PROMISED: Final = "as promised"
_INTRODUCTION: Final = """# What is promised when things go wrong

Written by `make faults` from the results of its run on {date}, in which every case came out as told here. Each drives
the real functions, against a simulated Twilio and moto's AWS, in the order of the state machine, and tries a step again
as often as the machine's definition says. Pauses are left out; leases and lists that lag are shortened by settings.

{promises}

`make defects OPTIONS=--faults` plants defects that these cases must see.

The ends of a run, in the tables:

- **signed**: all numbers that were asked for are signed.
- **numbers refused**: the run ends well; some numbers are recorded as refused, with Twilio's reason.
- **a number left out**: the run ends well; one of the numbers that the request names is left out, with the reason.
- **Wait Out The Outage**: the run is not over; it asks again until the outage ends.
- the name of an error: the run ends with [that error](errors.md). Where a subaccount's own work fails, that subaccount
  is recorded with the error, and the run ends with `SubaccountsFailed`.
"""


class Case(NamedTuple):
    """A test that has passed, and what it says that it has tried.

    Attributes:
        module: The test's module.
        said: What was tried, by name: of a fault `operation`, `fault`, `times`, `end`; of a property `examples`.
    """

    module: str
    said: dict[str, str]


class ResultsError(ValueError):
    """The results are not those of a run in which all went well; the message is one sentence for a person."""


def read(results: Path) -> tuple[datetime, list[Case]]:
    """Read pytest's results, a JUnit file; gives when the run began, and its cases.

    Raises:
        ResultsError: A test has failed or was left out, or there is none.
    """
    suite = parse(results).getroot().find("testsuite")  # noqa: S314 - pytest has just written it
    tests = [] if suite is None else suite.findall("testcase")
    if suite is None or not tests:
        raise ResultsError(f"{results} has no results; docs/reliability.md stays as it was.")
    if bad := [test.get("name") for test in tests if any(test.find(it) is not None for it in _NOT_PASSED)]:
        raise ResultsError(
            f"{len(bad)} of {len(tests)} tests did not pass, such as {bad[0]}; docs/reliability.md stays as it was."
        )
    return datetime.fromisoformat(suite.get("timestamp", "")), [_case(test) for test in tests]


def _case(test: Element) -> Case:
    said = {it.get("name", ""): it.get("value", "") for it in test.iter("property")}
    return Case(test.get("classname", "").rpartition(".")[2], said)


def document(began: datetime, cases: list[Case]) -> str:
    """Write the page."""
    by_module: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        by_module[case.module].append(case)
    begin = _INTRODUCTION.format(date=f"{began:%Y-%m-%d}", promises="\n".join(rows(_HEADS, promises(by_module))))
    twilio, aws = table(by_module["test_twilio_fails"]), table(by_module["test_aws_fails"])
    return "\n".join([begin, "## Twilio\n", *twilio, "\n## AWS\n", *aws]) + "\n"


def promises(by_module: Mapping[str, list[Case]]) -> list[tuple[str, str, str, str]]:
    """Say what is promised, how it is tried, how often, and with what outcome; takes the cases by their module."""
    twilio, aws = len(by_module["test_twilio_fails"]), len(by_module["test_aws_fails"])
    any_order = examples(by_module["test_any_order"])
    at_posts = len(by_module["test_two_at_once"]) + len(by_module["test_no_post_twice"])
    counted = f"{twilio + aws + any_order:,} cases"
    return [
        (
            "Nothing is made twice: one Trust Product, one connection, at most one assignment per number and side",
            "counted at the simulated Twilio after each case below, and after each step of those in any order",
            counted,
            _AS_PROMISED,
        ),
        (
            "Nothing is lost: once all is well again, the next run signs every number",
            "the same request again, then one that names the numbers that were refused",
            counted,
            _AS_PROMISED,
        ),
        (
            "What passes by itself ends well; what does not ends the run with an error that says so",
            "each operation of Twilio with each fault, once, three times, each time",
            f"{twilio:,} cases",
            "[as below](#twilio)",
        ),
        ("The same of AWS", "each operation of AWS with each fault", f"{aws:,} cases", "[as below](#aws)"),
        (
            "The first two hold in any order, with two executions that take turns; numbers of others are let alone",
            (
                "numbers are bought, released, moved and taken off, subaccounts suspended, requests fail, "
                "callbacks come once, several times, late or not at all, lists lag, executions are stopped"
            ),
            f"{any_order:,} sequences",
            _AS_PROMISED,
        ),
        (
            "A step that is done twice at once, or whose POST is carried out without an answer, makes nothing twice",
            "the second one comes after each request of the first; each answer is lost in each way",
            f"{at_posts:,} cases",
            _AS_PROMISED,
        ),
        (
            "The webhook takes in what Twilio has signed, nothing else, and never fails",
            "requests are generated: forged, altered, blank and doubled parameters, encodings, sizes, methods",
            f"{examples(by_module['test_forged_callbacks']):,} requests",
            _AS_PROMISED,
        ),
    ]


def examples(cases: Iterable[Case]) -> int:
    """Count what was generated, each property's in full hundreds."""
    return sum(int(case.said["examples"]) // ROUNDED_TO * ROUNDED_TO for case in cases)


def table(cases: Iterable[Case]) -> list[str]:
    """Write how a run ends: a row for each operation and all of its faults that end alike."""
    ends: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for case in cases:
        ends[case.said["operation"], case.said["fault"]][case.said["times"]] = case.said["end"]
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for (operation, fault), by_times in sorted(ends.items()):
        alike[operation, *(by_times[times] for times in TIMES)].append(fault)
    cells = [(operation, ", ".join(faults), *it) for (operation, *it), faults in sorted(alike.items())]
    return rows(("operation", "what goes wrong", *TIMES), cells)


def rows(heads: Sequence[str], cells: Iterable[Sequence[str]]) -> list[str]:
    """Write a table."""
    return ["| " + " | ".join(row) + " |" for row in (heads, ["---"] * len(heads), *cells)]


def main(arguments: list[str]) -> int:
    """Write docs/reliability.md from the results that are named; gives 1 if they are not all good."""
    try:
        written = document(*read(Path(arguments[0])))
    except ResultsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    DOCUMENT.write_text(written, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
