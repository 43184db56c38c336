"""A transcript's answers, read by the product's own client; and what it ought to read, taken from the JSON itself."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from onboarding.errors import CredentialsRefused, TwilioRefused, TwilioThrottled, TwilioUnavailable
from onboarding.phone_numbers import PhoneNumber
from onboarding.trust_products import Status
from onboarding.twilio.assignments import ChannelEndpointAssignments
from onboarding.twilio.trust_hub import Account, Bundle, TrustHub, of_account
from simulator.addresses import THIS_MACHINE
from simulator.messages import Request, Response
from simulator.server import Server
from tests.contract.recorded import Recorded, parent_of, resources

type Told = list[Recorded]
"""What was answered to one call of the client, page by page."""


@dataclass(frozen=True)
class Call:
    """A call of the client for an operation, and what it gives for these answers."""

    ask: Callable[[TrustHub, Recorded], Any]
    gives: Callable[[Told], Any]


class TwilioAsRecorded:
    """Answers each request as the transcript has it, in its order; a request that is repeated fails as it did before.

    Attributes:
        left: What was not asked for yet.
        served: What was.
        unknown: The requests that are not in the transcript.
    """

    def __init__(self, exchanges: Iterable[Recorded]) -> None:
        self.left = list(exchanges)
        self.served: list[Recorded] = []
        self.unknown: list[str] = []
        self._failed: list[Recorded] = []

    def answer(self, request: Request) -> Response:
        for recorded in self.left:
            if recorded.is_asked_by(request):
                self.left.remove(recorded)
                self.served.append(recorded)
                return recorded.response
        for recorded in reversed(self.served):
            if recorded.is_asked_by(request) and recorded.failed:
                return recorded.response
        self.unknown.append(f"{request.method} {request.path} {dict(request.query)} {dict(request.form)}")
        return Response(400, {})


def replay(exchanges: list[Recorded]) -> list[str]:
    """Ask for everything again that the client has a call for.

    Returns:
        What came out otherwise than it is recorded: a sentence each.
    """
    parent = parent_of(exchanges)
    twilio = TwilioAsRecorded(it for it in exchanges if it.operation in CALLS)
    server = Server(THIS_MACHINE, 0, twilio.answer)
    server.start()
    told: list[str] = []
    try:
        hub = of_account(parent, "token", base_url=f"http://{THIS_MACHINE}:{server.port}")
        while twilio.left and not twilio.unknown:
            told += _replay_next(hub, twilio)
    finally:
        server.close()
    return told + [f"{it}: is not in the transcript" for it in twilio.unknown]


def _replay_next(hub: TrustHub, twilio: TwilioAsRecorded) -> Iterable[str]:
    asked, before = twilio.left[0], len(twilio.served)
    call = CALLS[asked.operation]
    try:
        came: Any = call.ask(hub, asked)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is compared
        came = type(error).__name__, getattr(error, "code", None)
    answers = twilio.served[before:]
    expected = _failure(answers[-1]) if answers and answers[-1].failed else call.gives(_last_tries(answers))
    if came != expected:
        yield f"{asked.operation}: {came} instead of {expected}"
    if twilio.left and twilio.left[0] is asked:
        yield f"{asked.operation}: was not asked as it is recorded"
        del twilio.left[0]


def _failure(last: Recorded) -> Any:
    code = (last.body or {}).get("code")
    match last.status:
        case status if status is None or last.outage or status >= 500:
            return TwilioUnavailable.__name__, None
        case 401:
            return CredentialsRefused.__name__, None
        case 429:
            return TwilioThrottled.__name__, None
        case 404 if last.method in {"GET", "DELETE"} and last.operation.removesuffix(".json").endswith("}"):
            return None
        case _:
            return TwilioRefused.__name__, code


def _last_tries(answers: Told) -> Told:
    return [it for it in answers if not it.failed]


def _bundle(body: dict[str, Any]) -> Bundle:
    codes = tuple(error["code"] for error in body["errors"] or [])
    valid_until = datetime.fromisoformat(body["valid_until"]) if body["valid_until"] else None
    date_created = datetime.fromisoformat(body["date_created"])
    status, policy_sid = Status(body["status"]), body["policy_sid"]
    return Bundle(body["sid"], body["friendly_name"], status, policy_sid, codes, valid_until, date_created=date_created)


def _account(body: dict[str, Any]) -> Account:
    return Account(body["sid"], body["friendly_name"], body["status"], body["owner_account_sid"])


def _number(body: dict[str, Any]) -> PhoneNumber:
    return PhoneNumber(body["sid"], body["phone_number"], body["capabilities"]["voice"])


def _failures(body: dict[str, Any]) -> tuple[str, ...]:
    """One requirement that failed is told as a whole, else by its fields."""
    failed = [it for it in body["results"] if not it["passed"]]
    named = [found for it in failed for found in ([it] if it["failure_reason"] else it["invalid"])]
    return tuple(f"{it['friendly_name']}: {it['failure_reason']}" for it in named)


def _first(read: Callable[[dict[str, Any]], Any]) -> Callable[[Told], Any]:
    return lambda told: read(told[-1].body)


def _each(read: Callable[[dict[str, Any]], Any]) -> Callable[[Told], Any]:
    return lambda told: [read(body) for it in told for body in resources(it)]


def _sid(body: dict[str, Any]) -> Any:
    return body["sid"]


def _subaccounts(told: Told) -> list[Account]:
    return [account for account in _each(_account)(told) if account.sid != account.owner_sid]


def _numbers(hub: TrustHub, asked: Recorded) -> list[PhoneNumber]:
    page = hub.phone_numbers(asked.sids[0])
    numbers = page.records
    while page.next_page:
        page = hub.phone_numbers(asked.sids[0], page.next_page)
        numbers += page.records
    return numbers


def _connected(asked: Recorded) -> str:
    """The object that is looked for: the first that there was."""
    return next((str(it["object_sid"]) for it in resources(asked)), "BU" + "0" * 32)


def _newest(told: Told) -> tuple[str, ...]:
    evaluations = [it for answer in told for it in answer.body["results"]]
    return _failures(max(evaluations, key=lambda it: str(it["date_created"]))) if evaluations else ()


def _look_up(assignments: ChannelEndpointAssignments, asked: Recorded) -> list[tuple[str, str]]:
    if sids := asked.query.get("ChannelEndpointSids"):
        return assignments.find_all(sids.split(","))
    return list(assignments.stream())


def _of_numbers(collection: str, of: Callable[[TrustHub, str], ChannelEndpointAssignments]) -> dict[str, Call]:
    path = f"/v1/{collection}/{{Sid}}/ChannelEndpointAssignments"
    return {
        f"GET {path}": Call(
            lambda hub, it: _look_up(of(hub, it.sids[0]), it),
            _each(lambda body: (body["channel_endpoint_sid"], body["sid"])),
        ),
        f"POST {path}": Call(lambda hub, it: of(hub, it.sids[0]).create(it.form["ChannelEndpointSid"]), _first(_sid)),
        f"DELETE {path}/{{Sid}}": Call(lambda hub, it: of(hub, it.sids[0]).delete(it.sids[1]), lambda _: None),
    }


NUMBERS = "/2010-04-01/Accounts/{Sid}/IncomingPhoneNumbers"
PRODUCT = "/v1/TrustProducts/{Sid}"
CALLS: dict[str, Call] = {
    "GET /2010-04-01/Accounts.json": Call(lambda hub, _: hub.subaccounts(), _subaccounts),
    "GET /2010-04-01/Accounts/{Sid}.json": Call(lambda hub, it: hub.account(it.sids[0]), _first(_account)),
    f"GET {NUMBERS}.json": Call(_numbers, _each(_number)),
    f"GET {NUMBERS}/{{Sid}}.json": Call(lambda hub, it: hub.phone_number(*it.sids), _first(_number)),
    "GET /v1/CustomerProfiles": Call(lambda hub, _: hub.business_profiles(), _each(_bundle)),
    "GET /v1/CustomerProfiles/{Sid}": Call(lambda hub, it: hub.business_profile(it.sids[0]), _first(_bundle)),
    "GET /v1/TrustProducts": Call(lambda hub, _: hub.trust_products(), _each(_bundle)),
    "POST /v1/TrustProducts": Call(
        lambda hub, it: hub.create_trust_product(it.form["FriendlyName"], it.form["Email"]), _first(_bundle)
    ),
    f"GET {PRODUCT}": Call(lambda hub, it: hub.trust_product(it.sids[0]), _first(_bundle)),
    f"POST {PRODUCT}": Call(lambda hub, it: hub.submit(it.sids[0], it.form.get("StatusCallback")), _first(_bundle)),
    f"GET {PRODUCT}/EntityAssignments": Call(
        lambda hub, it: hub.connection(it.sids[0], _connected(it)),
        lambda told: next(iter(_each(_sid)(told)), None),
    ),
    f"POST {PRODUCT}/EntityAssignments": Call(
        lambda hub, it: hub.connect(it.sids[0], it.form["ObjectSid"]), _first(_sid)
    ),
    f"POST {PRODUCT}/Evaluations": Call(lambda hub, it: hub.evaluate(it.sids[0]).failures, _first(_failures)),
    f"GET {PRODUCT}/Evaluations": Call(lambda hub, it: hub.newest_failures(it.sids[0]), _newest),
    **_of_numbers("CustomerProfiles", TrustHub.on_business_profile),
    **_of_numbers("TrustProducts", TrustHub.on_trust_product),
}
"""What the client asks, by operation."""
