"""A transcript's requests, sent to a simulator that begins with what there was at Twilio."""

import base64
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from simulator.fleet import Fleet, Parent
from simulator.messages import Request, Response
from simulator.simulator import Simulator
from tests.contract.recorded import SID, Recorded, parent_of, resources
from tests.world import NEVER

ENDPOINTS, ENTITIES = "ChannelEndpointAssignments", "EntityAssignments"
END_USER_ATTRIBUTES = "$.attributes"
"""Which there are depends on the type of the end user."""
NEXT_PAGE = "next_page_url", "next_page_uri"


def replay(exchanges: list[Recorded]) -> list[str]:
    """Send every request that was answered, in order.

    Returns:
        Where the simulator's answer has another form than the recorded one: a sentence each.
    """
    simulator = Simulator(fleet_before(exchanges))
    try:
        once_more = OnceMore(simulator)
        return [problem for exchange in exchanges if not exchange.outage for problem in once_more.send(exchange)]
    finally:
        simulator.stop()


class OnceMore:
    """Sends recorded requests to a simulator, which names what it makes by SIDs and page tokens of its own."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        credentials = f"{simulator.account_sid}:{simulator.auth_token}"
        self._authorization = f"Basic {base64.b64encode(credentials.encode()).decode()}"
        self._named: dict[str, str] = {}

    def send(self, exchange: Recorded) -> Iterator[str]:
        path = self._here(exchange.path)
        if exchange.failed and exchange.status != 404:
            self._plan(exchange, path)
        answer = self._simulator.answer(
            Request(
                exchange.method,
                path,
                {name: self._here(value) for name, value in exchange.query.items()},
                {name: self._here(value) for name, value in exchange.form.items()},
                self._authorization,
                f"https://{urlsplit(exchange.url).netloc}",
            )
        )
        where = f"{exchange.method} {exchange.path}"
        if answer.status != exchange.status:
            yield f"{where}: {answer.status} {answer.body} instead of {exchange.status}"
            return
        if not exchange.no_json:
            yield from (f"{where}: {it}" for it in differences(exchange.body, answer.body))
        self._note_names(exchange, answer)

    def _here(self, text: str) -> str:
        return SID.sub(lambda sid: self._named.get(sid[0], sid[0]), self._named.get(text, text))

    def _plan(self, exchange: Recorded, path: str) -> None:
        """Have Twilio fail as it did: why is nothing that the simulator can know."""
        said = {name: exchange.body[name] for name in ("code", "message")} if exchange.body else {"html": "<html>"}
        self._simulator.controls.plan_fault(
            operation=f"{exchange.method} {path}",
            status=exchange.status,
            retry_after=exchange.response.retry_after,
            **said,
        )

    def _note_names(self, exchange: Recorded, answer: Response) -> None:
        before, here = exchange.body or {}, answer.body or {}
        if exchange.status == 201:
            self._named[before["sid"]] = here["sid"]
        if exchange.path.endswith(ENDPOINTS) and exchange.method == "GET" and not exchange.failed:
            by_number = {it["channel_endpoint_sid"]: it["sid"] for it in here["results"]}
            for it in before["results"]:
                self._named[it["sid"]] = by_number.get(self._here(it["channel_endpoint_sid"]), it["sid"])
        if exchange.path.endswith(ENTITIES) and exchange.method == "GET" and not exchange.failed:
            end_user = next((it["object_sid"] for it in here["results"] if it["object_sid"].startswith("IT")), None)
            for sid in (it["object_sid"] for it in before["results"] if it["object_sid"].startswith("IT")):
                self._named[sid] = end_user or sid
        for token, token_here in zip(_next_page(before), _next_page(here), strict=False):
            self._named[token] = token_here


def _next_page(body: dict[str, Any]) -> list[str]:
    addresses = [place.get(name) for place in (body, body.get("meta", {})) for name in NEXT_PAGE]
    return [token for url in addresses if url for token in parse_qs(urlsplit(url).query)["PageToken"]]


def differences(recorded: Any, simulated: Any, where: str = "$") -> Iterator[str]:
    """Tell where two answers differ in keys or types; a null and an empty list say nothing of what may be there."""
    if recorded is None or simulated is None or where == END_USER_ATTRIBUTES:
        return
    if type(recorded) is not type(simulated):
        yield f"{where}: {type(simulated).__name__} instead of {type(recorded).__name__}"
    elif isinstance(recorded, dict):
        for key in sorted(recorded.keys() ^ simulated.keys()):
            yield f"{where}.{key}: {'is missing' if key in recorded else 'was not recorded'}"
        for key in sorted(recorded.keys() & simulated.keys()):
            yield from differences(recorded[key], simulated[key], f"{where}.{key}")
    elif isinstance(recorded, list) and simulated:
        for index, item in enumerate(recorded):
            found = [list(differences(item, it, f"{where}[{index}]")) for it in simulated]
            yield from min(found, key=len)


def fleet_before(exchanges: list[Recorded]) -> Fleet:
    """Work out what there was at Twilio before the first request: all that was answered, and not made meanwhile."""
    parent = parent_of(exchanges)
    before = _Before(exchanges)
    subaccounts = [
        {"sid": sid, "status": status, "numbers": before.numbers.pop(sid, [])}
        for sid, status in before.accounts.items()
        if sid != parent
    ]
    on_profile = {sid: list(before.endpoints[sid]) for sid in before.profiles}
    products = []
    for sid, product in before.products.items():
        connected = next((it for it in before.entities[sid] if it in on_profile), None)
        numbers = list(before.endpoints[sid]) if connected else []
        on_profile.update({connected: list(dict.fromkeys([*on_profile[connected], *numbers]))} if connected else {})
        products.append({**product, "business_profile": connected, "numbers": numbers})
    return Fleet.model_validate(
        {
            "parent": {"sid": parent, "numbers": [it for numbers in before.numbers.values() for it in numbers]},
            "subaccounts": subaccounts,
            "profiles": [{**it, "numbers": on_profile[sid]} for sid, it in before.profiles.items()],
            "products": products,
            "review": {"seconds": NEVER},
        }
    )


class _Before:
    """What answers tell of, but for what a request before them has made."""

    def __init__(self, exchanges: list[Recorded]) -> None:
        self.accounts: dict[str, str] = {}
        self.numbers: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self.profiles: dict[str, dict[str, Any]] = {}
        self.products: dict[str, dict[str, Any]] = {}
        self.endpoints: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self.entities: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._seen: set[str] = set()
        for exchange in exchanges:
            for resource in [] if exchange.failed else resources(exchange):
                if resource["sid"] not in self._seen:
                    self._seen.add(resource["sid"])
                    if exchange.status != 201:
                        self._take_in(exchange, resource)
        # A number may be named without ever being looked at.
        named = {sid for it in exchanges for sid in SID.findall(it.form.get("ChannelEndpointSid", "")) if not it.failed}
        for sid in sorted((named | {sid for on in self.endpoints.values() for sid in on}) - self._seen):
            self.numbers[Parent().sid].append({"sid": sid})

    def _take_in(self, exchange: Recorded, resource: dict[str, Any]) -> None:
        match exchange.path.split("/")[1:]:
            case ["2010-04-01", "Accounts" | "Accounts.json"] | ["2010-04-01", "Accounts", _]:
                self.accounts[resource["sid"]] = resource["status"]
            case ["2010-04-01", "Accounts", *_]:
                voice = resource["capabilities"]["voice"]
                self.numbers[resource["account_sid"]].append({"sid": resource["sid"], "voice": voice})
            case ["v1", "EndUsers", *_]:
                pass  # each profile of the simulator has one
            case ["v1", collection] | ["v1", collection, _]:
                bundle = {name: resource[name] for name in ("sid", "status", "valid_until")}
                bundle["policy"] = resource["policy_sid"]
                if collection == "CustomerProfiles":
                    self.profiles[resource["sid"]] = bundle
                else:
                    codes = [error["code"] for error in resource["errors"] or []]
                    self.products[resource["sid"]] = {**bundle, "errors": codes}
            case ["v1", _, bundle, ("ChannelEndpointAssignments")]:
                self.endpoints[bundle][resource["channel_endpoint_sid"]] = None
            case ["v1", _, bundle, ("EntityAssignments")]:
                self.entities[bundle][resource["object_sid"]] = None
