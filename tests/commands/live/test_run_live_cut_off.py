"""`shaken-stir run --live` that is stopped or killed loses nothing, and keeps others out while it goes on."""

import json
import os
import pty
import select
import subprocess
import threading
import time
from functools import partial

import pytest

from shaken_stir.cli import live
from shaken_stir.live.place import AWAITING_REVIEW, LivePlace
from shaken_stir.live.state_file import StateFile
from shaken_stir.project import ROOT
from shaken_stir.status.model import FleetStatus
from shaken_stir.status.reading import read_status
from simulator.messages import Request
from tests.commands.ctrl_c import Heard, press, process_ends_after
from tests.commands.live.conftest import Start
from tests.commands.live.laptop import (
    COMMAND,
    DAYS,
    Laptop,
    Said,
    Terminal,
    asked_in_terminal,
    each_once,
    one_sentence,
    only_gets,
    posts,
)
from tests.commands.live.twilio_itself import TwilioItself
from tests.world import NEVER, sent_by, subaccount, wait_until

NUMBERS = 3
FLEET = {"subaccounts": [subaccount(1, NUMBERS), subaccount(2, NUMBERS)], **DAYS}
ALL_POSTS = 4 + 2 * 2 * NUMBERS
"""Create, connect, evaluate and submit; and each number on the profile and on the product."""
AMID_ASSIGNMENTS = 10
FAST = 0.05
CLOCKS_DIFFER_SECONDS = 0.05


def hold_posts(simulated: TwilioItself, lag: float = 0) -> threading.Event:
    """Let POSTs amid the assignments wait for the event; lists lag behind what they make."""
    going_on = threading.Event()

    def hold(asked: Request) -> None:
        if asked.method == "POST" and len(posts(simulated)) >= AMID_ASSIGNMENTS:
            simulated.simulator.controls.lag(lag)
            going_on.wait(60)

    simulated.simulator.interpose(hold)
    return going_on


def test_what_a_run_that_was_asked_for_in_a_terminal_left_undone_at_ctrl_c_is_planned_and_done(
    twilio: Start, laptop: Laptop
) -> None:
    simulated = twilio(**FLEET)
    stopping = hold_posts(simulated)

    def press_amid_assignments() -> None:
        if wait_until(lambda: len(posts(simulated)) >= AMID_ASSIGNMENTS, 60):
            press()

    pressing = threading.Thread(target=press_amid_assignments)
    with asked_in_terminal() as person:

        def answer() -> None:
            assert only_gets(simulated)
            person.type("y")
            pressing.start()

        errors = Heard({"[y/N] ": answer, "Stopping: ": stopping.set})
        with process_ends_after():
            stopped = laptop.run(simulated, stdin=person.stdin, errors=errors)
    assert stopped.code == 130, stopped
    pressing.join()
    told = stopped.err.partition("[y/N] ")[2].splitlines()
    assert told == [
        "Stopping: what was sent to Twilio is being answered and recorded.",
        "Stopped. What was done is kept: the same command goes on from there.",
    ]
    left = ALL_POSTS - len(posts(simulated))
    assert left > 0

    planned = json.loads(laptop.run(simulated, "--dry-run", "--json").out)
    done = laptop.run(simulated, "--yes", "--json")

    report = json.loads(done.out)
    assert (done.code, report["status"]) == (0, AWAITING_REVIEW), done.err
    assert sum(planned["posts"].values()) == left
    assert sent_by("POST", report["twilio_calls"]) == planned["posts"]
    assert sent_by("GET", report["twilio_calls"]) == planned["gets"]
    assert each_once(simulated, 2, NUMBERS)
    assert "cut off" not in done.err


