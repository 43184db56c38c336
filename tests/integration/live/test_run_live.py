"""`shaken-stir run --live` on an account that it cannot tell from a real one."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from shaken_stir.cli.main import execute
from shaken_stir.project import ROOT
from simulator.app import App
from tests.integration.ascii_output import run_in_ascii
from tests.integration.live.conftest import Start
from tests.integration.live.twilio_itself import TwilioItself
from tests.integration.onboarding.world import (
    NAMED,
    account,
    error,
    phone_number,
    subaccount,
    wait_until,
)

COMMAND = [sys.executable, "-m", "shaken_stir.cli.main", "run", "--live"]
DAYS = {"review": {"seconds": 500_000}}


class Laptop:
    """A person's machine: the request in a file, and where state is kept between runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.event = folder / "request.json"
        self.event.write_text(json.dumps(NAMED))

    def environment(self, simulated: TwilioItself) -> dict[str, str]:
        return simulated.environment(XDG_STATE_HOME=str(self.folder))

    def state_file(self, simulated: TwilioItself) -> Path:
        return self.folder / "shaken-stir" / f"{simulated.simulator.account_sid}.json"

    def options(self, simulated: TwilioItself, **more: Any) -> dict[str, Any]:
        return {"cwd": ROOT, "env": self.environment(simulated), "text": True, "stderr": subprocess.PIPE, **more}

    def run(self, simulated: TwilioItself, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, "--event", str(self.event), *arguments],
            **self.options(simulated, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE),
            timeout=180,
            check=False,
        )

    @contextmanager
    def started(self, simulated: TwilioItself, *arguments: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
        with subprocess.Popen(
            [*COMMAND, "--event", str(self.event), *arguments],
            **self.options(simulated, stdout=subprocess.PIPE, **options),
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    @contextmanager
    def asked(self, simulated: TwilioItself) -> Iterator[tuple[subprocess.Popen[str], int]]:
        """A run in a terminal, once it has asked, and where its answer goes."""
        ours, theirs = pty.openpty()
        with self.started(simulated, stdin=theirs) as process:
            os.close(theirs)
            assert process.stderr
            question = ""
            while "[y/N]" not in question and (character := process.stderr.read(1)):
                question += character
            yield process, ours
        os.close(ours)


@pytest.fixture
def laptop(tmp_path: Path) -> Laptop:
    return Laptop(tmp_path)


def posts(simulated: TwilioItself) -> list[str]:
    return [sent.path for sent in simulated.sent if sent.method == "POST"]


def each_once(simulated: TwilioItself, subaccounts: int, numbers: int) -> bool:
    state = simulated.simulator.state
    expected = [phone_number(s, n) for s in range(1, subaccounts + 1) for n in range(numbers)]
    [product] = state.trust_products
    [profile] = state.customer_profiles
    on_both = [sorted(it.number_sid for it in bundle.endpoints) for bundle in (profile, product)]
    return on_both == [expected, expected] and len(list(product.entities)) == 1


def only_gets(simulated: TwilioItself) -> bool:
    return {sent.method for sent in simulated.sent} == {"GET"}


def test_from_nothing_to_submitted_and_then_from_day_to_day(twilio: Start, laptop: Laptop) -> None:
    simulated = twilio(**DAYS)

    announced = laptop.run(simulated, "--dry-run")
    assert announced.returncode == 0, announced.stderr
    assert only_gets(simulated)
    assert "this run would:" in announced.stdout
    assert "put 4 numbers on the Trust Product" in announced.stdout
    assert not laptop.state_file(simulated).exists()

    first = laptop.run(simulated, "--yes", "--json")
    report = json.loads(first.stdout)
    assert first.returncode == 0, first.stderr
    assert report["status"] == "AWAITING_REVIEW"
    assert report["trust_product"]["status"] == "pending-review"
    assert report["numbers"] == {"on_trust_product": 4}
    assert report["announced"] == []
    assert f"in all: {len(posts(simulated))} POSTs" in announced.stdout
    assert sum(count for call, count in report["twilio_calls"].items() if call.startswith("POST")) == 12
    assert each_once(simulated, 2, 2)
    [product] = simulated.simulator.state.trust_products
    assert product.status_callback is None
    assert laptop.state_file(simulated).stat().st_mode & 0o777 == 0o600

    second = laptop.run(simulated, "--yes")
    assert second.returncode == 0, second.stderr
    assert "AWAITING_REVIEW" in second.stdout
    assert "the review takes Twilio up to 72 hours or more" in second.stdout
    assert "(0 POSTs)" in second.stdout
    assert len(posts(simulated)) == 12

    with laptop.started(simulated, "--yes", "--wait", "0.03") as waiting:
        assert waiting.stdout
        told = []
        for line in waiting.stdout:
            told.append(line)
            if "asked for again at" in line and product.status == "pending-review":
                simulated.simulator.controls.decide(product.sid, "approved")
        assert waiting.wait(60) == 0
    assert "4 numbers of 2 accounts are signed with full (A) attestation.\n" in told
    assert "verdict by asking Twilio" in "".join(told)
    assert "Announced" not in "".join(told)
    assert len(posts(simulated)) == 12


def test_a_number_that_came_since_costs_a_later_run_two_posts(twilio: Start, laptop: Laptop) -> None:
    simulated = twilio(**DAYS)
    laptop.run(simulated, "--yes")
    before = len(posts(simulated))
    simulated.simulator.controls.buy(account(1))

    later = laptop.run(simulated, "--yes", "--json")

    assert json.loads(later.stdout)["numbers"] == {"on_trust_product": 5}
    assert len(posts(simulated)) == before + 2


@pytest.mark.parametrize("answer", ["y", "n"])
def test_it_asks_before_anything_is_changed(twilio: Start, laptop: Laptop, answer: str) -> None:
    simulated = twilio(**DAYS)
    with laptop.asked(simulated) as (process, terminal):
        assert only_gets(simulated)
        os.write(terminal, f"{answer}\n".encode())
        assert process.stdout
        said, code = process.stdout.read(), process.wait(60)

    assert "is about to:\n  create the Trust Product 'Acme Voice'" in said
    assert code == (0 if answer == "y" else 1)
    assert ("Nothing was changed." in said) == only_gets(simulated) == (answer == "n")


def test_it_asks_before_it_removes_orphans_though_nothing_is_posted(twilio: Start, laptop: Laptop) -> None:
    simulated = twilio(review={"seconds": 0})
    laptop.run(simulated, "--yes")
    simulated.simulator.controls.release(phone_number(1, 0))
    laptop.event.write_text(json.dumps({**NAMED, "release_orphans": True}))
    laptop.run(simulated, "--yes")
    sent = len(posts(simulated))

    with laptop.asked(simulated) as (process, terminal):
        assert not [it for it in simulated.sent if it.method == "DELETE"]
        os.write(terminal, b"y\n")
        assert process.wait(60) == 0, process.stderr and process.stderr.read()

    assert len([it for it in simulated.sent if it.method == "DELETE"]) == 2
    assert len(posts(simulated)) == sent


def test_without_a_terminal_and_without_yes_nothing_is_sent(twilio: Start, laptop: Laptop) -> None:
    simulated = twilio()

    refused = laptop.run(simulated)

    assert refused.returncode == 2
    assert one_sentence(refused.stderr, "--yes")
    assert simulated.sent == []


@pytest.mark.parametrize("sent", [4, 30])
def test_ctrl_c_loses_nothing(twilio: Start, laptop: Laptop, sent: int) -> None:
    simulated = twilio(latency=0.05, subaccounts=[subaccount(1, 14), subaccount(2, 14)], **DAYS)
    with laptop.started(simulated, "--yes") as process:
        assert wait_until(lambda: len(posts(simulated)) >= sent, 60)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert errors.splitlines()[-1] == "Stopped. What was done is kept: the same command goes on from there."
    assert "Traceback" not in errors
    before = len(posts(simulated))

    resumed = laptop.run(simulated, "--yes")

    assert resumed.returncode == 0, resumed.stderr
    assert each_once(simulated, 2, 14)
    assert before < len(posts(simulated)) == 60
    assert "cut off" not in resumed.stdout


@pytest.mark.parametrize(("sent", "lag"), [(1, 8), (20, 18)])
def test_a_run_that_is_killed_goes_on_without_a_duplicate_though_lists_lag(
    twilio: Start, laptop: Laptop, sent: int, lag: int
) -> None:
    simulated = twilio(latency=0.05, subaccounts=[subaccount(1, 14), subaccount(2, 14)], **DAYS)
    with laptop.started(simulated, "--yes") as process:
        # The product's own list may not lag for as long as the assignments', of which nobody knows what became of them.
        assert wait_until(lambda: len(posts(simulated)) >= sent // 2, 60)
        simulated.simulator.controls.lag(lag)
        assert wait_until(lambda: len(posts(simulated)) >= sent, 60)
        process.kill()

    resumed = laptop.run(simulated, "--yes")

    assert resumed.returncode == 0, resumed.stderr
    assert each_once(simulated, 2, 14)
    if sent > 1:
        assert "The last run was cut off while it changed things. Twilio's lists get 20 seconds" in resumed.stdout


def test_only_one_process_at_a_time_works_with_a_state_file(twilio: Start, laptop: Laptop) -> None:
    simulated = twilio(**DAYS)
    with laptop.asked(simulated) as (process, terminal):
        second = laptop.run(simulated, "--yes")

        assert second.returncode == 2
        assert one_sentence(second.stderr, f"Another run (process {process.pid}) works with the state file")
        assert only_gets(simulated)
        os.write(terminal, b"y\n")
        assert process.stdout
        process.stdout.read()
        assert process.wait(60) == 0
    assert each_once(simulated, 2, 2)


BAD_STATES = {
    "another account's": ('{"format": 1, "account_sid": "AC1", "items": []}', "is that of the account AC1, not of"),
    "cut off": ('{"format": 1, "account_sid": "AC1", "ite', "is damaged ("),
    "of another format": ('{"format": 2, "account_sid": "AC1", "items": []}', "is damaged (format: "),
    "no keys": ('{"format": 1, "account_sid": "AC1", "items": [{"pk": {"S": "FLEET"}}]}', "is damaged (items: 0: sk: "),
}


@pytest.mark.parametrize("case", BAD_STATES)
def test_a_state_file_that_cannot_be_used_is_told_in_one_sentence(
    twilio: Start, laptop: Laptop, case: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    simulated = twilio()
    simulated.known_here(monkeypatch)
    content, told = BAD_STATES[case]
    file = laptop.folder / "state.json"
    file.write_text(content)

    assert execute(["run", "--live", "--yes", "--state", str(file)]) == 2

    assert one_sentence(capsys.readouterr().err, f"The state file {file} {told}")
    assert simulated.sent == []
    assert file.read_text() == content


def test_a_state_file_with_an_item_that_is_none_is_told_before_anything_is_changed(
    twilio: Start, laptop: Laptop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    simulated = twilio()
    simulated.known_here(monkeypatch)
    item = {"pk": {"S": "FLEET"}, "sk": {"S": "TRUST_PRODUCT"}, "unsettled_until": {"N": "soon"}}
    file = laptop.folder / "state.json"
    file.write_text(json.dumps({"format": 1, "account_sid": simulated.simulator.account_sid, "items": [item]}))

    code = execute(["run", "--live", "--yes", "--event", str(laptop.event), "--state", str(file)])

    assert code == 2
    assert one_sentence(capsys.readouterr().err, "is damaged (FLEET, TRUST_PRODUCT is no item of the table)")
    assert only_gets(simulated)


@pytest.mark.parametrize("missing", ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"])
def test_missing_credentials_are_told_in_one_sentence(
    twilio: Start, missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    simulated = twilio()
    simulated.known_here(monkeypatch)
    monkeypatch.delenv(missing)

    assert execute(["run", "--live", "--yes"]) == 2

    assert one_sentence(capsys.readouterr().err, f"{missing} is not set")
    assert simulated.sent == []


def test_an_output_that_takes_only_ascii_gets_the_rest_as_numbers(
    twilio: Start, laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated = twilio(subaccounts=[subaccount(1, friendly_name="Büro")], **DAYS)
    monkeypatch.setenv("XDG_STATE_HOME", str(laptop.folder))
    simulated.known_here(monkeypatch)

    code, told = run_in_ascii(monkeypatch, "run", "--live", "--yes", "--event", str(laptop.event))

    assert code == 0
    assert "B\\xfcro" in told


@pytest.mark.parametrize(
    "arguments",
    [
        ["--live", "--fleet", "3x3"],
        ["--live", "--time-scale", "0.1"],
        ["--live", "--repeat", "2"],
        ["--yes"],
        ["--wait"],
    ],
)
def test_options_that_do_not_go_together_are_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["run", *arguments]) == 2

    captured = capsys.readouterr()
    assert captured.out == ""
    assert one_sentence(captured.err, "--live")


def test_a_request_that_cannot_be_is_told_before_anything_is_changed(twilio: Start, laptop: Laptop) -> None:
    simulated = twilio()
    laptop.event.write_text("{}")

    refused = laptop.run(simulated, "--yes")

    assert refused.returncode == 1
    assert "has no SHAKEN/STIR Trust Product yet" in refused.stdout
    assert only_gets(simulated)


def test_a_subaccount_that_fails_is_told_and_the_exit_code_is_1(
    twilio: Start, laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, assignments = App.answer, "/ChannelEndpointAssignments"
    simulated = twilio(subaccounts=[subaccount(1), subaccount(2)], **DAYS)
    laptop.run(simulated, "--yes")
    simulated.simulator.controls.buy(account(1))
    refusal = error(403, 20003, "no assignments today")
    monkeypatch.setattr(
        App,
        "answer",
        lambda app, asked: refusal if asked.method == "POST" and assignments in asked.path else answer(app, asked),
    )

    failed = laptop.run(simulated, "--yes")

    assert failed.returncode == 1
    assert "no assignments today" in failed.stdout


def test_a_number_that_is_not_the_subaccount_s_is_told_and_the_others_are_taken_along(
    twilio: Start, laptop: Laptop
) -> None:
    simulated = twilio(subaccounts=[subaccount(1)], **DAYS)
    wrong = "PN" + "0" * 32
    laptop.event.write_text(
        json.dumps({**NAMED, "subaccounts": [account(1)], "phone_numbers": [wrong, phone_number(1, 1)]})
    )

    done = laptop.run(simulated, "--yes")

    assert done.returncode == 0
    assert f"Left out of the request: {wrong} (it is not a number of {account(1)})" in done.stdout
    assert f"1 number of the request left out:\n  {wrong}: it is not a number of {account(1)}\n" in done.stdout
    assert "1 number of 1 account will be signed" in done.stdout


def one_sentence(errors: str, told: str) -> bool:
    assert errors.startswith("shaken-stir run: ")
    assert told in errors
    assert errors.count("\n") == 1
    return True
