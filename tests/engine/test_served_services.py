"""Which of moto's backends are reached over HTTP: by whatever way moto chooses one, only those that are served."""

from typing import Any

import pytest
from moto import backends

from shaken_stir.engine import server
from shaken_stir.engine.server import BACKENDS, create_served_backend, refuse_all, refused_service

HEADER = "AWS4-HMAC-SHA256 Credential=any/{date}/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0a"


@pytest.mark.parametrize("service", sorted({*backends.list_of_moto_modules(), "moto_api"} - BACKENDS))
def test_no_other_backend_is_created(monkeypatch: pytest.MonkeyPatch, service: str) -> None:
    monkeypatch.setattr(server, "create_backend_app", pytest.fail)

    assert create_served_backend(service) is refuse_all


def test_all_that_are_served_exist_at_moto() -> None:
    assert set(backends.list_of_moto_modules()) >= BACKENDS


def asked(authorization: str) -> str | None:
    environ: dict[str, Any] = {"PATH_INFO": "/", "HTTP_AUTHORIZATION": authorization}
    return refused_service(environ)


@pytest.mark.parametrize("service", ["dynamodb", "events", "s3", "secretsmanager", "states"])
def test_a_request_that_is_signed_for_a_service_is_answered(service: str) -> None:
    assert asked(HEADER.format(date="20260101", service=service)) is None


@pytest.mark.parametrize(
    "authorization",
    [
        HEADER.format(date="20260101", service="lambda"),
        HEADER.format(date="x", service="lambda") + ", Credential=any/20260101/us-east-1/dynamodb/aws4_request",
        HEADER.format(date="20260101", service="dynamodb") + ", Credential=any/20260101/us-east-1/lambda/aws4_request",
        HEADER.format(date="x", service="dynamodb"),
        "Basic YTpi",
        "",
    ],
)
def test_a_header_that_can_be_read_in_two_ways_is_refused(authorization: str) -> None:
    assert asked(authorization) == server.NOT_SERVED
