"""Invokes handlers as a container does: with nothing of their stack but the environment's variables.

Reads `{module: event}` from stdin; the last line of stdout is `{module: result}`.
"""

import importlib
import json
import sys
from typing import Any

from shaken_stir.engine.functions import LambdaContext


def main() -> None:
    results: dict[str, Any] = {}
    for module, event in json.load(sys.stdin).items():
        context = LambdaContext(module, f"arn:aws:lambda:us-east-1:123456789012:function:{module}", "256", 30)
        results[module] = importlib.import_module(module).handler(event, context)
    sys.stdout.write(json.dumps(results) + "\n")


if __name__ == "__main__":
    main()
