"""While a command reads, nothing but GETs leaves the process, whoever sends it."""

import asyncio
import contextlib
import http.client
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable

import aiohttp
import boto3
import pytest
import requests
import urllib3
from botocore.config import Config
from botocore.exceptions import HTTPClientError
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from shaken_stir.live import account
from shaken_stir.live.read_only import WriteRefused, read_only
from tests.commands.live.conftest import Start
from tests.commands.live.twilio_itself import TwilioItself
from tests.world import PROFILE, phone_number
from tests.world import account as account_sid

PRODUCTS = "https://trusthub.twilio.com/v1/TrustProducts"


def by_the_product(method: str) -> None:
    hub = account.trust_hub(account.credentials(os.environ))
    if method == "POST":
        hub.create_trust_product("Acme", "trust@acme.example")
    else:
        hub.on_business_profile(PROFILE).delete("RA" + "1" * 32)


def by_the_twilio_library(method: str) -> None:
    client = Client(http_client=TwilioHttpClient())
    profiles = client.trusthub.v1.customer_profiles
    if method == "POST":
        profiles(PROFILE).customer_profiles_channel_endpoint_assignment.create("phone-number", phone_number(1, 0))
    else:
        profiles(PROFILE).delete()


def by_requests(method: str) -> None:
    requests.request(method, PRODUCTS, data={"FriendlyName": "Acme"}, timeout=5)


def by_urllib3(method: str) -> None:
    pool = urllib3.PoolManager(ca_certs=os.environ["REQUESTS_CA_BUNDLE"])
    pool.request(method, PRODUCTS, fields={"FriendlyName": "Acme"})


def by_http_client(method: str) -> None:
    context = ssl.create_default_context(cafile=os.environ["REQUESTS_CA_BUNDLE"])
    connection = http.client.HTTPSConnection("trusthub.twilio.com", context=context, timeout=5)
    connection.request(method, "/v1/TrustProducts", body="FriendlyName=Acme")
    connection.getresponse()


def by_urllib(method: str) -> None:
    context = ssl.create_default_context(cafile=os.environ["REQUESTS_CA_BUNDLE"])
    request = urllib.request.Request(PRODUCTS, data=b"FriendlyName=Acme", method=method)
    urllib.request.urlopen(request, context=context, timeout=5)  # noqa: S310 - https


CLIENTS: list[Callable[[str], None]] = [
    by_the_product,
    by_the_twilio_library,
    by_requests,
    by_urllib3,
    by_http_client,
    by_urllib,
]


@pytest.fixture
def simulated(twilio: Start, monkeypatch: pytest.MonkeyPatch) -> TwilioItself:
    simulated = twilio()
    simulated.known_here(monkeypatch)
    return simulated


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize("send", CLIENTS, ids=lambda it: it.__name__)
def test_nothing_but_a_get_leaves(simulated: TwilioItself, send: Callable[[str], None], method: str) -> None:
    with read_only(), pytest.raises(WriteRefused, match=f"{method} /v1/.* to trusthub.twilio.com was not sent"):
        send(method)

    assert simulated.sent == []


@pytest.mark.parametrize("send", CLIENTS, ids=lambda it: it.__name__)
def test_without_the_guard_the_same_request_arrives(simulated: TwilioItself, send: Callable[[str], None]) -> None:
    # Without credentials it is refused, but it was sent.
    with contextlib.suppress(urllib.error.HTTPError):
        send("POST")

    assert [sent.method for sent in simulated.sent] == ["POST"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "HEAD", "OPTIONS", "post", "get"])
def test_any_other_method_is_refused(simulated: TwilioItself, method: str) -> None:
    with read_only(), pytest.raises(WriteRefused):
        by_http_client(method)

    assert simulated.sent == []


def test_a_get_passes(simulated: TwilioItself) -> None:
    with read_only():
        found = account.trust_hub(account.credentials(os.environ)).subaccounts()

    assert [it.sid for it in found] == [account_sid(1), account_sid(2)]
    assert {(sent.method, sent.host) for sent in simulated.sent} == {("GET", "api.twilio.com")}


def test_aws_cannot_be_changed_either(simulated: TwilioItself) -> None:
    client = boto3.client(
        "dynamodb",
        endpoint_url=simulated.simulator.url,
        region_name="us-east-1",
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",
        config=Config(retries={"total_max_attempts": 1}),
    )

    with read_only(), pytest.raises(HTTPClientError, match="was not sent"):
        client.delete_table(TableName="progress")

    assert simulated.simulator.calls == {}


def test_an_asynchronous_client_gets_no_connection(simulated: TwilioItself) -> None:
    async def send() -> None:
        context = ssl.create_default_context(cafile=os.environ["REQUESTS_CA_BUNDLE"])
        async with aiohttp.ClientSession() as session, session.post(PRODUCTS, ssl=context):
            pass

    with read_only(), pytest.raises(WriteRefused, match="asynchronous"):
        asyncio.run(send())

    assert simulated.sent == []
    asyncio.run(send())
    assert [sent.method for sent in simulated.sent] == ["POST"]


def test_the_guard_ends_with_its_block(simulated: TwilioItself) -> None:
    with read_only():
        pass

    by_the_product("POST")

    assert simulated.sent[-1].method == "POST"
