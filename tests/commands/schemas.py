"""The JSON that a command printed, validated against its published schema."""

import json
from typing import Any

import jsonschema

from tools.command_reference import file_of


def parsed(text: str, schema: str) -> Any:
    """Parse an object that a command printed; fail unless it is of the schema in `docs/schemas/`."""
    found = json.loads(text)
    published = json.loads(file_of(schema).read_text(encoding="utf-8"))
    jsonschema.validate(found, published, cls=jsonschema.Draft202012Validator)
    return found
