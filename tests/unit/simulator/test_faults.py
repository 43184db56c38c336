"""Faults that are planned: which requests they befall, how often, and whether Twilio does its work all the same."""

from http import HTTPStatus
from typing import Any

import pytest
from pydantic import ValidationError

from simulator.fleet import Fleet
from simulator.messages import Request, Response
from tests.unit.simulator.simulated import NUMBERS, PROFILE, SUBACCOUNT, TrustHub, fleet

PROFILES = "/v1/CustomerProfiles"
ASSIGNMENTS = f"{PROFILES}/{PROFILE}/ChannelEndpointAssignments"
ACCOUNTS = "/2010-04-01/Accounts.json"


def statuses(trust_hub: TrustHub, path: str = PROFILES, times: int = 4) -> list[int]:
    return [trust_hub.ask("GET", path)[0] for _ in range(times)]


def assign(trust_hub: TrustHub, number: str) -> int:
    return trust_hub.post(ASSIGNMENTS, ChannelEndpointType="phone-number", ChannelEndpointSid=number)[0]


def assigned(trust_hub: TrustHub) -> list[str]:
    return [it.number_sid for it in trust_hub.state.customer_profiles[PROFILE].endpoints]


@pytest.mark.parametrize(
    ("counted", "expected"),
    [
        ({}, [503, 200, 200, 200]),
        ({"times": 2}, [503, 503, 200, 200]),
        ({"times": 2, "after": 1}, [200, 503, 503, 200]),
        ({"times": 0}, [503, 503, 503, 503]),
        ({"times": 0, "after": 3}, [200, 200, 200, 503]),
    ],
)
def test_it_happens_as_often_as_is_said(trust_hub: TrustHub, counted: dict[str, int], expected: list[int]) -> None:
    planned = trust_hub.controls.plan_fault(**counted)

    assert statuses(trust_hub) == expected
    assert planned.happened == expected.count(503)


@pytest.mark.parametrize(
    ("operation", "befallen"),
    [
        ("*", True),
        ("GET *", True),
        ("POST *", False),
        (f"GET {PROFILES}/{PROFILE}", True),
        (f"GET {PROFILES}/{{Sid}}", True),
        (f"GET {PROFILES}", False),
        (f"GET {PROFILES}/BU{'9' * 32}", False),
        (f"GET {PROFILES}/[B]U*", False),
        ("*/CustomerProfiles*", True),
    ],
)
def test_an_operation_is_named_with_sids_without_them_or_in_part(
    trust_hub: TrustHub, operation: str, *, befallen: bool
) -> None:
    trust_hub.controls.plan_fault(operation=operation)

    assert statuses(trust_hub, f"{PROFILES}/{PROFILE}", 1) == [503 if befallen else 200]


def test_a_request_is_told_apart_by_what_it_mentions(trust_hub: TrustHub) -> None:
    trust_hub.controls.plan_fault(mentioning=NUMBERS[2], status=400, times=0)

    assert [assign(trust_hub, number) for number in NUMBERS[1:4]] == [201, 400, 201]


def test_each_request_may_be_counted_by_itself(trust_hub: TrustHub) -> None:
    trust_hub.controls.plan_fault(operation="POST *", status=429, each=True)

    assert [assign(trust_hub, number) for number in (NUMBERS[1], NUMBERS[2], NUMBERS[1], NUMBERS[2])] == [
        429,
        429,
        201,
        201,
    ]


@pytest.mark.parametrize("kind", ["error", "reset"])
@pytest.mark.parametrize("carried_out", [False, True])
def test_twilio_does_its_work_or_not(trust_hub: TrustHub, kind: str, *, carried_out: bool) -> None:
    trust_hub.controls.plan_fault(operation="POST *", kind=kind, carried_out=carried_out)

    assign(trust_hub, NUMBERS[1])

    assert (NUMBERS[1] in assigned(trust_hub)) == carried_out


@pytest.mark.parametrize("kind", ["truncated", "late"])
def test_twilio_has_done_its_work_when_its_answer_is_late_or_cut_off(trust_hub: TrustHub, kind: str) -> None:
    trust_hub.controls.plan_fault(operation="POST *", kind=kind, seconds=0)

    assert assign(trust_hub, NUMBERS[1]) == 201
    assert NUMBERS[1] in assigned(trust_hub)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({}, (503, 20503, "Service Unavailable")),
        ({"status": 429}, (429, 20429, "Too Many Requests")),
        ({"status": 599}, (599, 20599, "Error")),
        ({"status": 400, "code": 22205, "message": "no"}, (400, 22205, "no")),
    ],
)
def test_an_error_has_twilio_s_shape(trust_hub: TrustHub, fault: dict[str, Any], said: tuple[int, int, str]) -> None:
    trust_hub.controls.plan_fault(**fault)

    status, body = trust_hub.get(PROFILES)

    assert (status, body["code"], body["message"]) == said
    assert body["status"] == status


