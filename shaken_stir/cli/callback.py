"""`shaken-stir callback`: a status callback as Twilio sends it, for development."""

import argparse
import os

from shaken_stir.cli.prose import complain
from shaken_stir.deployed import webhook
from shaken_stir.deployed.stack import StackError
from shaken_stir.deployed.webhook import Target
from shaken_stir.simulated.serve import served_webhook

SIGNED_WITH = "TWILIO_AUTH_TOKEN"
MEANINGS = {
    204: "taken in; who waits for this Trust Product is woken, and asks Twilio for the status",
    400: "the signature is right, but the URL names no Trust Product: add --trust-product BU...",
    403: "the signature is refused: the webhook's secret holds another Auth Token, or it is reached at another address "
    "than its PublicBaseUrl",
    404: "there is no webhook at this path",
    500: "the webhook failed; its log says why",
}


def command(options: argparse.Namespace) -> int:
    """Send the callback and print the answer; returns the exit code."""
    try:
        answer = webhook.send_callback(_target(options), options.status)
    except StackError as error:
        complain("callback", error)
        return 2
    print(f"{webhook.phrase(answer)}: {MEANINGS.get(answer, 'not an answer of the webhook')}.")
    return 0 if answer in range(200, 300) else 1


def _target(options: argparse.Namespace) -> Target:
    """Take what `make serve` keeps up, but for what the options name."""
    served = served_webhook()
    if options.url and not options.trust_product:
        raise StackError("Say which Trust Product the callback is about: --trust-product BU...")
    token = served.auth_token
    if variable := options.auth_token_env or (options.url and SIGNED_WITH):
        token = os.environ.get(variable, "")
    if not token:
        raise StackError(f"The variable {variable} holds no Auth Token: set it, or name another with --auth-token-env.")
    return Target(options.url or served.url, token, options.trust_product or served.trust_product_sid)