def test_a_run_that_is_killed_goes_on_without_a_duplicate_though_lists_lag(
    twilio: Start, laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated = twilio(**FLEET)
    killed = hold_posts(simulated, lag=NEVER)
    with laptop.started(simulated, "--yes") as process:
        assert wait_until(lambda: len(posts(simulated)) >= AMID_ASSIGNMENTS, 120)
        process.kill()
    killed.set()
    assert wait_until(lambda: carried_out(simulated) == len(posts(simulated)))
    file = StateFile(laptop.state_file(simulated), simulated.simulator.account_sid)

    def list_all_once_the_pause_is_over(_: Request) -> None:
        notes = [float(it["unsettled_until"]["N"]) / 1000 for it in file.look().items if "unsettled_until" in it]
        if time.time() > max(notes, default=0) - CLOCKS_DIFFER_SECONDS:
            simulated.simulator.controls.lag(0)

    simulated.simulator.interpose(list_all_once_the_pause_is_over)
    monkeypatch.setattr(live, "LivePlace", partial(LivePlace, time_scale=FAST))
    resumed = laptop.run(simulated, "--yes")

    assert resumed.code == 0, resumed
    assert each_once(simulated, 2, NUMBERS)
    assert "The last run was cut off while it changed things. Twilio's lists get 1 second to show" in resumed.out


def test_a_run_is_going_on_until_it_is_killed(twilio: Start, laptop: Laptop) -> None:
    simulated = twilio(**FLEET)
    killed = hold_posts(simulated)

    def status() -> FleetStatus:
        file = StateFile(laptop.state_file(simulated), simulated.simulator.account_sid)
        return read_status(file.look().known(), "here")

    with laptop.started(simulated, "--yes") as process:
        assert wait_until(lambda: len(posts(simulated)) >= AMID_ASSIGNMENTS, 120)
        going_on = status()
        process.kill()
    killed.set()
    killed_run = status()

    assert going_on.run
    assert (going_on.run.accounts, going_on.run.done) == (2, 0)
    assert any(it.status == "in_progress" for it in going_on.subaccounts)
    assert killed_run.run is None
    assert {it.status for it in killed_run.subaccounts} == {"failed"}


def carried_out(simulated: TwilioItself) -> int:
    """Count what POSTs have made of the fleet."""
    state = simulated.simulator.state
    bundles = [*state.trust_products, *state.customer_profiles]
    made = [len(list(it.endpoints)) + len(list(it.entities)) + len(list(it.evaluations)) for it in bundles]
    submitted = [it for it in state.trust_products if it.status != "draft"]
    return len(list(state.trust_products)) + sum(made) + len(submitted)


def test_only_one_run_at_a_time_works_with_a_state_file(twilio: Start, laptop: Laptop) -> None:
    simulated = twilio()
    seconds: list[Said] = []

    laptop.run(simulated, terminal=Terminal("n", lambda: seconds.append(laptop.run(simulated, "--yes"))))

    [second] = seconds
    assert second.code == 2
    assert one_sentence(second.err, f"Another run (process {os.getpid()}) works with the state file")
    assert only_gets(simulated)


def test_a_run_whose_terminal_is_closed_records_what_was_sent_and_the_next_one_does_the_rest(
    twilio: Start, laptop: Laptop
) -> None:
    simulated = twilio(**FLEET)
    closed = hold_posts(simulated)
    ours, theirs = pty.openpty()

    def read_amid_assignments() -> bool:
        if select.select([ours], [], [], 0)[0]:
            os.read(ours, 65_536)
        return len(posts(simulated)) >= AMID_ASSIGNMENTS

    with subprocess.Popen(
        [*COMMAND, "--event", str(laptop.event), "--yes"],
        cwd=ROOT,
        env=simulated.environment(XDG_STATE_HOME=str(laptop.folder), TERM="xterm"),
        preexec_fn=partial(os.login_tty, theirs),  # noqa: PLW1509 - it only makes a system call
    ) as process:
        os.close(theirs)
        assert wait_until(read_amid_assignments, 120)
        os.close(ours)
        closed.set()
        assert process.wait(60) == 129
    left = ALL_POSTS - len(posts(simulated))

    done = laptop.run(simulated, "--yes", "--json")

    assert done.code == 0, done.err
    assert sum(sent_by("POST", json.loads(done.out)["twilio_calls"]).values()) == left
    assert each_once(simulated, 2, NUMBERS)
    assert "cut off" not in done.err
