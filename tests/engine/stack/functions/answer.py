import base64
import json
import os
from typing import Any
from urllib.parse import parse_qsl

import shared  # type: ignore[import-not-found]


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Wakes whoever asked the question, or tells what the request looked like."""
    body = event.get("body", "")
    form = dict(parse_qsl(base64.b64decode(body).decode() if event["isBase64Encoded"] else body))
    if form.get("fail"):
        raise RuntimeError(form["fail"])
    question = event.get("queryStringParameters", {}).get("question")
    if question is None:
        return event
    key = {"pk": {"S": question}}
    found = shared.client("dynamodb").get_item(TableName=os.environ["TABLE_NAME"], Key=key).get("Item")
    if found:
        shared.client("stepfunctions").send_task_success(taskToken=found["token"]["S"], output=json.dumps(form))
    return {"statusCode": 204, "headers": {"X-Woken": str(bool(found)).lower()}}
