import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from simulator.policies import PRIMARY_BUSINESS_PROFILE, SHAKEN_STIR
from tests.unit.simulator.simulated import NUMBERS, PARENT, PROFILE, SUBACCOUNT, TrustHub

SCHEMAS = json.loads(Path(__file__).with_name("twilio_oai_schemas.json").read_text())
PROFILE_PATH = f"/v1/CustomerProfiles/{PROFILE}"


def check(body: Any, schema: str) -> None:
    Draft202012Validator(SCHEMAS | {"$ref": f"#/$defs/{schema}"}).validate(body)


def test_the_schemas_are_some() -> None:
    Draft202012Validator.check_schema(SCHEMAS)


@pytest.mark.parametrize("account", [PARENT.sid, SUBACCOUNT])
def test_accounts(trust_hub: TrustHub, account: str) -> None:
    body = trust_hub.get(f"/2010-04-01/Accounts/{account}.json")[1]
    check(body, "api.v2010.account")
    assert body["owner_account_sid"] == PARENT.sid
    assert trust_hub.get(body["uri"])[1] == body


def test_phone_numbers(trust_hub: TrustHub) -> None:
    body = trust_hub.get(f"/2010-04-01/Accounts/{SUBACCOUNT}/IncomingPhoneNumbers/{NUMBERS[0]}.json")[1]
    check(body, "api.v2010.account.incoming_phone_number")
    assert trust_hub.get(body["uri"])[1] == body


def test_a_2010_list(trust_hub: TrustHub) -> None:
    check(trust_hub.get("/2010-04-01/Accounts.json", PageSize="1")[1], "v2010.list")


@pytest.mark.parametrize(
    ("collection", "schema"),
    [("/v1/CustomerProfiles", "trusthub.v1.customer_profile"), ("/v1/TrustProducts", "trusthub.v1.trust_product")],
)
def test_bundles_and_what_hangs_on_them(trust_hub: TrustHub, collection: str, schema: str) -> None:
    path = trust_hub.new_product() if "Trust" in collection else PROFILE_PATH
    trust_hub.controls.set_validity(path.rpartition("/")[2], datetime(2027, 3, 1, tzinfo=UTC))
    policy = SHAKEN_STIR if "Trust" in collection else PRIMARY_BUSINESS_PROFILE
    bundle = trust_hub.get(path)[1]
    check(bundle, schema)
    made = {
        "entity_assignment": trust_hub.made(f"{path}/EntityAssignments", ObjectSid=PROFILE)
        if "Trust" in collection
        else None,
        "channel_endpoint_assignment": trust_hub.assign(path, NUMBERS[0])[1],
        "evaluation": trust_hub.made(f"{path}/Evaluations", PolicySid=policy),
    }
    for name, body in made.items():
        if body is not None:
            check(body, f"{schema}.{schema.rpartition('.')[2]}_{name}")
            assert trust_hub.get(body["url"].removeprefix("http://simulator.test"))[1] == body
    for url in bundle["links"].values():
        status, listed = trust_hub.get(url.removeprefix("http://simulator.test"))
        assert status == 200
        check(listed["meta"], "v1.meta")


def test_policies(trust_hub: TrustHub) -> None:
    listed = trust_hub.get("/v1/Policies")[1]["results"]
    assert SHAKEN_STIR in [policy["sid"] for policy in listed]
    for policy in listed:
        check(policy, "trusthub.v1.policies")
        assert trust_hub.get(f"/v1/Policies/{policy['sid']}")[1] == policy
