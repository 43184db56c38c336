"""What there is to see at the simulated Twilio: counted, never assumed."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from simulator.simulator import Simulator

FETCH_PRODUCT: Final = "GET /v1/TrustProducts/{Sid}"
LIST_NUMBERS: Final = "GET /2010-04-01/Accounts/{Sid}/IncomingPhoneNumbers.json"
READ_ASSIGNMENTS: Final = (
    "GET /v1/CustomerProfiles/{Sid}/ChannelEndpointAssignments",
    "GET /v1/TrustProducts/{Sid}/ChannelEndpointAssignments",
)
ASSIGN_TO_PROFILE: Final = "POST /v1/CustomerProfiles/{Sid}/ChannelEndpointAssignments"
ASSIGN_TO_PRODUCT: Final = "POST /v1/TrustProducts/{Sid}/ChannelEndpointAssignments"
UNASSIGN: Final = (
    "DELETE /v1/TrustProducts/{Sid}/ChannelEndpointAssignments/{Sid}",
    "DELETE /v1/CustomerProfiles/{Sid}/ChannelEndpointAssignments/{Sid}",
)


def total(calls: Mapping[str, int], method: str = "") -> int:
    """Count Trust Hub calls: all of them, or those of a method.

    Args:
        calls: How often each route was requested, by method and path.
        method: Such as `POST`.
    """
    return sum(count for call, count in calls.items() if call.startswith(method))


def assignments(simulator: Simulator) -> dict[str, tuple[str, str]]:
    """Every assignment (`RA…`): the profile or product (`BU…`), and the number (`PN…`) that is on it."""
    state = simulator.state
    with state.lock:
        return {
            assignment.sid: (bundle.sid, assignment.number_sid)
            for bundle in (*state.customer_profiles, *state.trust_products)
            for assignment in bundle.endpoints
        }


def signed(simulator: Simulator) -> set[str]:
    """The numbers (`PN…`) that exist, and are on an approved Trust Product and an approved profile connected to it."""
    state = simulator.state
    with state.lock:
        return {
            sid
            for product in state.trust_products
            if product.status == "twilio-approved"
            for sid in product.endpoints.by_number
            if sid in state.numbers
            and any(
                profile.status == "twilio-approved" and sid in profile.endpoints.by_number
                for profile in state.connected_profiles(product)
            )
        }


def assigned_twice(simulator: Simulator) -> set[str]:
    """The numbers (`PN…`) that are more than once on a profile or product."""
    return {sid for (_, sid), times in Counter(assignments(simulator).values()).items() if times > 1}


def orphans(simulator: Simulator) -> set[str]:
    """The numbers (`PN…`) that are on a profile or product, and do not exist any more."""
    return {sid for _, sid in assignments(simulator).values()} - simulator.state.numbers.keys()
