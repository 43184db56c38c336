"""What `sam local` is given is in step with the template, with the steps and with what `make serve` keeps up."""

import importlib
import inspect
import json
import os
import re
import subprocess
import tomllib
from base64 import b64decode
from typing import Any, get_type_hints
from urllib.parse import urlsplit

import boto3
import jsonschema
import pytest

from onboarding.twilio import callback
from shaken_stir.defaults import AWS_PORT, TWILIO_PORT, WEBHOOK_PORT
from shaken_stir.engine.intrinsics import REGION
from shaken_stir.engine.template import Function, Template
from shaken_stir.project import ROOT, TEMPLATE, load_event
from shaken_stir.simulated.serve import EVENTS, SERVED_FLEET
from simulator.addresses import THIS_MACHINE
from simulator.fleet import load_fleet
from simulator.fleet_schema import SCHEMA_FILE

REQUESTS = {"onboarding.json", "onboarding_requested.json", "number_purchased.json", "whole_fleet.json"}
SERVED = Template(TEMPLATE, {"PublicBaseUrl": f"http://{THIS_MACHINE}:{WEBHOOK_PORT}"})
FUNCTIONS = sorted(function.module for function in SERVED.functions.values())
ENVIRONMENT: dict[str, str] = load_event(EVENTS / "local.env.json")["Parameters"]
HOST_OF_CONTAINERS = "host.docker.internal"
SID = re.compile(r"\b[A-Z]{2}[0-9a-f]{32}\b")

every_function = pytest.mark.parametrize("function", FUNCTIONS)
every_step = pytest.mark.parametrize("function", [it for it in FUNCTIONS if it != "status_callback"])


def event_of(function: str) -> dict[str, Any]:
    return load_event(EVENTS / f"{function}.json")


def test_every_function_has_an_event_and_every_event_a_function() -> None:
    others = REQUESTS | {"local.env.json"}

    assert {path.name for path in EVENTS.iterdir()} - others == {f"{function}.json" for function in FUNCTIONS}


@every_step
def test_a_step_s_event_is_what_its_state_hands_to_it(function: str) -> None:
    takes = get_type_hints(inspect.unwrap(importlib.import_module(function).handler))["event"]

    takes.model_validate(event_of(function))
    assert set(event_of(function)) == set(takes.model_fields)


def test_the_events_are_the_steps_of_one_run() -> None:
    assert len({event_of(it)["execution"] for it in FUNCTIONS if it != "status_callback"}) == 1


@every_function
def test_an_event_names_only_what_is_served(function: str) -> None:
    named = set(SID.findall((EVENTS / f"{function}.json").read_text(encoding="utf-8")))

    assert named <= set(SID.findall(SERVED_FLEET.read_text(encoding="utf-8")))


def test_the_served_fleet_is_of_the_schema() -> None:
    jsonschema.validate(load_event(SERVED_FLEET), json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))


def test_the_callback_is_signed_with_the_served_fleet_s_token() -> None:
    webhook = importlib.import_module("status_callback")
    request = webhook.HttpRequest.model_validate(event_of("status_callback"))
    form = callback.read_form(request.content)
    url = webhook.url_that_twilio_called(request, ENVIRONMENT["PUBLIC_BASE_URL"])
    parent = load_fleet(SERVED_FLEET).parent

    assert callback.is_signed(url, form, request.headers["x-twilio-signature"], [parent.auth_token])
    assert form.last["AccountSid"] == parent.sid
    assert f"?trust_product_sid={form.last['BundleSid']}" in url


def test_the_callback_arrives_by_the_template_s_route() -> None:
    event = event_of("status_callback")

    assert event["routeKey"] in {f"{it.method} {it.path}" for it in SERVED.routes}
    assert f"{ENVIRONMENT['PUBLIC_BASE_URL']}{event['rawPath']}" == ENVIRONMENT["CALLBACK_URL"]


def test_the_functions_are_given_the_template_s_variables_and_no_others() -> None:
    assert set(ENVIRONMENT) == set(SERVED.environment())
    assert all(isinstance(value, str) for value in ENVIRONMENT.values())


def test_what_does_not_name_a_place_is_as_the_template_has_it() -> None:
    places = {"AWS_ENDPOINT_URL", "TWILIO_BASE_URL", "TABLE_NAME", "MANIFEST_BUCKET", "TWILIO_SECRET_ARN"}
    differs = {name for name, value in SERVED.environment().items() if ENVIRONMENT[name] != value}

    # A step that was tried by hand must not keep its subaccount from executions for a quarter of an hour.
    assert differs == places | {"LEASE_SECONDS"}


@pytest.mark.parametrize(("name", "port"), [("AWS_ENDPOINT_URL", AWS_PORT), ("TWILIO_BASE_URL", TWILIO_PORT)])
def test_containers_find_what_is_served_on_its_port(name: str, port: int) -> None:
    assert ENVIRONMENT[name] == f"http://{HOST_OF_CONTAINERS}:{port}"


def test_the_manifest_is_the_one_of_the_run() -> None:
    manifest = event_of("summarise_subaccounts")["manifest"]
    listed = event_of("list_subaccounts")

    assert manifest == {
        "bucket": ENVIRONMENT["MANIFEST_BUCKET"],
        "key": f"manifests/{listed['execution']}.json",
        "count": len(listed["subaccounts"]),
    }


@pytest.mark.parametrize("command", ["local_invoke", "local_start_api"])
def test_sam_tells_containers_where_this_machine_is(command: str) -> None:
    settings = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))["default"][command]["parameters"]

    assert settings == {"region": REGION, "add_host": [f"{HOST_OF_CONTAINERS}:host-gateway"]}


def test_on_aws_the_empty_endpoint_is_aws_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", SERVED.environment()["AWS_ENDPOINT_URL"])
    monkeypatch.delenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", raising=False)

    url = boto3.client("dynamodb", REGION, aws_access_key_id="any", aws_secret_access_key="any").meta.endpoint_url

    assert urlsplit(url).netloc == f"dynamodb.{REGION}.amazonaws.com"


@pytest.mark.parametrize("function", SERVED.functions.values(), ids=lambda function: function.module)
def test_make_invokes_a_function_with_its_event(function: Function) -> None:
    name = function.logical_id.removesuffix("Function")
    environment = {key: value for key, value in os.environ.items() if key not in {"MAKEFLAGS", "MAKELEVEL"}}

    told = subprocess.run(  # make is on the path of whoever runs the tests
        ["make", "-n", "invoke", f"FN={name}"],  # noqa: S607
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert f"sam local invoke {name}Function" in told
    assert f"--event events/{function.module}.json --env-vars events/local.env.json" in told


def test_the_readme_posts_the_signed_callback() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    event = event_of("status_callback")
    posted = "&".join(re.findall(r"-d '([^']+)'", readme.partition("## sam local")[2].partition("\n## ")[0]))

    assert f"X-Twilio-Signature: {event['headers']['x-twilio-signature']}'" in readme
    assert posted == b64decode(event["body"]).decode()
    assert f"{event['rawPath']}?{event['rawQueryString']}'" in readme


def test_the_webhook_reads_headers_in_any_case() -> None:
    event = event_of("status_callback")
    capitalised = {name.title(): value for name, value in event["headers"].items()}

    request = importlib.import_module("status_callback").HttpRequest.model_validate(event | {"headers": capitalised})

    assert request.headers == event["headers"]


def test_the_webhook_reads_a_request_without_a_body() -> None:
    request = importlib.import_module("status_callback").HttpRequest

    assert request.model_validate(event_of("status_callback") | {"body": None}).content == b""
