"""A customer who uses all that the simulator serves, and gets every kind of answer."""

from typing import Any

import requests

from simulator.fleet import Fleet
from simulator.policies import (
    FRIENDLY_NAMES,
    PRIMARY_BUSINESS_PROFILE,
    SECONDARY_BUSINESS_PROFILE,
    SHAKEN_STIR,
)
from simulator.rules import STATUSES
from simulator.simulator import Simulator
from tests.contract.exchanges import Exchange, recording
from tests.world import PROFILE, account, phone_number, subaccount

ACCOUNTS = "/2010-04-01/Accounts.json"
NUMBERS = f"/2010-04-01/Accounts/{account(1)}/IncomingPhoneNumbers.json"
NUMBER = phone_number(1, 0)
CALLBACK = "https://example.com/status-callback?trust_product_sid=BU"
NOTHING = "f" * 32


def existing(first: int) -> list[str]:
    return [f"BU{first + index:032x}" for index in range(len(STATUSES))]


FLEET = Fleet.model_validate(
    {
        "parent": {"sid": account(9), "numbers": [{"sid": phone_number(9, 0)}]},
        "subaccounts": [
            subaccount(1, numbers=3),
            subaccount(2, status="suspended"),
            subaccount(3, status="closed"),
            {
                "sid": account(4),
                "numbers": [
                    {"sid": phone_number(4, 0), "phone_number": "+18885550100"},
                    {"sid": phone_number(4, 1), "phone_number": "+441632960100", "voice": False},
                    {"sid": phone_number(4, 2), "refuse": {"code": 22205, "message": "It belongs to another account"}},
                ],
            },
        ],
        "profiles": [{"sid": PROFILE, "numbers": [NUMBER]}]
        + [
            {"sid": sid, "status": status, "primary": status == "in-review"}
            for sid, status in zip(existing(0x100), STATUSES, strict=True)
        ],
        "products": [
            {"sid": sid, "status": status, "errors": [18601, 18606] if status == "twilio-rejected" else []}
            for sid, status in zip(existing(0x200), STATUSES, strict=True)
        ],
        "review": {"seconds": 3600},
    }
)


class Customer:
    """Speaks to Twilio with the parent account's credentials."""

    def __init__(self) -> None:
        self.session = requests.Session()
        self.session.auth = (FLEET.parent.sid, FLEET.parent.auth_token)

    def ask(self, method: str, path: str, **options: Any) -> Any:
        host = "api" if path.startswith("/2010") else "trusthub"
        answer = self.session.request(method, f"https://{host}.twilio.com{path}", timeout=5, **options)
        return answer.json() if answer.content else None

    def get(self, path: str, **query: Any) -> Any:
        return self.ask("GET", path, params=query)

    def post(self, path: str, **form: Any) -> Any:
        return self.ask("POST", path, data=form)

    def delete(self, path: str) -> None:
        self.ask("DELETE", path)

    def made(self, path: str, **form: Any) -> str:
        """Where to find what was created."""
        return f"{path}/{self.post(path, **form)['sid']}"

    def every_page(self, path: str, **query: Any) -> None:
        """Go to the last page, and back to the first."""
        page = self.get(path, PageSize=1, Page=0, **query)
        for direction in ("next", "previous"):
            while neighbour := page.get("meta", {}).get(f"{direction}_page_url") or page.get(f"{direction}_page_uri"):
                page = self.get(neighbour[neighbour.index("/v1" if "meta" in page else "/2010") :])


def look_at_accounts_and_numbers(customer: Customer) -> None:
    for status in ("active", "suspended", "closed"):
        customer.get(ACCOUNTS, Status=status)
    customer.get(ACCOUNTS, FriendlyName="Subaccount 1")
    customer.get(ACCOUNTS, FriendlyName="nobody's")
    customer.every_page(ACCOUNTS)
    customer.every_page(NUMBERS)
    for number in (1, 2, 3, 4, 9):
        own = f"/2010-04-01/Accounts/{account(number)}"
        customer.get(f"{own}.json")
        for entry in customer.get(f"{own}/IncomingPhoneNumbers.json")["incoming_phone_numbers"]:
            customer.get(entry["uri"])
    customer.get(NUMBERS, PhoneNumber="+1512*")
    customer.get(NUMBERS, FriendlyName="(512) 555-0100")
    customer.get(NUMBERS, Beta="false", Origin="twilio")


