"""Until when the profile and the product are valid is recorded by every run, and its end announced when it is due."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from onboarding.table.validities import read_validity, record_validity
from onboarding.validity import MONTH_BEFORE, ON_THE_DAY, BundleKind, Validity
from simulator import views
from simulator.messages import Request, Response
from tests.dying import Killed, Process, mortal
from tests.steps.conftest import Start
from tests.steps.event_bridge import REFUSALS, Refusal, refusing
from tests.steps.steps import Steps
from tests.steps.whole_fleet import APPROVED, seen, to_be_checked
from tests.world import PRODUCT, PROFILE

PAST, FAR = datetime(2020, 1, 1, tzinfo=UTC), datetime(2126, 1, 1, tzinfo=UTC)
SOON = (datetime.now(UTC) + timedelta(days=20)).replace(microsecond=0)


@dataclass(frozen=True)
class Look:
    """A step that sees a profile or a product at Twilio."""

    function: str
    event: dict[str, Any]
    kind: BundleKind
    sid: str

    def __call__(self, steps: Steps) -> Any:
        return steps.invoke(self.function, **self.event)

    def recorded(self, steps: Steps) -> Validity:
        validity = read_validity(steps.table, self.sid)
        assert validity
        assert validity.kind == self.kind
        return validity


FIND_PROFILE = Look("find_business_profile", {"business_profile_sid": None}, "business_profile", PROFILE)
FIND_PRODUCT = Look(
    "find_or_create_trust_product",
    {"business_profile_sid": PROFILE, "trust_product": {"friendly_name": None, "email": None, "sid": None}},
    "trust_product",
    PRODUCT,
)
CHECK_PRODUCT = Look("check_trust_product", to_be_checked(seen("twilio-approved")), "trust_product", PRODUCT)
EACH = pytest.mark.parametrize("look", [FIND_PROFILE, FIND_PRODUCT, CHECK_PRODUCT], ids=lambda it: it.function)


@pytest.fixture
def steps(start: Start) -> Steps:
    return start(products=[APPROVED])


def endings(steps: Steps) -> list[dict[str, Any]]:
    return [detail for kind, detail in steps.announced if kind == "Validity Ending"]


@EACH
@pytest.mark.parametrize("valid_until", [PAST, SOON, FAR, None])
def test_what_twilio_names_is_recorded_and_is_not_in_the_machine_s_data(
    steps: Steps, look: Look, valid_until: datetime | None
) -> None:
    before = look(steps)
    steps.simulator.controls.set_validity(look.sid, valid_until)

    assert look(steps) == before
    assert look.recorded(steps).valid_until == valid_until


@EACH
@pytest.mark.parametrize(("valid_until", "due"), [(PAST, ON_THE_DAY), (SOON, MONTH_BEFORE)])
def test_an_end_is_announced_once_however_often_it_is_looked_at(
    steps: Steps, look: Look, valid_until: datetime, due: int
) -> None:
    steps.simulator.controls.set_validity(look.sid, valid_until)

    for _ in range(2):
        look(steps)

    [ending] = endings(steps)
    assert (ending["kind"], ending["sid"], ending["execution"]) == (look.kind, look.sid, "first")
    assert ending["id"] == f"{look.sid}/valid-until/{valid_until.isoformat()}/{due}"
    assert datetime.fromisoformat(ending["valid_until"]) == valid_until
    assert (
        f"{look.sid} {'was' if valid_until is PAST else 'is'} valid until {valid_until:%Y-%m-%d}" in ending["message"]
    )


@EACH
@pytest.mark.parametrize("valid_until", [FAR, None])
def test_what_is_far_away_or_never_is_not_announced(steps: Steps, look: Look, valid_until: datetime | None) -> None:
    steps.simulator.controls.set_validity(look.sid, valid_until)

    look(steps)

    assert endings(steps) == []


def test_the_day_is_announced_although_the_month_before_was(steps: Steps) -> None:
    steps.simulator.controls.set_validity(PROFILE, SOON)
    FIND_PROFILE(steps)
    known = FIND_PROFILE.recorded(steps)
    record_validity(steps.table, known.model_copy(update={"valid_until": PAST, "observed_at": datetime.now(UTC)}))
    steps.simulator.controls.set_validity(PROFILE, PAST)

    FIND_PROFILE(steps)

    assert [ending["id"].rpartition("/")[2] for ending in endings(steps)] == ["30", "0"]


def test_a_renewed_validity_is_announced_anew(steps: Steps) -> None:
    for valid_until in (SOON, FAR, SOON - timedelta(days=1)):
        steps.simulator.controls.set_validity(PROFILE, valid_until)
        FIND_PROFILE(steps)

    assert [datetime.fromisoformat(it["valid_until"]) for it in endings(steps)] == [SOON, SOON - timedelta(days=1)]


@pytest.mark.parametrize("refusal", REFUSALS)
@EACH
def test_an_announcement_that_is_not_taken_ends_no_run_and_is_left_to_the_next(
    steps: Steps, look: Look, refusal: Refusal
) -> None:
    look(steps)  # an approval is announced first, and is no affair of this
    steps.simulator.controls.set_validity(look.sid, SOON)

    with refusing(refusal):
        look(steps)

    recorded = look.recorded(steps)
    assert (recorded.valid_until, recorded.announced) == (SOON, None)
    steps.announced.clear()
    look(steps)
    assert len(endings(steps)) == 1


def test_an_answer_that_newer_news_have_overtaken_is_neither_announced_nor_recorded(steps: Steps) -> None:
    FIND_PROFILE(steps)
    known = FIND_PROFILE.recorded(steps)
    renewed = known.model_copy(update={"valid_until": FAR, "observed_at": datetime.now(UTC) + timedelta(hours=1)})
    record_validity(steps.table, renewed)
    steps.simulator.controls.set_validity(PROFILE, PAST)

    FIND_PROFILE(steps)

    assert endings(steps) == []
    assert FIND_PROFILE.recorded(steps) == renewed


def test_one_that_is_killed_before_it_is_noted_is_announced_again_with_the_same_id(steps: Steps) -> None:
    steps.simulator.controls.set_validity(PROFILE, SOON)
    process = Process(2)
    with mortal(), pytest.raises(Killed), process.running():
        FIND_PROFILE(steps)
    assert process.killed_before == "PutItem"

    FIND_PROFILE(steps)

    first, again = endings(steps)
    assert first["id"] == again["id"]


@pytest.mark.parametrize(
    ("said", "read", "logged"),
    [
        ("2027-03-01T00:00:00.000Z", "2027-03-01T00:00:00+00:00", 0),
        ("2027-03-01", "2027-03-01T00:00:00+00:00", 0),
        ("in spring", None, 1),
    ],
)
def test_a_time_in_another_form_is_read_or_left_out(
    steps: Steps, caplog: pytest.LogCaptureFixture, said: str, read: str | None, logged: int
) -> None:
    def answer(request: Request) -> Response:
        [profile] = steps.simulator.state.customer_profiles
        body = views.bundle(profile, steps.simulator.account_sid, request.base_url)
        return Response(200, body | {"valid_until": said})

    steps.simulator.interpose(answer)

    steps.invoke("find_business_profile", business_profile_sid=PROFILE)

    assert FIND_PROFILE.recorded(steps).valid_until == (datetime.fromisoformat(read) if read else None)
    assert len([it for it in caplog.records if "a time that cannot be read" in it.getMessage()]) == logged
