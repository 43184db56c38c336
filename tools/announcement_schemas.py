"""The JSON Schemas of what the product announces, for those who listen: one file per detail type.

`make docs` writes them anew.
"""

import json
from pathlib import Path
from typing import Final

from onboarding.announcements import ANNOUNCEMENTS

FOLDER: Final = Path(__file__).parent.parent / "docs/announcements"


def file_of(detail_type: str) -> Path:
    """Where the schema of an event's detail lies, by the detail type: `Trust Product Approved`."""
    return FOLDER / f"{detail_type.lower().replace(' ', '_')}.schema.json"


def schemas() -> dict[Path, str]:
    """The schema of each announcement, by its file."""
    return {
        file_of(it.detail_type): json.dumps(it.model_json_schema(mode="serialization"), indent=2) + "\n"
        for it in ANNOUNCEMENTS
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.iterdir():
        path.unlink()
    for path, schema in schemas().items():
        path.write_text(schema, encoding="utf-8")
