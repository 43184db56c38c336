"""`shaken-stir run --scenario`: each story plays, tells what was measured, and says so when it comes out otherwise."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from onboarding.trust_products import REJECTION_REMEDIES
from shaken_stir.cli.main import execute
from shaken_stir.project import SMALL_FLEET
from shaken_stir.scenarios import acme, catalogue, lost_callback, number_bought, rejected_and_resubmitted
from shaken_stir.scenarios.names import NAMES
from shaken_stir.scenarios.play import DifferedError, Play, Scenario, expect
from shaken_stir.simulated.place import SimulatedPlace
from simulator.fleet import Fleet, ReviewPlan, load_fleet
from tests.commands.output import run_in_ascii
from tests.commands.schemas import parsed
from tests.commands.simulated.running import SOON, shaken_stir
from tests.world import NEVER, account

AT_THEIR_PACE = {"lost-callback", "rejected-and-resubmitted"}
"""Stories that end a review themselves, before it would end by itself."""
UNSIGNED = {"+14165550110", "+17025550111", "+16025550109"}
"""Two that are not eligible, and one that Twilio refuses."""
TOLD: Mapping[str, list[str]] = {
    "first-onboarding": [
        "Signed before: 0 numbers.",
        "Signed now: 30 numbers of 3 subaccounts",
        "Twilio was sent 61 POSTs to assign them",
        "+14165550110 is ineligible: its region is CA, not US",
        "+16025550109 is refused: Phone number +16025550109 does not exist or belongs to another account",
        "A signed number costs 2 POSTs",
    ],
    "nothing-to-do": [
        "The first run made 8 assignments",
        "sent 0 POSTs; the 8 assignments at Twilio are the same",
        "state transitions for 2 subaccounts",
    ],
    "number-bought": [
        f"AC10000000000000000000000000000001 buys {number_bought.BOUGHT}",
        "(2 POSTs), and it is signed",
        "with 0 lists of numbers read",
    ],
    "rejected-and-resubmitted": [
        "The run ended as FAILED",
        *(f"{code}: {REJECTION_REMEDIES[code]}" for code in rejected_and_resubmitted.CODES),
        'send the request again with "resubmit": true',
        "8 assignments; signed: 0",
        "sent 0 POSTs",
        "twilio-approved after 2 POSTs",
        "4 numbers are signed",
        "of 8 assignments, 0 had to be made again",
    ],
    "rejected-for-good": [
        "Twilio says: The website could not be reached",
        "first, create a new SHAKEN/STIR Trust Product",
        "4 numbers off the old one",
        "puts 4 numbers on it, and they are signed",
        "later requests need not name the new one",
    ],
    "lost-callback": [
        "sent 1 callback: 1 got lost, 0 arrived",
        "asked Twilio by itself, 1 time",
        "twilio-approved, learned by poll, and 4 numbers are signed",
    ],
    "two-at-once": [
        "2 executions, 1 Trust Product: 1 created it",
        "4 numbers are signed, 0 of them assigned twice",
        "9 POSTs assign them",
    ],
    "drift": [
        "By hand, 3 numbers went off the Trust Product, 1 of them off the Business Profile",
        "Of the 4 numbers that were signed, 1 are",
        "3 numbers had lost one, and 1 had one that was not known. 4 POSTs later 4 of the 4 are signed again",
    ],
    "orphans": [
        "2 numbers are released, and are still assigned at Twilio: PN",
        'with "release_orphans": true names 2 orphans, 0 of which a run before has named; it removes 0 numbers',
        'without "release_orphans": true names 2 orphans, 2 of which a run before has named; it removes 0 numbers',
        "2 numbers went off the Trust Product (2 DELETEs), then off the Business Profile (2); the other 2 are signed",
    ],
}


@pytest.fixture(scope="module")
def smaller(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small fleet, of which two subaccounts are left with two numbers each, and what cannot be signed."""
    fleet = json.loads(SMALL_FLEET.read_text())
    first, second, third, suspended = fleet["subaccounts"]
    odd = [it for subaccount in (second, third) for it in subaccount["numbers"] if it["phone_number"] in UNSIGNED]
    for subaccount, others in (first, []), (second, odd):
        subaccount["numbers"] = subaccount["numbers"][:2] + others
    fleet["subaccounts"] = [first, second, suspended]
    file = tmp_path_factory.mktemp("fleet") / "smaller.json"
    file.write_text(json.dumps(fleet))
    return file


