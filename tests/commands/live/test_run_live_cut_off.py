"""`shaken-stir run --live` that is stopped or killed loses nothing, and keeps others out while it goes on."""

import os
import signal

import pytest

from tests.commands.live.conftest import Start
from tests.commands.live.laptop import DAYS, Laptop, each_once, one_sentence, only_gets, posts
from tests.world import subaccount, wait_until


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
