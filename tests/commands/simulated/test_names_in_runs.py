"""Whatever a subaccount is called, `shaken-stir run` shows its name as text."""

from pathlib import Path

import pytest

from tests.commands.hostile import FILE, NAMES, none_is_raw, obeyed, shown_as_text
from tests.commands.simulated.running import SOON, shaken_stir
from tests.commands.terminal import in_terminal


def test_a_small_terminal_ends_with_a_row_for_each_name_the_totals_the_bar_and_the_trust_product(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = in_terminal(monkeypatch, "run", "--fleet", str(FILE), *SOON, columns=160, rows=20)

    assert seen.code == 0
    shown_as_text(seen.text)
    none_is_raw(seen.raw)
    last_picture = seen.text[seen.text.rindex("Status") : seen.text.rindex("SUCCEEDED")].splitlines()
    assert sum(" done" in line for line in last_picture) == len(NAMES)
    assert [line for line in last_picture if line.startswith("In all")]
    assert f"{len(NAMES)} of {len(NAMES)} subaccounts" in "\n".join(last_picture)
    assert "Trust Product: twilio-approved" in "\n".join(last_picture)


def test_a_name_in_an_error_is_visible_too(tmp_path: Path) -> None:
    fleet = tmp_path / "\x1b[2J\n.json"

    done = shaken_stir("run", "--fleet", str(fleet))

    assert done.code == 2
    assert "\\x1b[2J\\n.json" in done.err
    assert done.err.count("\n") == 1
    assert obeyed(done.err) == set()
