"""trusthub.twilio.com: Customer Profiles or Trust Products themselves."""

from functools import partial
from urllib.parse import urlsplit

from simulator import policies, rules, views
from simulator.errors import BAD_PARAMETER, STATUS_WITH_PROPERTIES, bad_request
from simulator.messages import Request, Response
from simulator.paging import list_of_v1, page_of
from simulator.records import Bundle, BundleKind, now
from simulator.reviews import Reviews
from simulator.sids import new_sid
from simulator.state import State


class BundlesApi:
    """Answers requests to ``/v1/CustomerProfiles`` or ``/v1/TrustProducts``."""

    def __init__(self, kind: BundleKind, state: State, reviews: Reviews) -> None:
        self._kind = kind
        self._state = state
        self._reviews = reviews

    def list(self, request: Request) -> Response:
        """The bundles, filtered."""
        status, name, policy = (request.query.get(key) for key in ("Status", "FriendlyName", "PolicySid"))
        found = [
            bundle
            for bundle in self._state.bundles(self._kind)
            if status in (None, bundle.status)
            and name in (None, bundle.friendly_name)
            and policy in (None, bundle.policy_sid)
        ]
        view = partial(views.bundle, account_sid=self._state.account_sid, base_url=request.base_url)
        return Response(200, list_of_v1(page_of(self._state.lag.listed(found), request), request.base_url, view))

    def create(self, request: Request) -> Response:
        """A new bundle, a draft."""
        name, email = request.required("FriendlyName"), request.required("Email")
        policy = request.required_sid("PolicySid")
        if policy not in policies.FRIENDLY_NAMES:
            raise bad_request(BAD_PARAMETER, f"Invalid PolicySid: there is no policy {policy}")
        bundle = Bundle(
            kind=self._kind,
            sid=new_sid("BU"),
            policy_sid=policy,
            friendly_name=name,
            email=email,
            status_callback=_status_callback(request),
        )
        self._state.bundles(self._kind).add(bundle)
        self._state.lag.hold_back(bundle)
        return self._response(201, bundle, request)

    def fetch(self, request: Request, bundle_sid: str) -> Response:
        """One bundle."""
        return self._response(200, self._bundle(request, bundle_sid), request)

    def update(self, request: Request, bundle_sid: str) -> Response:
        """Changes a bundle's properties, or submits it, with or without the callback."""
        bundle = self._bundle(request, bundle_sid)
        name, email, status = (request.form.get(key) for key in ("FriendlyName", "Email", "Status"))
        callback = _status_callback(request)
        if name is not None or email is not None:
            if status is not None:
                reason = "Bundle status and properties cannot be updated in the same request"
                raise bad_request(STATUS_WITH_PROPERTIES, reason)
            rules.require_editable(bundle)
        submitted = status is not None and rules.require_transition(self._state, bundle, status)
        bundle.friendly_name = name or bundle.friendly_name
        bundle.email = email or bundle.email
        bundle.status_callback = callback or bundle.status_callback
        bundle.updated = now()
        if submitted:
            self._reviews.submit(bundle)
        return self._response(200, bundle, request)

    def delete(self, request: Request, bundle_sid: str) -> Response:
        """Removes a bundle that Twilio is neither reviewing nor has approved."""
        rules.require_editable(self._bundle(request, bundle_sid))
        self._state.bundles(self._kind).remove(bundle_sid)
        return Response(204)

    def _bundle(self, request: Request, bundle_sid: str) -> Bundle:
        bundle = self._state.bundles(self._kind).get(bundle_sid)
        if bundle is None:
            raise request.not_found()
        return bundle

    def _response(self, status: int, bundle: Bundle, request: Request) -> Response:
        return Response(status, views.bundle(bundle, self._state.account_sid, request.base_url))


def _status_callback(request: Request) -> str | None:
    url = request.form.get("StatusCallback")
    if url is not None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise bad_request(BAD_PARAMETER, f"Invalid StatusCallback: {url}")
    return url
