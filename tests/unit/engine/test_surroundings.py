"""What the process looks like while the local AWS is in it."""

from typing import Any
from unittest.mock import patch

import boto3
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
