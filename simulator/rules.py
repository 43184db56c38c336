"""Trust Hub's rules: what is compliant, what may change when, and which numbers a bundle accepts."""

from typing import Any, get_args

from simulator.errors import (
    BAD_PARAMETER,
    BAD_STATUS,
    CONFLICT,
    INVALID_OBJECT,
    INVALID_OBJECT_TYPE,
    ApiError,
    bad_request,
)
from simulator.fleet import BundleStatus
from simulator.policies import ADDRESS_TYPE, BUSINESS_INFORMATION_TYPE, profile_types, requirements
from simulator.records import CUSTOMER_PROFILE, Bundle, Evaluation
from simulator.sids import new_sid
from simulator.state import State, profile_type

STATUSES: tuple[str, ...] = get_args(BundleStatus.__value__)

# An end user or a document that the simulator does not know: that one was assigned is enough.
_OBJECT_TYPES = {"IT": BUSINESS_INFORMATION_TYPE, "RD": ADDRESS_TYPE}
_MISSING_OBJECT, _INVALID_FIELD = 22214, 22215


def evaluate(state: State, bundle: Bundle) -> list[dict[str, Any]]:
    """What the bundle's policy asks for, one result per requirement, each passed or not and why."""
    needs = requirements(bundle.policy_sid)
    objects = [*needs["end_user"], *(document for group in needs["supporting_document"] for document in group)]
    results = []
    for need in objects:
        object_type = need["type"] if need["type"] != "document" else need["requirement_name"]
        present = any(entity.object_type == object_type for entity in bundle.entities)
        results.append(_result(need, object_type, _MISSING_OBJECT if not present else None))
    for need in needs["supporting_customer_profiles"]:
        accepted = profile_types(bundle.policy_sid, need["type"])
        profiles = [p for p in state.connected_profiles(bundle) if profile_type(p) in accepted]
        if not profiles:
            results.append(_result(need, need["type"], _MISSING_OBJECT))
        elif any(profile.status == "twilio-approved" for profile in profiles):
            results.append(_result(need, need["type"], None))
        else:
            results.append(_result(need, need["type"], _INVALID_FIELD))
    return results


def failed_evaluation(bundle: Bundle, reason: str) -> Evaluation:
    """An evaluation of a bundle that finds one thing wrong with its first requirement."""
    needs = requirements(bundle.policy_sid)
    need = [*needs["end_user"], *needs["supporting_customer_profiles"]][0]
    result = _result(need, need["type"], _INVALID_FIELD)
    result["failure_reason"] = result["invalid"][0]["failure_reason"] = reason
    return Evaluation(sid=new_sid("EL"), policy_sid=bundle.policy_sid, status="noncompliant", results=[result])


def is_compliant(results: list[dict[str, Any]]) -> bool:
    """Whether every requirement was met."""
    return all(result["passed"] for result in results)


def _result(need: dict[str, Any], object_type: str, error_code: int | None) -> dict[str, Any]:
    name = need["name"]
    reasons = {
        _MISSING_OBJECT: f"A {name} is missing. Please add one to the bundle.",
        _INVALID_FIELD: f"The {name} is not approved.",
    }
    reason = reasons[error_code] if error_code else None
    field = {
        "friendly_name": "Status" if error_code == _INVALID_FIELD else name,
        "object_field": "status" if error_code == _INVALID_FIELD else object_type,
        "failure_reason": reason,
        "error_code": error_code,
    }
    return {
        "friendly_name": name,
        "object_type": object_type,
        "passed": error_code is None,
        "failure_reason": reason,
        "error_code": error_code,
        "valid": [field | {"passed": True}] if error_code is None else [],
        "invalid": [field] if error_code else [],
        "requirement_friendly_name": name,
        "requirement_name": need["requirement_name"],
    }


def require_transition(state: State, bundle: Bundle, status: str) -> bool:
    """Refuse a status that a customer cannot set; tell whether the bundle is submitted by it."""
    if status not in STATUSES:
        raise bad_request(BAD_STATUS, f"Unable to parse bundle status {status}")
    if status == bundle.status == "draft":
        return False
    if status != "pending-review" or bundle.status not in ("draft", "twilio-rejected"):
        raise bad_request(BAD_STATUS, f"{bundle.kind.title} status cannot change from {bundle.status} to {status}")
    failed = [result["failure_reason"] for result in evaluate(state, bundle) if not result["passed"]]
    if failed:
        raise bad_request(BAD_STATUS, f"{bundle.kind.title} {bundle.sid} is noncompliant: {' '.join(failed)}")
    return True


def require_editable(bundle: Bundle) -> None:
    """Refuse changes to what Twilio is reviewing or has approved; numbers and the callback are no such change."""
    if bundle.status not in ("draft", "twilio-rejected"):
        raise bad_request(BAD_STATUS, f"{bundle.kind.title} {bundle.sid} cannot be changed while {bundle.status}")


def object_type_of(state: State, object_sid: str) -> str:
    """The machine name of what is assigned; refuses what cannot support a bundle."""
    profile = state.customer_profiles.get(object_sid)
    if profile is not None:
        return profile_type(profile)
    if end_user := state.end_users.get(object_sid):
        return end_user.type
    prefix = object_sid[:2]
    if prefix == "BU" and object_sid not in state.trust_products:
        raise bad_request(INVALID_OBJECT, f"Attempting to assign invalid object_sid {object_sid} to Bundle")
    if prefix not in _OBJECT_TYPES:
        raise bad_request(INVALID_OBJECT_TYPE, f"Attempting to add invalid object type {object_sid} to bundle")
    return _OBJECT_TYPES[prefix]


def require_number_accepted(state: State, bundle: Bundle, endpoint_type: str, number_sid: str) -> None:
    """Refuse a number that does not exist, that Twilio refuses, that is not on the connected profile, or is taken.

    A number is on one Trust Product per policy.
    """
    if endpoint_type != "phone-number":
        raise bad_request(BAD_PARAMETER, f"Invalid ChannelEndpointType: {endpoint_type}")
    number = state.numbers.get(number_sid)
    if number is None:
        raise bad_request(INVALID_OBJECT, f"Channel endpoint {number_sid} does not exist or belongs to another account")
    if bundle.kind is CUSTOMER_PROFILE:
        if number.refuse is not None:
            raise bad_request(number.refuse.code, number.refuse.message)
        return
    profiles = state.connected_profiles(bundle)
    if not any(number_sid in profile.endpoints.by_number for profile in profiles):
        raise bad_request(
            INVALID_OBJECT,
            f"Channel endpoint {number_sid} is not assigned to all the required supporting customer profiles",
        )
    for other in state.trust_products:
        if other is not bundle and other.policy_sid == bundle.policy_sid and number_sid in other.endpoints.by_number:
            message = f"Channel endpoint {number_sid} is already mapped to a trust_product_sid: {other.sid}"
            raise ApiError(409, CONFLICT, message)


def require_endpoint_removable(state: State, bundle: Bundle, number_sid: str) -> None:
    """Refuse to take a number off a profile while a product that the profile supports still has it."""
    if bundle.kind is not CUSTOMER_PROFILE or len(bundle.endpoints.by_number[number_sid]) > 1:
        return
    for product in state.supported_products(bundle):
        if number_sid in product.endpoints.by_number:
            raise bad_request(
                INVALID_OBJECT, f"Channel endpoint {number_sid} is still assigned to {product.sid}, which requires it"
            )
