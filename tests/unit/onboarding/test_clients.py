"""No client of AWS waits longer for an answer than the functions run."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from onboarding import clients, credentials, process


@pytest.fixture(autouse=True)
def _fresh_clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "any")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    process.forget()
    yield
    process.forget()


@pytest.mark.parametrize(
    "client",
    [
        clients.dynamodb,
        clients.s3,
        clients.step_functions,
        clients.event_bridge,
        lambda: credentials.secrets().client,
    ],
    ids=["dynamodb", "s3", "stepfunctions", "events", "secretsmanager"],
)
def test_a_client_gives_up_on_an_answer_in_seconds(client: Callable[[], Any]) -> None:
    config = client().meta.config

    assert (config.connect_timeout, config.read_timeout) == (3, 5)