def test_of_several_the_one_that_was_planned_first_happens(trust_hub: TrustHub) -> None:
    trust_hub.controls.plan_fault(status=500)
    trust_hub.controls.plan_fault(status=502)

    assert statuses(trust_hub, times=3) == [500, 502, 200]


def test_once_cleared_all_is_well_and_what_happened_is_told(trust_hub: TrustHub) -> None:
    trust_hub.controls.plan_fault(times=0)
    statuses(trust_hub, times=2)

    assert [it.happened for it in trust_hub.controls.clear_faults()] == [2]
    assert statuses(trust_hub, times=1) == [200]
    assert trust_hub.controls.clear_faults() == []


def test_a_fleet_may_begin_with_them() -> None:
    begun = Fleet.model_validate(fleet().model_dump() | {"faults": [{"operation": f"GET {ACCOUNTS}", "status": 500}]})

    assert statuses(TrustHub(begun), ACCOUNTS, 2) == [500, 200]


@pytest.mark.parametrize("fault", [{"kind": "odd"}, {"status": 200}, {"times": -1}, {"after": -1}, {"unknown": 1}])
def test_a_fault_that_is_none_is_refused(trust_hub: TrustHub, fault: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        trust_hub.controls.plan_fault(**fault)
    assert statuses(trust_hub, times=1) == [200]


def test_they_are_planned_and_cleared_over_http(trust_hub: TrustHub) -> None:
    status, planned = trust_hub.control("/faults", f"operation=GET {PROFILES}&status=429&times=2&each=true")
    assert (status, planned) == (
        201,
        {"operation": f"GET {PROFILES}", "status": 429, "times": 2, "each": True, "happened": 0},
    )

    assert statuses(trust_hub) == [429, 429, 200, 200]
    assert trust_hub.control("/faults/clear") == (200, {"faults": [planned | {"happened": 2}]})


def test_controls_are_befallen_by_none(trust_hub: TrustHub) -> None:
    trust_hub.controls.plan_fault(times=0)

    assert trust_hub.control("/lag", "seconds=1")[0] == 200
    assert trust_hub.control(f"/accounts/{SUBACCOUNT}/suspend")[0] == 200


def test_who_interposes_sees_each_request_first_and_may_answer_it(trust_hub: TrustHub) -> None:
    seen: list[str] = []

    def interpose(request: Request) -> Response | None:
        seen.append(request.path)
        return Response(HTTPStatus.IM_A_TEAPOT) if request.path == ACCOUNTS else None

    trust_hub.app.interpose = interpose

    assert statuses(trust_hub, ACCOUNTS, 1) == [HTTPStatus.IM_A_TEAPOT]
    assert statuses(trust_hub, times=1) == [200]
    assert seen == [ACCOUNTS, PROFILES]


class TestShapes:
    def test_a_list_has_other_fields(self) -> None:
        trust_hub = TrustHub(fleet())
        trust_hub.controls.plan_fault(
            kind="shape",
            changes={
                "results.0.friendly_name": None,
                "results.*.errors": ["words"],
                "meta.next_page_url": "{base_url}{path}",
            },
            missing=["results.0.sid"],
        )

        _, body = trust_hub.get(PROFILES)
        assert body["results"][0]["friendly_name"] is None
        assert "sid" not in body["results"][0]
        assert {str(it["errors"]) for it in body["results"]} == {"['words']"}
        assert body["meta"]["next_page_url"] == f"http://simulator.test{PROFILES}"
        assert trust_hub.get(PROFILES)[1]["results"][0]["sid"]

    @pytest.mark.parametrize(("carried_out", "there"), [(True, 1), (False, 0)])
    def test_a_post_is_carried_out_or_not(self, carried_out: bool, there: int) -> None:  # noqa: FBT001
        trust_hub = TrustHub(fleet())
        trust_hub.controls.plan_fault(kind="shape", operation="POST *", answered=203, carried_out=carried_out)

        before = len(assigned(trust_hub))

        assert assign(trust_hub, NUMBERS[0]) == 203
        assert len(assigned(trust_hub)) == before + there
