"""Import all that is deployed, use what imports more when it is used, and print the files of all modules as JSON."""

import json
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module
from pathlib import Path
from threading import Thread

PROJECT = Path(__file__).parents[2]
FUNCTIONS = PROJECT / "functions"
AC, BU, PN = (prefix + 32 * "0" for prefix in ("AC", "BU", "PN"))


class NothingThere(BaseHTTPRequestHandler):
    """Twilio, for an account that has nothing."""

    def do_GET(self) -> None:
        found = "Page=" in self.path or "PageSize=" in self.path
        self.send_response(HTTPStatus.OK if found else HTTPStatus.NOT_FOUND)
        self.end_headers()
        nothing = {"meta": {"key": "results"}, "results": []} if found else {"code": 20404}
        self.wfile.write(json.dumps(nothing).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def import_everything() -> None:
    for module in sorted(FUNCTIONS.rglob("*.py")):
        import_module(".".join(module.relative_to(FUNCTIONS).with_suffix("").parts))


def use_twilio() -> None:
    from twilio.request_validator import RequestValidator  # noqa: PLC0415 - after the product's own imports

    from onboarding.twilio.trust_hub import of_account  # noqa: PLC0415

    server = HTTPServer(("127.0.0.1", 0), NothingThere)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    hub = of_account(AC, "token", base_url=address)
    assert hub.business_profile(BU) is None
    assert hub.trust_product(BU) is None
    assert hub.on_trust_product(BU).find([PN]) == {}
    assert hub.phone_number(AC, PN) is None
    assert not RequestValidator("token").validate(address, {}, "signature")


def use_the_rest() -> None:
    import phonenumbers  # noqa: PLC0415 - after the product's own imports

    from onboarding.observability import logger  # noqa: PLC0415

    for number in ("+14155550100", "+442079460000", "+61491570156"):
        assert phonenumbers.region_code_for_number(phonenumbers.parse(number))
    try:
        int("nothing")
    except ValueError:
        logger().exception("an error's trace is formatted by modules of its own")


if __name__ == "__main__":
    import_everything()
    use_twilio()
    use_the_rest()
    sys.stdout.write(json.dumps([file for it in sys.modules.values() if (file := getattr(it, "__file__", None))]))
