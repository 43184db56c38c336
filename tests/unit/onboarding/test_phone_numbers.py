"""Where a number stands when it is listed, what the audit makes of it, and that no number is lost on its way."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.phone_numbers import (
    MAY_BECOME,
    Assigned,
    PhoneNumber,
    PhoneNumberRecord,
    Stage,
    classify,
    correct,
    has_vanished,
    needs_work,
)

NUMBER = PhoneNumber("PN" + "1" * 32, "+15125550100", voice=True)
PROFILE, PRODUCT, OTHER = ("BU" + digit * 32 for digit in "123")
BUNDLES = (PROFILE, PRODUCT)
ASSIGNMENT = "RA" + "1" * 32
NEW = PhoneNumberRecord(phone_number_sid=NUMBER.sid, phone_number=NUMBER.phone_number, stage=Stage.DISCOVERED)
ON_PROFILE = NEW.on_business_profile(PROFILE, ASSIGNMENT)
SIGNED = ON_PROFILE.on_trust_product(PRODUCT, ASSIGNMENT)


def refused(by: str, days_ago: float) -> PhoneNumberRecord:
    at = datetime.now(UTC) - timedelta(days=days_ago)
    return ON_PROFILE.refused(by, "no", 22205).model_copy(update={"refused_at": at})


@pytest.mark.parametrize(
    ("known", "stage"),
    [
        (None, Stage.DISCOVERED),
        (SIGNED, Stage.ON_TRUST_PRODUCT),
        (ON_PROFILE, Stage.ON_BUSINESS_PROFILE),
        (ON_PROFILE.on_trust_product(OTHER, ASSIGNMENT), Stage.ON_BUSINESS_PROFILE),
        (NEW.on_business_profile(OTHER, ASSIGNMENT), Stage.DISCOVERED),
        (refused(PRODUCT, days_ago=6.9), Stage.REFUSED),
        (refused(PRODUCT, days_ago=7.1), Stage.ON_BUSINESS_PROFILE),
        (refused(OTHER, days_ago=0), Stage.ON_BUSINESS_PROFILE),
        (SIGNED.released(), Stage.DISCOVERED),
    ],
)
def test_what_is_known_decides_what_is_left_to_do(known: PhoneNumberRecord | None, stage: Stage) -> None:
    record = classify(NUMBER, known, BUNDLES)

    assert record.stage is stage
    assert needs_work(record) is (stage in {Stage.DISCOVERED, Stage.ON_BUSINESS_PROFILE})


@pytest.mark.parametrize("known", [SIGNED, refused(PRODUCT, days_ago=1)])
def test_a_number_without_work_is_left_as_it_is(known: PhoneNumberRecord) -> None:
    assert classify(NUMBER, known, BUNDLES) == known


def test_a_refused_number_that_is_named_is_tried_again() -> None:
    assert needs_work(classify(NUMBER, refused(PRODUCT, days_ago=0), BUNDLES, named=True))


def test_why_a_number_is_ineligible_is_kept() -> None:
    record = classify(NUMBER, ON_PROFILE, BUNDLES, "it has no voice capability")

    assert (record.stage, record.reason) == (Stage.INELIGIBLE, "it has no voice capability")
    assert record.bundles == (None, None)


@pytest.mark.parametrize("stage", Stage)
def test_every_stage_says_what_may_follow_and_does_not_follow_itself(stage: Stage) -> None:
    assert stage not in MAY_BECOME[stage]


def test_a_step_that_no_life_takes_is_refused() -> None:
    with pytest.raises(ValueError, match=rf"^{NUMBER.sid} is on_trust_product and cannot become refused\.$"):
        SIGNED.refused(PRODUCT, "no", 22205)


ELSEWHERE = "RA" + "9" * 32


@pytest.mark.parametrize(
    ("record", "on_profile", "on_product", "stage"),
    [
        (SIGNED, [ASSIGNMENT], [ASSIGNMENT], Stage.ON_TRUST_PRODUCT),
        (SIGNED, [ELSEWHERE], [ELSEWHERE, ASSIGNMENT], Stage.ON_TRUST_PRODUCT),
        (SIGNED, [ASSIGNMENT], [], Stage.ON_BUSINESS_PROFILE),
        (SIGNED, [], [ASSIGNMENT], Stage.DISCOVERED),
        (NEW, [ELSEWHERE], [ELSEWHERE], Stage.ON_TRUST_PRODUCT),
        (NEW, [ELSEWHERE], [], Stage.ON_BUSINESS_PROFILE),
        (ON_PROFILE, [], [], Stage.DISCOVERED),
        (NEW.refused(PROFILE, "no", 22205), [ELSEWHERE], [], Stage.ON_BUSINESS_PROFILE),
        (ON_PROFILE.refused(PRODUCT, "no", 22205), [ASSIGNMENT], [], Stage.REFUSED),
        (ON_PROFILE.refused(PRODUCT, "no", 22205), [ASSIGNMENT], [ELSEWHERE], Stage.ON_TRUST_PRODUCT),
        (NEW.ineligible("no"), [ELSEWHERE], [], Stage.INELIGIBLE),
        (SIGNED.released(), [ASSIGNMENT], [ASSIGNMENT], Stage.RELEASED),
        (NEW.on_business_profile(OTHER, ASSIGNMENT), [], [], Stage.ON_BUSINESS_PROFILE),
    ],
)
def test_the_audit_goes_by_what_is_assigned(
    record: PhoneNumberRecord, on_profile: list[str], on_product: list[str], stage: Stage
) -> None:
    corrected = correct(record, Assigned(*BUNDLES, {NUMBER.sid: on_profile}, {NUMBER.sid: on_product}))

    assert corrected.stage is stage
    if stage is Stage.ON_TRUST_PRODUCT:
        assert corrected.business_profile_assignment_sid in on_profile
        assert corrected.trust_product_assignment_sid in on_product
        assert (corrected == record) is (record == SIGNED and on_profile == [ASSIGNMENT])


@dataclass
class World:
    """One number, what is known of it, and what is assigned at Twilio."""

    known: PhoneNumberRecord | None = None
    there: bool = True
    on_profile: list[str] = field(default_factory=list)
    on_product: list[str] = field(default_factory=list)
    made: int = 0

    @property
    def assigned(self) -> Assigned:
        return Assigned(*BUNDLES, {NUMBER.sid: self.on_profile}, {NUMBER.sid: self.on_product})

    @property
    def stands(self) -> bool:
        """Whether the number is recorded as done, and both of the assignments that are recorded are there."""
        known = self.known
        return (
            known is not None
            and known.stage is Stage.ON_TRUST_PRODUCT
            and known.bundles == BUNDLES
            and known.business_profile_assignment_sid in self.on_profile
            and known.trust_product_assignment_sid in self.on_product
        )

    def assign(self, side: list[str]) -> str:
        """Give the assignment that is there, or make one: as a step that looks before it sends a POST."""
        if not side:
            self.made += 1
            side.append(f"RA{self.made:032x}")
        return side[0]


def listed(world: World, *, ineligible: str | None = None, named: bool = False) -> None:
    if world.there:
        world.known = classify(NUMBER, world.known, BUNDLES, ineligible, named=named)
    elif world.known and world.known.stage is not Stage.RELEASED:
        world.known = world.known.released()


def assigned_to_profile(world: World) -> None:
    if world.known and world.known.stage is Stage.DISCOVERED:
        world.known = world.known.on_business_profile(PROFILE, world.assign(world.on_profile))


def assigned_to_product(world: World) -> None:
    if world.known and world.known.stage is Stage.ON_BUSINESS_PROFILE:
        world.known = world.known.on_trust_product(PRODUCT, world.assign(world.on_product))


def refused_now(world: World) -> None:
    """Twilio refuses it where it would go next; what is refused was looked up, and is not there."""
    if world.known and world.known.stage is Stage.DISCOVERED and not world.on_profile:
        world.known = world.known.refused(PROFILE, "no", 22205)
    elif world.known and world.known.stage is Stage.ON_BUSINESS_PROFILE and not world.on_product:
        world.known = world.known.refused(PRODUCT, "no", 22205)


def a_week_passes(world: World) -> None:
    if world.known and world.known.refused_at:
        world.known = world.known.model_copy(update={"refused_at": world.known.refused_at - timedelta(days=7.1)})


def audited(world: World) -> None:
    if world.known:
        world.known = correct(world.known, world.assigned)


def leaves(world: World) -> None:
    """It is released; its assignments stay, as orphans, until somebody removes them."""
    world.there = False


EVENTS: dict[str, Callable[[World], object]] = {
    "listed": listed,
    "listed, ineligible": lambda world: listed(world, ineligible="it has no voice capability"),
    "listed, named": lambda world: listed(world, named=True),
    "assigned to the profile": assigned_to_profile,
    "assigned to the product": assigned_to_product,
    "refused": refused_now,
    "a week passes": a_week_passes,
    "audited": audited,
    "taken off the profile by hand": lambda world: world.on_profile.clear(),
    "taken off the product by hand": lambda world: world.on_product.clear(),
    "put on the profile by hand": lambda world: world.assign(world.on_profile),
    "put on the product by hand": lambda world: world.assign(world.on_product),
    "leaves": leaves,
    "comes back": lambda world: setattr(world, "there", True),
}
RUN = ("audited", "listed", "assigned to the profile", "assigned to the product")
# Whole runs among the events, since what happens to a number that is signed matters most.
lives = st.lists(st.one_of(st.just(RUN), st.sampled_from(sorted(EVENTS)).map(lambda it: (it,))), max_size=20).map(
    lambda parts: [event for part in parts for event in part]
)


def live(events: list[str]) -> World:
    world = World()
    for event in events:
        EVENTS[event](world)
    return world


@given(lives)
def test_no_sequence_of_events_takes_a_number_back_while_both_assignments_stand(events: list[str]) -> None:
    world = World()
    for event in events:
        stood = world.stands
        EVENTS[event](world)
        if stood and world.stands is False:
            assert not world.there or not (world.on_profile and world.on_product), event


@given(lives)
def test_no_sequence_of_events_loses_a_number(events: list[str]) -> None:
    """Once known it stays known, and a clean run brings it where it belongs."""
    world = live(events)
    assert world.known is None or world.known.phone_number_sid == NUMBER.sid

    for step in ("comes back", "a week passes", "audited", "listed", "assigned to the profile"):
        EVENTS[step](world)
    assigned_to_product(world)

    assert world.stands


@given(lives)
def test_a_second_clean_run_has_nothing_to_do(events: list[str]) -> None:
    world = live([*events, "comes back", "a week passes", "audited", "listed"])
    assigned_to_profile(world)
    assigned_to_product(world)
    before = world.known
    assert before

    audited(world)
    listed(world)

    assert world.known == before
    assert not needs_work(before)


@given(lives)
def test_a_number_never_gets_a_second_assignment(events: list[str]) -> None:
    world = live(events)

    assert len(world.on_profile) <= 1
    assert len(world.on_product) <= 1


@given(lives)
def test_only_what_the_audit_finds_gone_counts_as_vanished(events: list[str]) -> None:
    world = live(events)
    if world.known is None:
        return
    after = correct(world.known, world.assigned)

    if world.stands:
        assert not has_vanished(world.known, after)
        assert after == world.known


class TestTimes:
    def test_a_number_that_is_new_has_come_now_and_its_stage_begins(self) -> None:
        before = datetime.now(UTC)
        new = classify(NUMBER, None, BUNDLES)

        assert before <= new.since == new.came_at  # type: ignore[operator] # it is a time
        assert new.lost_at is None

    def test_each_stage_has_its_own_beginning(self) -> None:
        new = classify(NUMBER, None, BUNDLES)
        on_profile = new.on_business_profile(PROFILE, ASSIGNMENT)
        signed = on_profile.on_trust_product(PRODUCT, ASSIGNMENT)

        assert new.since < on_profile.since < signed.since  # type: ignore[operator] # they are times
        assert signed.came_at == new.came_at

    @pytest.mark.parametrize("known", [NEW, ON_PROFILE, SIGNED, refused(PRODUCT, 8), NEW.ineligible("it has no voice")])
    def test_a_number_that_stays_where_it_is_keeps_its_times(self, known: PhoneNumberRecord) -> None:
        long_ago = datetime(2026, 1, 2, tzinfo=UTC)
        known = known.model_copy(update={"since": long_ago, "came_at": long_ago, "lost_at": long_ago})

        ineligible = known.reason if known.stage is Stage.INELIGIBLE else None
        listed = classify(NUMBER, known, BUNDLES, ineligible)

        kept = (listed.since, listed.came_at, listed.lost_at) == (long_ago, long_ago, long_ago)
        assert kept is (listed.stage is known.stage)

    def test_one_that_is_taken_off_was_lost_then_and_one_that_comes_back_has_come_then(self) -> None:
        lost = correct(SIGNED, Assigned(*BUNDLES))
        assert lost.lost_at == lost.since is not None

        back = classify(NUMBER, lost.released(), BUNDLES)
        assert back.came_at is not None
        assert back.came_at > lost.since
        assert back.lost_at == lost.lost_at

    def test_an_assignment_that_is_another_one_now_was_not_lost(self) -> None:
        other = {NUMBER.sid: ["RA" + "9" * 32]}

        assert correct(SIGNED, Assigned(*BUNDLES, other, other)).lost_at is None