def look_at_policies(customer: Customer) -> None:
    customer.every_page("/v1/Policies")
    for sid in FRIENDLY_NAMES:
        customer.get(f"/v1/Policies/{sid}")


def look_at_end_users(customer: Customer) -> None:
    customer.every_page("/v1/EndUsers")
    for end_user in customer.get("/v1/EndUsers")["results"]:
        customer.get(f"/v1/EndUsers/{end_user['sid']}")


def keep_a_bundle(customer: Customer, bundles: str, policy: str, supporting: str) -> None:
    """Create, change, fill, evaluate, submit: each kind of bundle, and what hangs on it."""
    properties = {"FriendlyName": "Acme", "Email": "trust@acme.example"}
    bundle = customer.made(bundles, **properties, PolicySid=policy, StatusCallback=CALLBACK)
    customer.post(bundle, **properties)
    customer.post(f"{bundle}/Evaluations", PolicySid=policy)
    entity = customer.made(f"{bundle}/EntityAssignments", ObjectSid=supporting)
    customer.get(entity)
    customer.made(f"{bundle}/EntityAssignments", ObjectSid=f"RD{NOTHING}")
    customer.post(f"{bundle}/Evaluations", PolicySid=policy)
    endpoints = f"{bundle}/ChannelEndpointAssignments"
    numbers = {"ChannelEndpointType": "phone-number", "ChannelEndpointSid": NUMBER}
    endpoint, _ = customer.made(endpoints, **numbers), customer.made(endpoints, **numbers)
    customer.get(endpoint)
    customer.get(endpoints, ChannelEndpointSid=NUMBER)
    customer.get(endpoints, ChannelEndpointSids=f"{NUMBER},{phone_number(1, 1)}")
    customer.get(f"{bundle}/EntityAssignments", ObjectType="primary_customer_profile_type_business")
    for evaluation in customer.get(f"{bundle}/Evaluations")["results"]:
        customer.get(f"{bundle}/Evaluations/{evaluation['sid']}")
    for assigned in ("EntityAssignments", "ChannelEndpointAssignments", "Evaluations"):
        customer.every_page(f"{bundle}/{assigned}")
    customer.post(bundle, Status="pending-review", StatusCallback=CALLBACK)
    customer.get(bundle)
    customer.delete(endpoint)


def look_at_bundles(customer: Customer, bundles: str, policy: str) -> None:
    for status in STATUSES:
        for bundle in customer.get(bundles, Status=status)["results"]:
            customer.get(f"{bundles}/{bundle['sid']}")
    customer.get(bundles, FriendlyName="Acme")
    customer.get(bundles, PolicySid=policy)
    customer.every_page(bundles, PolicySid=policy)


def drop_a_bundle(customer: Customer, bundles: str, policy: str) -> None:
    bundle = customer.made(bundles, FriendlyName="Draft", Email="trust@acme.example", PolicySid=policy)
    customer.delete(customer.made(f"{bundle}/EntityAssignments", ObjectSid=PROFILE))
    customer.delete(bundle)


def tour() -> list[Exchange]:
    """Every route of the simulator, answered with success."""
    with Simulator(FLEET) as simulator, recording(simulator.url) as exchanges:
        customer = Customer()
        look_at_accounts_and_numbers(customer)
        look_at_policies(customer)
        look_at_end_users(customer)
        keep_a_bundle(customer, "/v1/TrustProducts", SHAKEN_STIR, PROFILE)
        keep_a_bundle(customer, "/v1/CustomerProfiles", PRIMARY_BUSINESS_PROFILE, f"IT{NOTHING}")
        for bundles, policy in (
            ("/v1/TrustProducts", SHAKEN_STIR),
            ("/v1/CustomerProfiles", SECONDARY_BUSINESS_PROFILE),
        ):
            look_at_bundles(customer, bundles, policy)
            drop_a_bundle(customer, bundles, policy)
        customer.session.close()
    return exchanges
