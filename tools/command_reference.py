"""`docs/commands.md` and the JSON Schemas in `docs/schemas/`: exit codes, `--json` and `--csv` of every command.

`make docs` writes them.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, override

import click
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from shaken_stir.cli.command import NAME, Command
from shaken_stir.cli.exit_codes import CUT_SHORT
from shaken_stir.cli.group import COMMANDS, shaken_stir
from shaken_stir.cli.scenario_list import ListedScenario
from shaken_stir.cli.status import StatusReport
from shaken_stir.deployed.checkup import Checkup
from shaken_stir.live.diagnosis import Diagnosis
from shaken_stir.live.plan import Plan
from shaken_stir.project import ROOT
from shaken_stir.report import LiveReport, Report
from shaken_stir.status.check import Compared
from shaken_stir.status.csv_file import MEANINGS

DOCUMENT: Final = ROOT / "docs/commands.md"
FOLDER: Final = ROOT / "docs/schemas"
MODELS: Final[Mapping[str, type]] = {
    "run": Report,
    "scenario": ListedScenario,
    "live_run": LiveReport,
    "plan": Plan,
    "diagnosis": Diagnosis,
    "checkup": Checkup,
    "status": StatusReport,
    "comparison": Compared,
}
"""The model of each schema, by the schema's name."""


class Form(NamedTuple):
    """A command line that prints JSON, what it prints, and the name of the schema."""

    typed: str
    prints: str
    schema: str


FORMS: Final = (
    Form("run --json", "an object for each run", "run"),
    Form("run --scenario NAME --json", "an object for each run of the scenario", "run"),
    Form("run --list --json", "an object for each scenario", "scenario"),
    Form("run --live --json", "the run", "live_run"),
    Form("run --live --json", "the plan, if something is in the way and the run does not start", "plan"),
    Form("run --live --dry-run --json", "the plan", "plan"),
    Form("doctor --json", "the diagnosis of the account", "diagnosis"),
    Form("doctor --stack NAME --json", "the findings and the last runs of the stack", "checkup"),
    Form("status --json", "the fleet; `numbers` if options select any; `changes` with `--since`", "status"),
    Form("status --watch --json", "the same, an object after each change", "status"),
    Form("status --check --json", "the differences between the table and Twilio", "comparison"),
)

OPTION: Final = re.compile(r"--[\w-]+")
INTRODUCTION: Final = (
    "This page lists the exit codes of each command, the JSON Schema of each `--json` form, and the columns of "
    "`status --csv`."
)
AFTER_EXIT_CODES: Final = (
    "`--help` and `--version` end with 0. A command ends with 2 if it cannot write its output (full disk)."
)
BEFORE_JSON: Final = (
    "Each object is one line on standard output. Messages for people go to standard error. "
    "A schema allows no other keys, so a new key changes the schema."
)
BEFORE_CSV: Final = (
    "The first row has the names of the columns. Times are ISO 8601 in UTC, and an unknown value is empty. "
    "A cell that a spreadsheet would read as a formula begins with an apostrophe."
)


class PrintedSchema(GenerateJsonSchema):
    """JSON Schema of printed JSON: every key is required, unless a condition excludes it, and there are no others."""

    @override
    def field_is_required(
        self, field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField, total: bool
    ) -> bool:
        return field.get("serialization_exclude_if") is None

    @override
    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    @override
    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        return super().model_schema(schema) | {"additionalProperties": False}

    @override
    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        return super().dataclass_schema(schema) | {"additionalProperties": False}

    @override
    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        return super().typed_dict_schema(schema) | {"additionalProperties": False}


def file_of(schema: str) -> Path:
    """Return the file of a schema, by the schema's name."""
    return FOLDER / f"{schema}.schema.json"


def schema_of(model: type) -> dict[str, Any]:
    """Return the JSON Schema of the objects that a command prints from a model."""
    return TypeAdapter(model).json_schema(mode="serialization", schema_generator=PrintedSchema)


def commands() -> dict[str, Command]:
    """Return every command by its name.

    Raises:
        TypeError: A command does not declare its exit codes.
    """
    context = click.Context(shaken_stir, info_name=NAME)
    found = {}
    for name in COMMANDS:
        command = shaken_stir.get_command(context, name)
        if not isinstance(command, Command):
            raise TypeError(f"{name} declares no exit codes.")
        found[name] = command
    return found


def document() -> str:
    """Return the text of the page."""
    sections = (
        ("Commands", INTRODUCTION),
        ("Exit codes", table(("command", "exit code", "meaning"), exit_codes()), AFTER_EXIT_CODES),
        ("JSON", BEFORE_JSON, table(("command", "prints", "schema"), json_forms())),
        ("Columns of `status --csv`", BEFORE_CSV, table(("column", "meaning"), csv_columns())),
    )
    parts = [(f"{'#' if not index else '##'} {heading}", *texts) for index, (heading, *texts) in enumerate(sections)]
    return "\n\n".join(part for section in parts for part in section) + "\n"


def exit_codes() -> Iterator[tuple[str, ...]]:
    """Yield the rows of the exit codes: those of one command, then those that every command has."""
    for name, command in commands().items():
        for code, meaning in command.exit_codes.items():
            if code not in CUT_SHORT:
                yield f"`{name}`", str(code), OPTION.sub(r"`\g<0>`", meaning)
    for code, meaning in CUT_SHORT.items():
        yield "every command", str(code), meaning


def json_forms() -> Iterator[tuple[str, ...]]:
    """Yield the rows of the command lines that print JSON."""
    for form in FORMS:
        path = file_of(form.schema)
        yield f"`{form.typed}`", form.prints, f"[{path.name}]({path.relative_to(DOCUMENT.parent)})"


def csv_columns() -> Iterator[tuple[str, ...]]:
    """Yield the rows of the columns of `status --csv`."""
    for column, meaning in MEANINGS.items():
        yield f"`{column}`", meaning


def table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [f"| {' | '.join(cells)} |" for cells in (heads, *rows)]
    return "\n".join((lines[0], "|---" * len(heads) + "|", *lines[1:]))


def files() -> dict[Path, str]:
    """Return the text of each generated file."""
    schemas = {file_of(name): json.dumps(schema_of(model), indent=2) + "\n" for name, model in MODELS.items()}
    return {DOCUMENT: document(), **schemas}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.iterdir():
        path.unlink()
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
