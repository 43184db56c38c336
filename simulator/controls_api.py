"""The controls over HTTP, below ``/_simulator``: no part of Twilio, for development only, without authentication."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from pydantic import ValidationError

from simulator.controls import Controls
from simulator.errors import BAD_PARAMETER, bad_request
from simulator.faults import PlannedFault
from simulator.messages import Request, Response
from simulator.router import Handler, Routes
from simulator.sentences import sentence
from simulator.state import State
from simulator.views import iso_8601

_ROOT = "/_simulator"
_FORM = "application/x-www-form-urlencoded"


def is_control(path: str) -> bool:
    """Whether a request with this path is for the simulator itself, not for Twilio."""
    return path == _ROOT or path.startswith(f"{_ROOT}/")


def control_routes(state: State, controls: Controls) -> Routes:
    """What answers each request for a control."""
    api = ControlsApi(state, controls)
    account, number = f"{_ROOT}/accounts/<account_sid>", f"{_ROOT}/numbers/<number_sid>"
    product = f"{_ROOT}/trust-products/<trust_product_sid>"
    handlers: dict[str, Handler] = {
        f"{account}/numbers": api.buy,
        f"{account}/suspend": api.suspend,
        f"{account}/reactivate": api.reactivate,
        f"{account}/close": api.close,
        f"{number}/release": api.release,
        f"{number}/move": api.move,
        f"{_ROOT}/bundles/<bundle_sid>/numbers/<number_sid>/drop": api.drop_assignment,
        f"{_ROOT}/bundles/<bundle_sid>/validity": api.set_validity,
        f"{product}/decide": api.decide,
        f"{product}/revoke": api.revoke,
        f"{product}/status": api.set_status,
        f"{_ROOT}/callbacks": api.callbacks,
        f"{_ROOT}/lag": api.lag,
        f"{_ROOT}/faults": api.plan_fault,
        f"{_ROOT}/faults/clear": api.clear_faults,
    }
    return {("POST", path): handler for path, handler in handlers.items()}


class ControlsApi:
    """Answers requests below ``/_simulator``; the body's keys are the parameters of the control."""

    def __init__(self, state: State, controls: Controls) -> None:
        self._state = state
        self._controls = controls

    def buy(self, request: Request, account_sid: str) -> Response:
        """Buys a number."""
        return self._number(201, _use(self._controls.buy, request, account_sid))

    def release(self, request: Request, number_sid: str) -> Response:
        """Releases a number."""
        _use(self._controls.release, request, number_sid)
        return Response(204)

    def move(self, request: Request, number_sid: str) -> Response:
        """Moves a number to another account."""
        _use(self._controls.move, request, number_sid)
        return self._number(200, number_sid)

    def drop_assignment(self, request: Request, bundle_sid: str, number_sid: str) -> Response:
        """Take a number off a profile or product."""
        _use(self._controls.drop_assignment, request, bundle_sid, number_sid)
        return Response(204)

    def decide(self, request: Request, trust_product_sid: str) -> Response:
        """Ends a review."""
        _use(self._controls.decide, request, trust_product_sid)
        return self._product(trust_product_sid)

    def revoke(self, request: Request, trust_product_sid: str) -> Response:
        """Rejects an approved product."""
        _use(self._controls.revoke, request, trust_product_sid)
        return self._product(trust_product_sid)

    def set_status(self, request: Request, trust_product_sid: str) -> Response:
        """Give a product any status."""
        _use(self._controls.set_status, request, trust_product_sid)
        return self._product(trust_product_sid)

    def set_validity(self, request: Request, bundle_sid: str) -> Response:
        """Set when the validity of a profile or product ends."""
        _use(self._controls.set_validity, request, bundle_sid)
        bundle = self._state.customer_profiles.get(bundle_sid) or self._state.trust_products[bundle_sid]
        return Response(200, {"sid": bundle_sid, "valid_until": bundle.valid_until and iso_8601(bundle.valid_until)})

    def suspend(self, request: Request, account_sid: str) -> Response:
        """Suspends a subaccount."""
        _use(self._controls.suspend, request, account_sid)
        return self._account(account_sid)

    def reactivate(self, request: Request, account_sid: str) -> Response:
        """Make a suspended subaccount active again."""
        _use(self._controls.reactivate, request, account_sid)
        return self._account(account_sid)

    def close(self, request: Request, account_sid: str) -> Response:
        """Closes a subaccount."""
        _use(self._controls.close, request, account_sid)
        return self._account(account_sid)

    def callbacks(self, request: Request) -> Response:
        """Set how callbacks behave."""
        _use(self._controls.callbacks, request)
        return Response(200, self._state.callback_plan.model_dump())

    def lag(self, request: Request) -> Response:
        """Set by how much lists lag."""
        _use(self._controls.lag, request)
        return Response(200, {"seconds": self._state.lag.seconds})

    def plan_fault(self, request: Request) -> Response:
        """Have requests go wrong."""
        return Response(201, _told(_use(self._controls.plan_fault, request)))

    def clear_faults(self, request: Request) -> Response:
        """Let no request go wrong any more; tells how often each fault has happened."""
        cleared = _use(self._controls.clear_faults, request)
        return Response(200, {"faults": [_told(it) for it in cleared]})

    def _account(self, sid: str) -> Response:
        return Response(200, {"sid": sid, "status": self._state.accounts[sid].status})

    def _number(self, status: int, sid: str) -> Response:
        number = self._state.numbers[sid]
        return Response(status, {key: getattr(number, key) for key in ("sid", "account_sid", "phone_number", "voice")})

    def _product(self, sid: str) -> Response:
        product = self._state.trust_products[sid]
        return Response(200, {"sid": sid, "status": product.status, "errors": product.errors})


def _told(planned: PlannedFault) -> dict[str, Any]:
    return planned.fault.model_dump(exclude_defaults=True) | {"happened": planned.happened}


def _use[R](control: Callable[..., R], request: Request, *sids: str) -> R:
    try:
        return control(*sids, **_parameters(request))
    except ValidationError as error:
        raise bad_request(BAD_PARAMETER, sentence(error.errors()[0])) from None


def _parameters(request: Request) -> dict[str, Any]:
    if request.query:
        raise bad_request(BAD_PARAMETER, "The parameters of a control are in the body, not in the query")
    body = request.body.strip()
    # curl -d says that JSON is a form.
    if request.content_type.startswith(_FORM) and not body.startswith("{"):
        return _form(body)
    try:
        parameters = json.loads(body or "{}")
    except ValueError:
        raise bad_request(BAD_PARAMETER, "The body is neither a form nor JSON") from None
    if not isinstance(parameters, dict):
        raise bad_request(BAD_PARAMETER, "The body is JSON, but not an object")
    return parameters


def _form(body: str) -> dict[str, Any]:
    try:
        given = parse_qs(body, keep_blank_values=True, strict_parsing=bool(body))
    except ValueError:
        raise bad_request(BAD_PARAMETER, "The body is neither a form nor JSON") from None
    return {name: values if len(values) > 1 else values[0] for name, values in given.items()}
