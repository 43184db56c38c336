"""`shaken-stir run --live` on an account that it cannot tell from a real one."""

import json
import os

import pytest

from simulator.app import App
from tests.commands.ascii_output import run_in_ascii
from tests.commands.live.conftest import Start
from tests.commands.live.laptop import DAYS, Laptop, each_once, only_gets, posts
from tests.world import NAMED, account, error, phone_number, subaccount


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


def test_an_output_that_takes_only_ascii_gets_the_rest_as_numbers(
    twilio: Start, laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated = twilio(subaccounts=[subaccount(1, friendly_name="Büro")], **DAYS)
    monkeypatch.setenv("XDG_STATE_HOME", str(laptop.folder))
    simulated.known_here(monkeypatch)

    code, told = run_in_ascii(monkeypatch, "run", "--live", "--yes", "--event", str(laptop.event))

    assert code == 0
    assert "B\\xfcro" in told


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
