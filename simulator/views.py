"""The records as Twilio's JSON, field for field as its OpenAPI descriptions have them."""

from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any

from simulator import policies
from simulator.records import (
    Account,
    Bundle,
    EndpointAssignment,
    EndUser,
    EntityAssignment,
    Evaluation,
    PhoneNumber,
    Record,
)

_API = "/2010-04-01/Accounts"
_TOLL_FREE = ("+1800", "+1833", "+1844", "+1855", "+1866", "+1877", "+1888")
_SUBRESOURCES = {
    "addresses": "Addresses",
    "applications": "Applications",
    "authorized_connect_apps": "AuthorizedConnectApps",
    "available_phone_numbers": "AvailablePhoneNumbers",
    "balance": "Balance",
    "calls": "Calls",
    "conferences": "Conferences",
    "connect_apps": "ConnectApps",
    "incoming_phone_numbers": "IncomingPhoneNumbers",
    "keys": "Keys",
    "messages": "Messages",
    "notifications": "Notifications",
    "outgoing_caller_ids": "OutgoingCallerIds",
    "queues": "Queues",
    "recordings": "Recordings",
    "short_codes": "SMS/ShortCodes",
    "signing_keys": "SigningKeys",
    "sip": "SIP",
    "transcriptions": "Transcriptions",
    "usage": "Usage",
}


@lru_cache(maxsize=1024)
def rfc_2822(moment: datetime) -> str:
    """The moment as api.twilio.com writes it."""
    return format_datetime(moment)


@lru_cache(maxsize=1024)
def iso_8601(moment: datetime) -> str:
    """The moment as trusthub.twilio.com writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def account(record: Account) -> dict[str, Any]:
    """An Account."""
    uri = f"{_API}/{record.sid}"
    return {
        "auth_token": record.auth_token,
        "date_created": rfc_2822(record.created),
        "date_updated": rfc_2822(record.created),
        "friendly_name": record.friendly_name,
        "owner_account_sid": record.owner_sid,
        "sid": record.sid,
        "status": record.status,
        "subresource_uris": {name: f"{uri}/{path}.json" for name, path in _SUBRESOURCES.items()},
        "type": "Full",
        "uri": f"{uri}.json",
    }


def phone_number(record: PhoneNumber) -> dict[str, Any]:
    """An IncomingPhoneNumber."""
    created = rfc_2822(record.created)
    return {
        "account_sid": record.account_sid,
        "address_requirements": "none",
        "address_sid": None,
        "api_version": "2010-04-01",
        "beta": False,
        "bundle_sid": None,
        "capabilities": {"voice": record.voice, "sms": True, "mms": True, "fax": False},
        "date_created": created,
        "date_updated": created,
        "emergency_address_sid": None,
        "emergency_address_status": "unregistered",
        "emergency_status": "Inactive",
        "friendly_name": friendly_number(record.phone_number),
        "identity_sid": None,
        "origin": "twilio",
        "phone_number": record.phone_number,
        "sid": record.sid,
        "sms_application_sid": None,
        "sms_fallback_method": "POST",
        "sms_fallback_url": "",
        "sms_method": "POST",
        "sms_url": "",
        "status": "in-use",
        "status_callback": "",
        "status_callback_method": "POST",
        "trunk_sid": None,
        "type": "toll-free" if record.phone_number.startswith(_TOLL_FREE) else "local",
        "uri": f"{_API}/{record.account_sid}/IncomingPhoneNumbers/{record.sid}.json",
        "voice_application_sid": None,
        "voice_caller_id_lookup": False,
        "voice_fallback_method": "POST",
        "voice_fallback_url": "",
        "voice_method": "POST",
        "voice_receive_mode": "voice",
        "voice_url": "",
    }


def friendly_number(phone_number: str) -> str:
    """The number as Twilio names it until somebody gives it another name."""
    if len(phone_number) == len("+15125550100") and phone_number.startswith("+1"):
        return f"({phone_number[2:5]}) {phone_number[5:8]}-{phone_number[8:]}"
    return phone_number


def bundle(record: Bundle, account_sid: str, base_url: str) -> dict[str, Any]:
    """A CustomerProfile or TrustProduct."""
    url = bundle_url(record, base_url)
    return {
        "sid": record.sid,
        "account_sid": account_sid,
        "policy_sid": record.policy_sid,
        "friendly_name": record.friendly_name,
        "status": record.status,
        "email": record.email,
        "status_callback": record.status_callback,
        "valid_until": record.valid_until and iso_8601(record.valid_until),
        "date_created": iso_8601(record.created),
        "date_updated": iso_8601(record.updated),
        "url": url,
        "links": {
            f"{record.kind.plural}_entity_assignments": f"{url}/EntityAssignments",
            f"{record.kind.plural}_evaluations": f"{url}/Evaluations",
            f"{record.kind.plural}_channel_endpoint_assignment": f"{url}/ChannelEndpointAssignments",
        },
        "errors": [{"code": code} for code in record.errors] or None,
    }


def bundle_url(record: Bundle, base_url: str) -> str:
    """The address of a CustomerProfile or TrustProduct."""
    return f"{base_url}/v1/{record.kind.collection}/{record.sid}"


def entity(record: EntityAssignment, owner: Bundle, account_sid: str, base_url: str) -> dict[str, Any]:
    """An EntityAssignment."""
    return {
        "sid": record.sid,
        f"{owner.kind.singular}_sid": owner.sid,
        "account_sid": account_sid,
        "object_sid": record.object_sid,
        "date_created": iso_8601(record.created),
        "url": f"{bundle_url(owner, base_url)}/EntityAssignments/{record.sid}",
    }


def endpoint(record: EndpointAssignment, owner: Bundle, account_sid: str, base_url: str) -> dict[str, Any]:
    """A ChannelEndpointAssignment."""
    return {
        "sid": record.sid,
        f"{owner.kind.singular}_sid": owner.sid,
        "account_sid": account_sid,
        "channel_endpoint_type": record.endpoint_type,
        "channel_endpoint_sid": record.number_sid,
        "date_created": iso_8601(record.created),
        "url": f"{bundle_url(owner, base_url)}/ChannelEndpointAssignments/{record.sid}",
    }


def evaluation(record: Evaluation, owner: Bundle, account_sid: str, base_url: str) -> dict[str, Any]:
    """An Evaluation."""
    return {
        "sid": record.sid,
        "account_sid": account_sid,
        "policy_sid": record.policy_sid,
        f"{owner.kind.singular}_sid": owner.sid,
        "status": record.status,
        "results": record.results,
        "date_created": iso_8601(record.created),
        "url": f"{bundle_url(owner, base_url)}/Evaluations/{record.sid}",
    }


def end_user(record: EndUser, account_sid: str, base_url: str) -> dict[str, Any]:
    """An EndUser."""
    created = iso_8601(record.created)
    return {
        "sid": record.sid,
        "account_sid": account_sid,
        "friendly_name": record.friendly_name,
        "type": record.type,
        "attributes": record.attributes,
        "date_created": created,
        "date_updated": created,
        "url": f"{base_url}/v1/EndUsers/{record.sid}",
    }


def policy(record: Record, base_url: str) -> dict[str, Any]:
    """A Policy."""
    return {
        "sid": record.sid,
        "friendly_name": policies.FRIENDLY_NAMES[record.sid],
        "requirements": policies.requirements(record.sid),
        "url": f"{base_url}/v1/Policies/{record.sid}",
    }
