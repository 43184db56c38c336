"""Each error, each of Twilio's codes and each alarm has its section, and an error's text names it."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import summarise_subaccounts
from onboarding import assigning, credentials, errors
from onboarding.announcements import SubaccountsFailed
from onboarding.errors import OnboardingError, TrustProductBusy, TwilioRefused, section
from onboarding.trust_products import REJECTION_REMEDIES
from onboarding.twilio import trust_hub
from onboarding.validity import remedy_of_ending
from shaken_stir.deployed.commands import DAILY
from shaken_stir.engine.intrinsics import read_template
from shaken_stir.project import ROOT
from tests.docs.markdown import anchors, sections

ERRORS, RUNBOOK = ROOT / "docs/errors.md", ROOT / "docs/runbook.md"
CLASSES = OnboardingError.__subclasses__()
CODES = {
    *REJECTION_REMEDIES,
    *(20003, 20404, 20409, 20422, 20429),
    *(assigning.BAD_STATUS, trust_hub.STATUS_AND_PROPERTIES_TOGETHER, 22205, 22206),
}
ALARMS = [
    name
    for name, resource in read_template(ROOT / "template.yaml")["Resources"].items()
    if resource["Type"] == "AWS::CloudWatch::Alarm"
]


def exists(reference: str) -> bool:
    path, _, anchor = reference.partition("#")
    return anchor in anchors(ROOT / path)


@pytest.mark.parametrize("error", CLASSES, ids=lambda it: it.__name__)
def test_an_error_s_text_ends_with_its_section(error: type[OnboardingError]) -> None:
    arguments = ("GET /", 400, 20404, "No.", None) if error is TwilioRefused else ("Something happened.",)

    told = str(error(*arguments))

    named = re.search(r"[^.] \((docs/errors\.md#[a-z-]+)\)\.$", told)
    assert named
    assert exists(named[1])


@pytest.mark.parametrize("error", [*CLASSES, SubaccountsFailed], ids=lambda it: it.__name__)
def test_an_error_has_a_section_that_names_it(error: type) -> None:
    heading = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", error.__name__)

    assert f"`{error.__name__}`" in sections(ERRORS)[heading]
    assert exists(section(error.__name__))


def test_an_error_s_section_is_written_in_words() -> None:
    assert str(TrustProductBusy("Wait.")) == "Wait (docs/errors.md#trust-product-busy)."


def test_no_error_hides_behind_another() -> None:
    assert {it for it in vars(errors).values() if isinstance(it, type)} == {OnboardingError, *CLASSES}


def test_each_of_twilio_s_codes_has_a_section_and_each_section_a_code() -> None:
    assert {int(heading) for heading in sections(ERRORS) if heading.isdigit()} == CODES


def test_what_step_functions_adds_has_a_section() -> None:
    """Each error that the state machine retries or catches by name, but ours."""
    definition = (ROOT / "statemachine/onboarding.asl.json").read_text(encoding="utf-8")
    named = set(re.findall(r'"((?:States|Lambda|Sandbox)\.\w+)"', definition)) - {"States.ALL"}

    explained = ERRORS.read_text(encoding="utf-8")

    assert "States.Timeout" in named
    assert [name for name in named if f"`{name}`" not in explained] == []


@pytest.mark.parametrize("document", [ERRORS], ids=["errors"])
def test_no_two_sections_share_an_anchor(document: Path) -> None:
    assert len(anchors(document)) == len(re.findall(r"^#+ ", document.read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_has_its_section_with_the_first_three_steps(alarm: str) -> None:
    said = sections(RUNBOOK)[alarm]

    assert re.findall(r"^(\d)\. ", said, re.MULTILINE) == ["1", "2", "3"]
    assert re.match(r"\s+[A-Z]", said), "it begins with what the alarm means"


def test_no_alarm_is_explained_that_is_not_there() -> None:
    assert {heading for heading in sections(RUNBOOK) if heading.endswith("Alarm")} == set(ALARMS)


def test_how_to_switch_the_daily_run_on_has_its_section() -> None:
    said = summarise_subaccounts.DAILY_RUN_IS_OFF
    [named] = re.findall(r"\((docs/[^)]+)\)", said)

    assert exists(named)
    assert f'ScheduleExpression="{DAILY}"' in RUNBOOK.read_text(encoding="utf-8")


def test_what_to_do_about_a_validity_that_ends_has_its_section() -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    [named] = re.findall(r"\((docs/[^)]+)\)", remedy_of_ending(now, now))

    assert exists(named)


def test_the_runbook_names_how_long_a_secret_is_kept() -> None:
    seconds = credentials.CACHE_SECONDS

    assert f"at most {seconds} seconds" in " ".join(sections(RUNBOOK)["Rotate the Auth Token"].split())
