import pytest

from simulator.fleet import Fleet, Product
from simulator.lag import Lag
from simulator.policies import SHAKEN_STIR
from simulator.sids import numbered_sid
from tests.unit.simulator.simulated import NUMBERS, SUBACCOUNT, TrustHub

PRODUCT = numbered_sid("BU", 7)
NUMBERS_PATH = f"/2010-04-01/Accounts/{SUBACCOUNT}/IncomingPhoneNumbers.json"


class Clock:
    """Stands still until it is moved."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("simulator.lag.time", clock)
    return clock


def numbers(hub: TrustHub) -> int:
    return len(hub.get(NUMBERS_PATH)[1]["incoming_phone_numbers"])


def products(hub: TrustHub) -> int:
    return len(hub.get("/v1/TrustProducts")[1]["results"])


def test_what_is_created_is_fetched_at_once_but_listed_later(trust_hub: TrustHub) -> None:
    trust_hub.controls.lag(3600)
    path = trust_hub.new_product()
    assignment = trust_hub.assign(path, NUMBERS[0])[1]
    number = trust_hub.controls.buy(SUBACCOUNT)
    evaluation = trust_hub.made(f"{path}/Evaluations", PolicySid=SHAKEN_STIR)
    fetched = [
        path,
        f"{path}/ChannelEndpointAssignments/{assignment['sid']}",
        f"{path}/Evaluations/{evaluation['sid']}",
        f"/2010-04-01/Accounts/{SUBACCOUNT}/IncomingPhoneNumbers/{number}.json",
    ]
    listed = ["/v1/TrustProducts", *(f"{path}/{of}" for of in ("EntityAssignments", "Evaluations"))]

    assert [trust_hub.get(it)[0] for it in fetched] == [200] * 4
    assert [trust_hub.get(it)[1]["results"] for it in listed] == [[], [], []]
    of_number = {"ChannelEndpointSid": NUMBERS[0]}
    assert trust_hub.get(f"{path}/ChannelEndpointAssignments", **of_number)[1]["results"] == []
    assert numbers(trust_hub) == 6

    trust_hub.controls.lag(0)
    assert [len(trust_hub.get(it)[1]["results"]) for it in listed] == [1, 1, 1]
    assert len(trust_hub.get(f"{path}/ChannelEndpointAssignments")[1]["results"]) == 1
    assert numbers(trust_hub) == 7


def test_the_lag_passes_as_the_time_scale_has_it(trust_hub: TrustHub, clock: Clock) -> None:
    trust_hub.state.lag = Lag(100, time_scale=0.5)
    trust_hub.new_product()
    clock.now += 49
    assert products(trust_hub) == 0
    clock.now += 2
    assert products(trust_hub) == 1


def test_a_shorter_lag_holds_for_what_is_still_to_be_listed(trust_hub: TrustHub, clock: Clock) -> None:
    trust_hub.controls.lag(100)
    trust_hub.new_product()
    trust_hub.controls.lag(10)
    trust_hub.controls.lag(100)
    clock.now += 11
    assert products(trust_hub) == 1


def test_what_is_listed_stays_listed_when_the_lag_grows(trust_hub: TrustHub) -> None:
    trust_hub.new_product()
    trust_hub.controls.lag(3600)
    assert products(trust_hub) == 1


def test_what_was_removed_is_not_listed_when_its_time_comes(trust_hub: TrustHub) -> None:
    trust_hub.controls.lag(3600)
    trust_hub.delete(trust_hub.new_product())
    trust_hub.controls.lag(0)
    assert products(trust_hub) == 0


def test_pages_leave_out_what_is_not_listed_yet(trust_hub: TrustHub) -> None:
    trust_hub.controls.lag(3600)
    trust_hub.controls.buy(SUBACCOUNT)
    assert trust_hub.get(NUMBERS_PATH, PageSize="6")[1]["next_page_uri"] is None


def test_a_fleet_lags_from_the_start_but_has_what_it_has() -> None:
    hub = TrustHub(Fleet(lag=3600, products=[Product(sid=PRODUCT)]))
    hub.made("/v1/TrustProducts", FriendlyName="Ours", Email="us@example.com", PolicySid=SHAKEN_STIR)
    assert products(hub) == 1
