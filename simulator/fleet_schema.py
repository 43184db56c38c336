"""The JSON Schema of the fleet file, for editors: `make docs` writes it anew."""

import json
from pathlib import Path

from simulator.fleet import Fleet

SCHEMA_FILE = Path(__file__).parent / "fleets" / "fleet.schema.json"


def fleet_schema() -> str:
    """The JSON Schema of the fleet file, as text."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Fleet.model_json_schema()}
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.write_text(fleet_schema(), encoding="utf-8")
