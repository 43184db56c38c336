"""A command whose standard output takes nothing but ASCII, as with PYTHONIOENCODING=ascii."""

import io
import sys

import pytest

from shaken_stir.cli import main


def run_in_ascii(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str]:
    """Run `shaken-stir` in this process; gives its exit code and what it printed."""
    output = io.BytesIO()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "argv", ["shaken-stir", *arguments])
        patched.setattr(sys, "stdout", io.TextIOWrapper(output, encoding="ascii", write_through=True))
        with pytest.raises(SystemExit) as end:
            main.main()
        return int(end.value.code or 0), output.getvalue().decode("ascii")
