"""Which request is answered by what."""

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Map, Rule

from simulator.accounts_api import AccountsApi
from simulator.assignments_api import AssignmentsApi
from simulator.bundles_api import BundlesApi
from simulator.messages import Response
from simulator.policies_api import PoliciesApi
from simulator.records import CUSTOMER_PROFILE, TRUST_PRODUCT, BundleKind
from simulator.reviews import Reviews
from simulator.state import State

type Handler = Callable[..., Response]


def routes(state: State, reviews: Reviews) -> Map:
    """All routes; the endpoint of each is its handler."""
    accounts, policies = AccountsApi(state), PoliciesApi()
    rules = [
        route("GET", "/2010-04-01/Accounts.json", accounts.list_accounts),
        route("GET", "/2010-04-01/Accounts/<account_sid>.json", accounts.fetch_account),
        route("GET", "/2010-04-01/Accounts/<account_sid>/IncomingPhoneNumbers.json", accounts.list_numbers),
        route(
            "GET", "/2010-04-01/Accounts/<account_sid>/IncomingPhoneNumbers/<number_sid>.json", accounts.fetch_number
        ),
        route("GET", "/v1/Policies", policies.list),
        route("GET", "/v1/Policies/<policy_sid>", policies.fetch),
    ]
    for kind in (CUSTOMER_PROFILE, TRUST_PRODUCT):
        rules += _bundle_routes(kind, BundlesApi(kind, state, reviews), AssignmentsApi(kind, state))
    return Map(rules, merge_slashes=False)


def _bundle_routes(kind: BundleKind, bundles: BundlesApi, assignments: AssignmentsApi) -> list[Rule]:
    all_of_kind = f"/v1/{kind.collection}"
    one = f"{all_of_kind}/<bundle_sid>"
    entities, endpoints, evaluations = (
        f"{one}/{name}" for name in ("EntityAssignments", "ChannelEndpointAssignments", "Evaluations")
    )
    return [
        route("GET", all_of_kind, bundles.list),
        route("POST", all_of_kind, bundles.create),
        route("GET", one, bundles.fetch),
        route("POST", one, bundles.update),
        route("DELETE", one, bundles.delete),
        route("GET", entities, assignments.list_entities),
        route("POST", entities, assignments.create_entity),
        route("GET", f"{entities}/<sid>", assignments.fetch_entity),
        route("DELETE", f"{entities}/<sid>", assignments.delete_entity),
        route("GET", endpoints, assignments.list_endpoints),
        route("POST", endpoints, assignments.create_endpoint),
        route("GET", f"{endpoints}/<sid>", assignments.fetch_endpoint),
        route("DELETE", f"{endpoints}/<sid>", assignments.delete_endpoint),
        route("GET", evaluations, assignments.list_evaluations),
        route("POST", evaluations, assignments.create_evaluation),
        route("GET", f"{evaluations}/<sid>", assignments.fetch_evaluation),
    ]


def route(method: str, path: str, handler: Handler) -> Rule:
    """One route."""
    endpoint: Any = handler
    return Rule(path, methods=[method], endpoint=endpoint)
