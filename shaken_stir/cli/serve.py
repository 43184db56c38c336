"""`shaken-stir serve`: AWS, Twilio and the webhook on fixed ports, for `sam local` and any SDK."""

import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack, redirect_stdout, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from shaken_stir.cli.log import open_log
from shaken_stir.cli.output import OutputLostError
from shaken_stir.cli.prose import complain, say
from shaken_stir.defaults import SERVED
from shaken_stir.deployed.webhook import phrase
from shaken_stir.engine.intrinsics import REGION, TemplateError
from shaken_stir.engine.server import AwsServer
from shaken_stir.engine.webhook import PortInUse
from shaken_stir.news import ExecutionEnded, ExecutionStarted, InvocationFailed, News, WebhookAnswered
from shaken_stir.simulated.place import SimulatedPlace
from shaken_stir.simulated.serve import SERVED_FLEET, prepare, publish_webhook
from shaken_stir.words import clock
from simulator import simulator
from simulator.addresses import EVERYWHERE, THIS_MACHINE, Address
from simulator.fleet import FleetError, load_fleet
from simulator.refusals import RequestRefused

PORT_OPTIONS = {"AWS": "--aws-port", "Twilio": "--twilio-port", "the webhook": "--webhook-port"}
WORDS = """\
AWS      {aws}  (DynamoDB, S3, Secrets Manager, Step Functions, ...; region {region}, any credentials)
Twilio   {twilio}  (both hosts; Account SID {account_sid}, Auth Token {auth_token})
Webhook  {webhook}/status-callback
{reach}

Next, in another terminal:
  .venv/bin/shaken-stir request --served{served}  sends a request and follows it
  .venv/bin/shaken-stir page --served{served}  shows the fleet in a browser
  make invoke FN=AssignToTrustProduct     {events}
  AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local \\
  aws stepfunctions start-execution --endpoint-url {aws} --region {region} \\
    --state-machine-arn {machine} \\
    --input file://events/onboarding.json
Ctrl-C stops everything. Until then, each event is a line."""


class Listening(NamedTuple):
    """Where AWS, Twilio and the webhook listen, all on one host."""

    aws: Address
    twilio: Address
    webhook: Address


def serve(
    where: Listening, *, fleet: str | None, time_scale: float, log: Path | None, on_start: Callable[[], object]
) -> int:
    """Serve until Ctrl-C.

    Args:
        where: Where to listen.
        fleet: What exists at Twilio, None for the fleet that the events of `events/` are made for.
        time_scale: By what every wait within executions is multiplied.
        log: Where the functions' log is kept, None for nowhere.
        on_start: Called once all are up, before anything is printed.

    Returns:
        The exit code.
    """
    out = sys.stdout
    fleet = fleet or str(SERVED_FLEET)
    try:
        with ExitStack() as stack:
            stack.callback(on_start)
            at_twilio = load_fleet(fleet)
            stack.enter_context(redirect_stdout(stack.enter_context(open_log(log))))
            local = stack.enter_context(
                SimulatedPlace(at_twilio, time_scale, twilio=where.twilio, webhook=where.webhook)
            )
            aws = stack.enter_context(AwsServer(where.aws))
            publish_webhook(local.engine)
            fits_the_events = fleet == str(SERVED_FLEET)
            if fits_the_events:
                prepare(local.engine)
            said = words(local, aws.url, where.aws.host, fits_the_events=fits_the_events)
            # Before it is said where all is, so that nothing goes untold of whoever comes at once.
            local.tell = Listener(Console(file=out, highlight=False)).tell
            on_start()
            print(said, file=out, flush=True)
            threading.Event().wait()
    except (FleetError, TemplateError, OSError) as error:
        complain("serve", _in_use(error) or error)
    return 2


def _in_use(error: Exception) -> str | None:
    """Return a sentence that names the option for another port, None if the error is not of a port in use."""
    if isinstance(error, simulator.PortInUse):
        purpose, port = "Twilio", error.port
    elif isinstance(error, PortInUse):
        purpose, port = error.purpose, error.port
    else:
        return None
    return f"Port {port} is in use; choose another for {purpose} with {PORT_OPTIONS[purpose]} N (0: any free port)."


class Listener:
    """Tells what happens, a line each with its time, whichever thread it comes from."""

    def __init__(self, out: Console) -> None:
        self._out = out
        self._one_at_a_time = threading.Lock()

    def tell(self, news: News) -> None:
        """Print the news, or do nothing: what is told of goes on even if nobody reads it any more."""
        with self._one_at_a_time, suppress(OSError, OutputLostError):
            say(self._out, sentence(news), lead=f"{clock(datetime.now(UTC))}  ")


def sentence(news: News) -> str:
    """Put one thing that happened into a sentence."""
    match news:
        case ExecutionStarted():
            return f"Execution {news.execution} started"
        case ExecutionEnded():
            why = f": {news.error}: {news.cause or 'no cause was given'}" if news.error else ""
            return f"Execution {news.execution} {news.status}{why}"
        case InvocationFailed():
            return f"{news.function} failed: {news.error}: {news.message}"
        case WebhookAnswered():
            says = f" ({news.says})" if news.says else ""
            return f"Webhook {news.method} {news.target}{says}: {phrase(news.answer)}"
        case RequestRefused():
            return f"Twilio {news.method} {news.path}: {phrase(news.answer)}: {news.message}"


def reach(host: str) -> str:
    """Say who reaches what listens on an address."""
    if host == THIS_MACHINE:
        return "Only programs on this machine reach them. For containers on Linux, start it with --host docker."
    if host == EVERYWHERE:
        return "Every machine of your network reaches them, and reads the simulated secrets: for development only."
    return f"They listen on {host}: whatever reaches that address reads the simulated secrets."


def words(local: SimulatedPlace, aws_url: str, host: str, *, fits_the_events: bool) -> str:
    """Say where everything is, and what to do next.

    Args:
        local: What is served.
        aws_url: Where AWS is reached.
        host: The address that all listen on.
        fits_the_events: Whether the fleet is the one that the events of `events/` are made for.
    """
    return WORDS.format(
        aws=aws_url,
        region=REGION,
        twilio=local.simulator.url,
        account_sid=local.simulator.account_sid,
        auth_token=local.simulator.auth_token,
        webhook=local.engine.public_url,
        machine=local.engine.state_machine_arn,
        served="" if aws_url == SERVED else f" {aws_url}",
        reach=reach(host),
        events="one function as built, in a container (after make build)"
        if fits_the_events
        else "needs the default fleet: the events are made for it",
    )
