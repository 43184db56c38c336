"""The command `shaken-stir`: arguments in, words out."""

import io
import os
import signal
import sys

from shaken_stir.cli.exit_codes import INTERRUPTED


def main() -> None:
    """Carry out the process's arguments and exit with the code."""
    escape_what_cannot_be_printed()
    try:
        code = execute(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has seen enough, as `head` has; nor may Python complain of what is left when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)


def escape_what_cannot_be_printed() -> None:
    """Let standard output take every character: one that its encoding lacks is written as its number.

    Standard error does so by itself.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def execute(arguments: list[str]) -> int:
    """Carry out one command.

    Args:
        arguments: As typed, without the command's own name.

    Returns:
        0 when all went well, 1 when the last run did not succeed, 2 for wrong usage or input, 130 after Ctrl-C.
    """
    try:
        # Imported here, since Ctrl-C may come while it is loaded, too.
        from shaken_stir.cli.group import carry_out  # noqa: PLC0415

        return carry_out(arguments)
    except KeyboardInterrupt:
        # A second Ctrl-C must not turn the clean end into a traceback.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        print("Stopped. Nothing is left behind: run it again at any time.", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    main()
