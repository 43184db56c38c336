"""Which request is answered by what."""

from simulator.accounts_api import AccountsApi
from simulator.assignments_api import AssignmentsApi
from simulator.bundles_api import BundlesApi
from simulator.end_users_api import EndUsersApi
from simulator.policies_api import PoliciesApi
from simulator.records import CUSTOMER_PROFILE, TRUST_PRODUCT, BundleKind
from simulator.reviews import Reviews
from simulator.router import Routes
from simulator.state import State


def routes(state: State, reviews: Reviews) -> Routes:
    """What answers each of Twilio's requests."""
    accounts, policies, end_users = AccountsApi(state), PoliciesApi(), EndUsersApi(state)
    all_routes: Routes = {
        ("GET", "/2010-04-01/Accounts.json"): accounts.list_accounts,
        ("GET", "/2010-04-01/Accounts/<account_sid>.json"): accounts.fetch_account,
        ("GET", "/2010-04-01/Accounts/<account_sid>/IncomingPhoneNumbers.json"): accounts.list_numbers,
        ("GET", "/2010-04-01/Accounts/<account_sid>/IncomingPhoneNumbers/<number_sid>.json"): accounts.fetch_number,
        ("GET", "/v1/EndUsers"): end_users.list,
        ("GET", "/v1/EndUsers/<end_user_sid>"): end_users.fetch,
        ("GET", "/v1/Policies"): policies.list,
        ("GET", "/v1/Policies/<policy_sid>"): policies.fetch,
    }
    for kind in (CUSTOMER_PROFILE, TRUST_PRODUCT):
        all_routes |= _bundle_routes(kind, BundlesApi(kind, state, reviews), AssignmentsApi(kind, state))
    return all_routes


def _bundle_routes(kind: BundleKind, bundles: BundlesApi, assignments: AssignmentsApi) -> Routes:
    all_of_kind = f"/v1/{kind.collection}"
    one = f"{all_of_kind}/<bundle_sid>"
    entities, endpoints, evaluations = (
        f"{one}/{name}" for name in ("EntityAssignments", "ChannelEndpointAssignments", "Evaluations")
    )
    return {
        ("GET", all_of_kind): bundles.list,
        ("POST", all_of_kind): bundles.create,
        ("GET", one): bundles.fetch,
        ("POST", one): bundles.update,
        ("DELETE", one): bundles.delete,
        ("GET", entities): assignments.list_entities,
        ("POST", entities): assignments.create_entity,
        ("GET", f"{entities}/<sid>"): assignments.fetch_entity,
        ("DELETE", f"{entities}/<sid>"): assignments.delete_entity,
        ("GET", endpoints): assignments.list_endpoints,
        ("POST", endpoints): assignments.create_endpoint,
        ("GET", f"{endpoints}/<sid>"): assignments.fetch_endpoint,
        ("DELETE", f"{endpoints}/<sid>"): assignments.delete_endpoint,
        ("GET", evaluations): assignments.list_evaluations,
        ("POST", evaluations): assignments.create_evaluation,
        ("GET", f"{evaluations}/<sid>"): assignments.fetch_evaluation,
    }
