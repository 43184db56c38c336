"""`shaken-stir page`: the fleet in a browser, until Ctrl-C."""

import os
import sys
import threading
import webbrowser
from typing import Final

from rich.console import Console

from shaken_stir.cli.prose import complain, say
from shaken_stir.page.watch import Watch
from shaken_stir.status.source import SourceError, Where, find_source

CANNOT_LISTEN: Final = "Port {port} cannot be used ({why}); choose another with --port N (0: any free port)."


def show_page(where: Where, port: int, *, opened: bool, named: str) -> int:
    """Serve the page until Ctrl-C.

    Args:
        where: Which table it shows.
        port: Where it listens, 0 for any port that is free.
        opened: Whether a browser is opened.
        named: The options that name the table, as typed, for a command that the page names.

    Returns:
        The exit code.
    """
    out = Console(file=sys.stdout, highlight=False)
    try:
        source = find_source(where, os.environ)
        watch = Watch(source, f"shaken-stir status{named} --unsigned")
        # It is read while the server and the browser start.
        threading.Thread(target=watch.look, name="first look", daemon=True).start()
        from shaken_stir.page.server import served  # noqa: PLC0415

        with served(watch, port) as address:
            say(out, f"{address} shows the {source.place}, on this machine only. Ctrl-C ends it.")
            if opened and not webbrowser.open(address):
                say(out, "No browser could be opened; open the address yourself.")
            until_ctrl_c()
    except SourceError as error:
        complain("page", error)
    except OSError as error:
        complain("page", CANNOT_LISTEN.format(port=port, why=os.strerror(error.errno or 0)))
    return 2


def until_ctrl_c() -> None:
    """Wait for Ctrl-C."""
    threading.Event().wait()
