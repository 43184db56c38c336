"""`shaken-stir serve`: AWS, Twilio and the webhook kept up for others."""

from pathlib import Path

import click

from shaken_stir.cli.command import WRONG_USAGE, Command
from shaken_stir.cli.notice import STARTING, noticed
from shaken_stir.cli.options import ADDRESS, FILE, FLEET, PORT, TIME_SCALE
from shaken_stir.defaults import AWS_PORT, TWILIO_PORT, WEBHOOK_PORT
from simulator.addresses import THIS_MACHINE, Address


@click.command(
    "serve",
    cls=Command,
    help="Keeps AWS, Twilio and the webhook up on ports of this machine, for `sam local` and any SDK, and tells each "
    "execution, callback, refused request and failed function in a line as it happens.",
    examples=["serve", "serve --fleet 3x10 --host docker --time-scale 0.1"],
    exit_codes=WRONG_USAGE,
)
@click.option("--fleet", type=FLEET, metavar="FILE|NxM", help="what exists at Twilio (simulator/fleets/serve.json)")
@click.option(
    "--host",
    type=ADDRESS,
    default=THIS_MACHINE,
    metavar="ADDRESS",
    help=f"where to listen ({THIS_MACHINE}; docker: where this machine's containers reach it)",
)
@click.option(
    "--twilio-port", type=PORT, default=TWILIO_PORT, metavar="N", help=f"Twilio's port ({TWILIO_PORT}; 0: a free one)"
)
@click.option(
    "--webhook-port",
    type=PORT,
    default=WEBHOOK_PORT,
    metavar="N",
    help=f"the webhook's port ({WEBHOOK_PORT}; 0: a free one)",
)
@click.option("--aws-port", type=PORT, default=AWS_PORT, metavar="N", help=f"AWS's port ({AWS_PORT}; 0: a free one)")
@click.option(
    "--time-scale",
    type=TIME_SCALE,
    default=1.0,
    metavar="F",
    help="multiply every wait within executions by F (1; at most 1000)",
)
@click.option("--log", type=FILE, metavar="FILE", help="keep what the functions in executions log")
def command(
    *,
    fleet: str | None,
    host: str,
    twilio_port: int,
    webhook_port: int,
    aws_port: int,
    time_scale: float,
    log: Path | None,
) -> int:
    """Serve until Ctrl-C; give the exit code."""
    with noticed(STARTING) as on_start:
        from shaken_stir.cli.serve import Listening, serve
        from shaken_stir.simulated.docker import DockerError, address_for_containers

        try:
            host = address_for_containers() if host == "docker" else host
        except DockerError as error:
            raise click.UsageError(str(error)) from None
        where = Listening(
            aws=Address(host, aws_port), twilio=Address(host, twilio_port), webhook=Address(host, webhook_port)
        )
        return serve(where, fleet=fleet, time_scale=time_scale, log=log, on_start=on_start)
