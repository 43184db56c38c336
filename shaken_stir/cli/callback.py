"""`shaken-stir callback`: a status callback as Twilio sends it, for development."""

import os

from shaken_stir.cli.prose import complain
from shaken_stir.deployed import webhook
from shaken_stir.deployed.served import CALLBACK_URL, find_served
from shaken_stir.deployed.stack import StackError
from shaken_stir.deployed.webhook import Target, UnansweredError
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


def send(status: str, *, trust_product_sid: str | None, url: str | None, auth_token_variable: str | None) -> int:
    """Send a callback and print the answer.

    Args:
        status: What it says has become of the product.
        trust_product_sid: The product (`BU…`), None for that of `make serve`.
        url: The webhook, None for that of `make serve`.
        auth_token_variable: The environment variable with the Auth Token that signs it. None: that of `make serve` for
            a webhook on this machine, else TWILIO_AUTH_TOKEN.

    Returns:
        The exit code.
    """
    try:
        target = _target(trust_product_sid, url, auth_token_variable)
        answer = webhook.send_callback(target, status)
    except UnansweredError as error:
        elsewhere = None if url else served_elsewhere()
        found = (
            f"{target.url} does not answer, since `make serve` has its webhook on another port: add --url {elsewhere}"
        )
        complain("callback", found if elsewhere else error)
        return 2
    except StackError as error:
        complain("callback", error)
        return 2
    print(f"{webhook.phrase(answer)}: {MEANINGS.get(answer, 'not an answer of the webhook')}.")
    return 0 if answer in range(200, 300) else 1


def served_elsewhere() -> str | None:
    """Return where `make serve` has its webhook, None if AWS is not served at the usual port."""
    try:
        return find_served().outputs.get(CALLBACK_URL)
    except StackError:
        return None


def _target(trust_product_sid: str | None, url: str | None, variable: str | None) -> Target:
    """Return the webhook of `make serve`, its product and its Auth Token, except for what is named."""
    served = served_webhook()
    if url and not webhook.is_here(url):
        variable = variable or SIGNED_WITH
        if not trust_product_sid:
            raise StackError("Say which Trust Product the callback is about: --trust-product BU...")
    token = os.environ.get(variable, "") if variable else served.auth_token
    if not token:
        raise StackError(f"The variable {variable} holds no Auth Token: set it, or name another with --auth-token-env.")
    return Target(url or served.url, token, trust_product_sid or served.trust_product_sid)
