"""`docs/commands.md` and its schemas are what the commands declare and print."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from shaken_stir.cli.exit_codes import CUT_SHORT
from shaken_stir.cli.main import execute
from shaken_stir.project import ROOT
from shaken_stir.status.csv_file import COLUMNS
from tests.docs.markdown import sections
from tools.command_reference import DOCUMENT, FOLDER, FORMS, MODELS, commands, files, schema_of

COMMANDS = commands()


def rows(section: str) -> list[list[str]]:
    lines = [line for line in sections(DOCUMENT)[section].splitlines() if line.startswith("| ")]
    return [line.strip("| ").split(" | ") for line in lines[1:]]


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Every part of a schema that lists keys."""
    if isinstance(schema, dict):
        if "properties" in schema:
            yield schema
        for part in schema.values():
            yield from objects(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from objects(part)


def test_the_page_and_the_schemas_are_current() -> None:
    published = {path: path.read_text(encoding="utf-8") for path in (DOCUMENT, *FOLDER.iterdir())}

    assert published == files(), "run `make docs`"


def test_the_page_has_each_declared_exit_code_and_no_other() -> None:
    declared = {(name, code) for name, command in COMMANDS.items() for code in command.exit_codes}
    of_every_command = {code for name, code, _ in rows("Exit codes") if name == "every command"}

    listed = {(name.strip("`"), int(code)) for name, code, _ in rows("Exit codes") if code not in of_every_command}

    assert {int(code) for code in of_every_command} == set(CUT_SHORT)
    assert listed | {(name, code) for name in COMMANDS for code in CUT_SHORT} == declared
    assert all(meaning for _, _, meaning in rows("Exit codes"))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_option_ends_with_a_declared_exit_code(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = execute([command, "--no-such-option"])

    assert code == 2
    assert code in COMMANDS[command].exit_codes
    assert "No such option '--no-such-option'" in capsys.readouterr().err


def test_each_form_is_a_command_line_with_json() -> None:
    for form in FORMS:
        name, *options = shlex.split(form.typed)
        assert COMMANDS[name].make_context(name, options).params["as_json"], form


def test_each_command_with_json_has_a_form_and_each_schema_too() -> None:
    with_json = {name for name, command in COMMANDS.items() if any(it.name == "as_json" for it in command.params)}

    assert {form.typed.split()[0] for form in FORMS} == with_json
    assert {form.schema for form in FORMS} == set(MODELS)


def test_each_schema_validates_output_in_a_test_of_its_command() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests/commands").rglob("*.py"))

    assert set(re.findall(r'\bparsed\([^"\n]*"(\w+)"\)', tests)) == set(MODELS)


@pytest.mark.parametrize("name", MODELS)
def test_a_schema_is_valid_and_allows_no_other_keys(name: str) -> None:
    schema = schema_of(MODELS[name])

    jsonschema.Draft202012Validator.check_schema(schema)
    assert list(objects(schema))
    assert all(it["additionalProperties"] is False for it in objects(schema))


def test_only_what_options_ask_for_may_be_missing() -> None:
    optional = {
        (name, key)
        for name, model in MODELS.items()
        for it in objects(schema_of(model))
        for key in it["properties"].keys() - it.get("required", [])
    }

    assert optional == {("status", "numbers"), ("status", "changes")}


def test_each_csv_column_is_described_in_the_order_of_the_file() -> None:
    described = [(column.strip("`"), meaning) for column, meaning in rows("Columns of `status --csv`")]

    assert tuple(column for column, _ in described) == COLUMNS
    assert all(meaning for _, meaning in described)
