"""What the command takes unless told otherwise; nothing is loaded for it, since `--help` names it."""

from typing import Final

STACK: Final = "shaken-stir"
TWILIO_PORT: Final = 8010
WEBHOOK_PORT: Final = 8011
AWS_PORT: Final = 8012
SERVED: Final = f"http://127.0.0.1:{AWS_PORT}"
"""Where `make serve` serves AWS."""
