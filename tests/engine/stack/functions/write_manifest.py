import json
import os
from typing import Any

import shared  # type: ignore[import-not-found]


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    items = [{"key": key, "fails": fails} for key, fails in event["items"].items()]
    shared.client("s3").put_object(Bucket=os.environ["BUCKET"], Key="manifest.json", Body=json.dumps(items))
    return {"bucket": os.environ["BUCKET"], "key": "manifest.json"}
