"""What the process looks like while the local AWS is in it."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from botocore.config import Config
from botocore.loaders import JSONFileLoader

from shaken_stir.engine import surroundings

WHO: Any = {"region_name": "us-east-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}


def test_what_one_session_has_read_of_a_service_is_there_for_all_others() -> None:
    with surroundings.models_read_once():
        boto3.Session(**WHO).client("sqs")
        with patch.object(JSONFileLoader, "_load_file") as read:
            sqs = boto3.Session(**WHO).client("sqs")

    assert sqs.meta.service_model.operation_model("SendMessage").name == "SendMessage"
    assert read.call_count == 0


def test_a_client_is_made_once_for_each_way_to_ask_for_it_and_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = threading.Lock()
    made: list[str] = []

    def make(service_name: str, **_: Any) -> object:
        with_others = not alone.acquire(blocking=False)
        assert not with_others
        time.sleep(0.02)
        made.append(service_name)
        alone.release()
        return object()

    monkeypatch.setattr(surroundings, "_clients", {})
    monkeypatch.setattr(surroundings, "_session", lambda: SimpleNamespace(client=make))
    services = ["s3", "sqs", "sns"] * 2
    with ThreadPoolExecutor(len(services)) as threads:
        clients = list(threads.map(surroundings.client, services))
    patient = surroundings.client("s3", config=Config(read_timeout=5))

    assert len(set(clients)) == 3
    assert patient not in clients
    assert patient is surroundings.client("s3", config=Config(read_timeout=5))
    assert sorted(made) == ["s3", "s3", "sns", "sqs"]
