import json
import os
import uuid
from typing import Any

import shared  # type: ignore[import-not-found]


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    items = [{"key": key, "fails": fails} for key, fails in event["items"].items()]
    # One of its own for each execution: moto closes what it replaces, though somebody may be reading it.
    key = f"{uuid.uuid4()}.json"
    shared.client("s3").put_object(Bucket=os.environ["BUCKET"], Key=key, Body=json.dumps(items))
    return {"bucket": os.environ["BUCKET"], "key": key}
