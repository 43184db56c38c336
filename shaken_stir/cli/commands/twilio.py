"""`shaken-stir twilio`: the Trust Hub simulator alone."""

import click

from shaken_stir.cli.command import WRONG_USAGE, Command
from shaken_stir.cli.options import FLEET, PORT
from shaken_stir.defaults import TWILIO_PORT


@click.command(
    "twilio",
    cls=Command,
    help="Serves the simulated Trust Hub alone, for any of Twilio's client libraries; docs/simulator.md says how "
    "things are made to happen at it.",
    examples=["twilio --fleet 3x10 --port 8010"],
    exit_codes=WRONG_USAGE,
)
@click.option("--fleet", type=FLEET, metavar="FILE|NxM", help="what exists at Twilio (simulator/fleets/small.json)")
@click.option(
    "--port", type=PORT, default=TWILIO_PORT, metavar="N", help=f"where to listen ({TWILIO_PORT}; 0: any free port)"
)
def command(*, fleet: str | None, port: int) -> int:
    """Serve until Ctrl-C; give the exit code."""
    from shaken_stir.cli.twilio import serve_twilio

    return serve_twilio(fleet, port)
