"""`shaken-stir run --live` on an account that it cannot tell from a real one."""

import io
import json

import pytest

from simulator.messages import Request
from tests.commands.live.conftest import Start
from tests.commands.live.laptop import DAYS, Laptop, Terminal, each_once, only_gets, posts
from tests.commands.output import run_in_ascii
from tests.commands.schemas import parsed
from tests.world import NAMED, PRODUCT, PROFILE, account, phone_number, product, sent_by, subaccount

CONNECTED = {"products": [product(business_profile=PROFILE)]}
IN_REVIEW = {"products": [product(status="in-review", business_profile=PROFILE)]}


def test_it_asks_and_goes_from_nothing_to_submitted_and_later_a_number_that_came_costs_two_posts(
    twilio: Start, laptop: Laptop
) -> None:
    simulated = twilio(**DAYS)

    announced = laptop.run(simulated, "--dry-run")
    assert announced.code == 0, announced.err
    assert only_gets(simulated)
    assert "this run would:" in announced.out
    assert "put 4 numbers on the Trust Product" in announced.out
    assert not laptop.state_file(simulated).exists()

    asked_after: list[bool] = []
    first = laptop.run(simulated, "--json", terminal=Terminal("y", lambda: asked_after.append(only_gets(simulated))))
    assert asked_after == [True]
    report = parsed(first.out, "live_run")
    assert first.code == 0, first.err
    assert "is about to:\n  create the Trust Product 'Acme Voice'" in first.err
    assert report["status"] == "AWAITING_REVIEW"
    assert report["trust_product"]["status"] == "pending-review"
    assert report["numbers"] == {"on_trust_product": 4}
    assert report["announced"] == []
    assert f"in all: {len(posts(simulated))} POSTs" in announced.out
    assert sum(sent_by("POST", report["twilio_calls"]).values()) == 12
    assert each_once(simulated, 2, 2)
    [made] = simulated.simulator.state.trust_products
    assert made.status_callback is None
    assert laptop.state_file(simulated).stat().st_mode & 0o777 == 0o600

    second = laptop.run(simulated, "--yes")
    assert second.code == 0, second.err
    assert "Submitted: waiting for Twilio's review (" in second.out
    assert "the review takes Twilio up to 72 hours or more" in second.out
    assert "(0 POSTs)" in second.out
    assert len(posts(simulated)) == 12

    simulated.simulator.controls.buy(account(1))
    later = laptop.run(simulated, "--yes", "--json")
    assert json.loads(later.out)["numbers"] == {"on_trust_product": 5}
    assert len(posts(simulated)) == 12 + 2


def test_a_verdict_is_waited_for_by_asking_for_it(twilio: Start, laptop: Laptop) -> None:
    simulated, output = twilio(**IN_REVIEW, **DAYS), io.StringIO()

    def approve_once_the_next_look_is_announced(asked: Request) -> None:
        [awaited] = simulated.simulator.state.trust_products
        announced = "next poll at" in output.getvalue()
        if asked.path.endswith(f"/{PRODUCT}") and announced and awaited.status == "in-review":
            simulated.simulator.controls.decide(PRODUCT, "approved")

    simulated.simulator.interpose(approve_once_the_next_look_is_announced)

    waited = laptop.run(simulated, "--yes", "--wait", "0.03", output=output)

    assert waited.code == 0, waited
    assert "4 of 4 eligible numbers of 2 accounts are signed with full (A) attestation.\n" in waited.out
    assert "verdict by asking Twilio" in waited.out
    assert "Events sent" not in waited.out


def test_nothing_is_changed_when_the_answer_is_no(twilio: Start, laptop: Laptop) -> None:
    simulated = twilio(**DAYS)

    answered = laptop.run(simulated, terminal=Terminal("n"))

    assert answered.code == 1
    assert "is about to:\n  create the Trust Product 'Acme Voice'" in answered.out
    assert answered.err == "Go on? [y/N] "
    assert "Nothing was changed." in answered.out
    assert only_gets(simulated)


def test_it_asks_before_it_removes_orphans_though_nothing_is_posted(twilio: Start, laptop: Laptop) -> None:
    numbers = [phone_number(1, index) for index in range(2)]
    profile = {"sid": PROFILE, "status": "twilio-approved", "primary": True, "numbers": numbers}
    approved = product(business_profile=PROFILE, numbers=numbers)
    simulated = twilio(subaccounts=[subaccount(1)], profiles=[profile], products=[approved])
    laptop.event.write_text(json.dumps({**NAMED, "release_orphans": True}))
    laptop.run(simulated, "--yes")
    simulated.simulator.controls.release(phone_number(1, 0))
    laptop.run(simulated, "--yes")

    terminal = Terminal("y", lambda: asked_after.append(only_gets(simulated)))
    asked_after: list[bool] = []
    removed = laptop.run(simulated, terminal=terminal)

    assert (removed.code, asked_after) == (0, [True]), removed
    assert [it.method for it in simulated.sent if it.method != "GET"] == ["DELETE", "DELETE"]


def test_a_subaccount_that_fails_is_told_and_the_exit_code_is_1(twilio: Start, laptop: Laptop) -> None:
    refusal = {"operation": "POST *Assignments", "status": 403, "message": "no assignments today", "times": 0}
    simulated = twilio(**IN_REVIEW, subaccounts=[subaccount(1)], faults=[refusal], **DAYS)

    failed = laptop.run(simulated, "--yes")

    assert failed.code == 1
    assert "no assignments today" in failed.out


def test_a_number_that_is_not_the_subaccount_s_is_told_and_the_others_are_taken_along_where_only_ascii_is_taken_too(
    twilio: Start, laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated = twilio(**CONNECTED, subaccounts=[subaccount(1, friendly_name="Büro")], **DAYS)
    simulated.known_here(monkeypatch, XDG_STATE_HOME=str(laptop.folder))
    wrong = "PN" + "0" * 32
    laptop.event.write_text(json.dumps({"subaccounts": [account(1)], "phone_numbers": [wrong, phone_number(1, 1)]}))

    code, told = run_in_ascii(monkeypatch, "run", "--live", "--yes", "--event", str(laptop.event))

    assert code == 0
    assert f"Left out of the request: {wrong} (it is not a number of {account(1)})" in told
    assert f"1 number of the request left out:\n  {wrong}: it is not a number of {account(1)}\n" in told
    assert "1 of 1 eligible number of 1 account is signed" in told
    assert "B\\xfcro" in told
