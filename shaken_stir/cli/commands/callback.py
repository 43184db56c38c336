"""`shaken-stir callback`: a status callback as Twilio sends it, for development."""

from typing import Final

import click

from shaken_stir.cli.command import Command
from shaken_stir.cli.options import ADDRESS, BUNDLE_SID, NAME

STATUSES: Final = ("draft", "pending-review", "in-review", "twilio-rejected", "twilio-approved")
"""The values of `Status`, which takes longer to load than all of this."""


@click.command(
    "callback",
    cls=Command,
    help="Sends a status callback to what `make serve` keeps up, or to another webhook, signed as Twilio signs it, and "
    "says what the answer means.",
    examples=[
        "callback --status twilio-approved",
        f"callback --status twilio-approved --trust-product BU{'0' * 32} --url https://...",
    ],
    exit_codes={
        0: "the webhook accepted the callback",
        1: "the webhook did not accept the callback",
        2: "wrong option, or the webhook did not answer",
    },
)
@click.option("--status", required=True, type=click.Choice(STATUSES), help="what it says has become of the product")
@click.option("--trust-product", type=BUNDLE_SID, metavar="SID", help="which product (that of `make serve`)")
@click.option("--url", type=ADDRESS, metavar="URL", help="another webhook, such as a stack's output CallbackUrl")
@click.option(
    "--auth-token-env",
    type=NAME,
    metavar="VARIABLE",
    help="the environment variable with the Auth Token that signs (TWILIO_AUTH_TOKEN for a webhook elsewhere)",
)
def command(*, status: str, trust_product: str | None, url: str | None, auth_token_env: str | None) -> int:
    """Send the callback and print the answer; give the exit code."""
    from shaken_stir.cli.callback import send

    return send(status, trust_product_sid=trust_product, url=url, auth_token_variable=auth_token_env)