@pytest.mark.parametrize("name", catalogue.SCENARIOS)
def test_a_story_comes_out_as_told_and_says_what_was_measured_where_only_ascii_is_taken_too(
    name: str, smaller: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if name != "first-onboarding":
        monkeypatch.setattr(acme, "SMALL_FLEET", smaller)

    code, out = run_in_ascii(monkeypatch, "run", "--scenario", name, *([] if name in AT_THEIR_PACE else SOON))

    assert (code, capsys.readouterr().err) == (0, "")
    for told in TOLD[name]:
        assert told in out
    assert re.search(r"^ +\d+\.\d s  Acme Support .*: done", out, re.MULTILINE)
    assert out.splitlines()[-1].startswith("Learned: ")


def test_json_is_one_object_per_run_of_the_story_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def play(play: Play) -> str:
        play.tell("What no account has is refused.")
        play.run({**acme.request(), "subaccounts": [account(9)]})
        play.succeed(acme.request())
        return "It is for people."

    story = replace(number_bought.SCENARIO, play=play, fleet=of_one_number)
    monkeypatch.setitem(catalogue.SCENARIOS, "number-bought", story)

    done = shaken_stir("run", "--scenario", "number-bought", "--json", *SOON)

    runs: list[dict[str, Any]] = [parsed(line, "run") for line in done.out.splitlines()]
    assert (done.code, done.err) == (0, "")
    assert [run["status"] for run in runs] == ["FAILED", "SUCCEEDED"]


def of_one_number() -> Fleet:
    """A fleet that a story may play with where it matters little."""
    return load_fleet("1x1")


def test_the_stories_are_listed_with_a_line_each_where_only_ascii_is_taken_too(monkeypatch: pytest.MonkeyPatch) -> None:
    code, out = run_in_ascii(monkeypatch, "run", "--list")

    lines = out.splitlines()
    assert code == 0
    assert tuple(line.split()[0] for line in lines) == NAMES
    assert all(len(line.split()) > 4 for line in lines)


def test_the_stories_are_listed_as_json_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["run", "--list", "--json"]) == 0

    listed = [parsed(line, "scenario") for line in capsys.readouterr().out.splitlines()]
    assert listed == [{"name": it.name, "title": it.title} for it in catalogue.SCENARIOS.values()]


def test_a_story_that_comes_out_otherwise_such_as_by_more_calls_ends_with_1_and_what_differed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(number_bought, "MOST_CALLS", 1)
    monkeypatch.setitem(catalogue.SCENARIOS, "number-bought", replace(number_bought.SCENARIO, fleet=of_one_number))

    done = shaken_stir("run", "--scenario", "number-bought", *SOON)

    assert done.code == 1
    assert "Learned" not in done.out
    assert re.fullmatch(
        r"shaken-stir run: number-bought did not come out as told: Trust Hub calls: the story says at most 1, "
        r"seen was \d+\.\n",
        done.err,
    )


def test_a_callback_that_arrives_after_all_is_told() -> None:
    def until_decided() -> Fleet:
        return of_one_number().model_copy(update={"review": ReviewPlan(seconds=NEVER)})

    def callbacks_arrive(local: SimulatedPlace) -> None:
        local.simulator.controls.callbacks = lambda **_: None  # type: ignore[method-assign]

    with pytest.raises(DifferedError, match=r"^callbacks that arrived: the story says 0, seen was 1$"):
        play(replace(lost_callback.SCENARIO, fleet=until_decided), callbacks_arrive)


def test_a_run_of_a_story_that_fails_is_told_with_its_cause() -> None:
    def revoke_the_profiles(local: SimulatedPlace) -> None:
        for profile in local.simulator.state.customer_profiles:
            profile.status = "draft"

    with pytest.raises(DifferedError, match="the story says SUCCEEDED, seen was FAILED BusinessProfileNotApproved The"):
        play(replace(number_bought.SCENARIO, fleet=of_one_number), revoke_the_profiles)


def play(scenario: Scenario, before: Callable[[SimulatedPlace], None] = lambda _: None) -> str:
    """Play a story without the command, on a stack that something was done to before."""
    with SimulatedPlace(scenario.fleet(), scenario.time_scale, scenario.parameters) as local:
        before(local)
        return scenario.play(Play(local, local.run_together, print))


def test_sets_that_differ_are_told_in_order() -> None:
    with pytest.raises(DifferedError, match="signed: the story says none, seen was PN1, PN2"):
        expect("signed", {"PN2", "PN1"}, set())


def test_an_unknown_story_is_told_with_the_names_the_likely_one_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["run", "--scenario", "lost-calback"]) == 2

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("shaken-stir run: There is no scenario lost-calback; choose one of lost-callback, ")
    assert all(name in captured.err for name in catalogue.SCENARIOS)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--scenario", "drift", "--event", "x.json"], "--event cannot be used with --scenario"),
        (["--fleet", "1x1", "--scenario", "drift"], "--fleet cannot be used with --scenario"),
        (["--scenario", "drift", "--repeat", "1"], "--repeat cannot be used with --scenario"),
        (["--list", "--repeat", "1"], "--repeat cannot be used with --list"),
        (["--list", "--scenario", "drift"], "--scenario cannot be used with --list"),
        (["--list", "--log", "x.log", "--time-scale", "2"], "--time-scale and --log cannot be used with --list"),
    ],
)
def test_a_story_brings_its_own_event_and_fleet(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["run", *arguments]) == 2
    assert told in capsys.readouterr().err
