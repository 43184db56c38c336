"""A Trust Hub without sockets: requests go straight to the simulator's app."""

import base64
import time
from typing import Any

from simulator.app import App
from simulator.controls import Controls
from simulator.fleet import Fleet, NumberEntry, Product, Profile, ReviewPlan, Subaccount
from simulator.messages import Request
from simulator.policies import SHAKEN_STIR
from simulator.reviews import Reviews
from simulator.sids import numbered_sid
from simulator.state import State

PARENT = Fleet().parent
PROFILE = numbered_sid("BU", 1)
FRANCHISE = numbered_sid("BU", 2)
SUBACCOUNT = numbered_sid("AC", 1)
NUMBERS = [numbered_sid("PN", n) for n in range(1, 6)]
REFUSED = numbered_sid("PN", 99)

LONG_REVIEW = ReviewPlan(seconds=3600)


def fleet(
    *, profile_status: str = "twilio-approved", products: list[Product] | None = None, review: ReviewPlan = LONG_REVIEW
) -> Fleet:
    """A fleet with one subaccount, five good numbers and a refused one."""
    numbers = [NumberEntry(sid=sid) for sid in NUMBERS]
    refusal = {"code": 22205, "message": "No longer yours"}
    return Fleet.model_validate(
        {
            "profiles": [
                {"sid": PROFILE, "status": profile_status, "numbers": NUMBERS[:1]},
                Profile(sid=FRANCHISE, primary=False),
            ],
            "products": products or [],
            "subaccounts": [Subaccount(sid=SUBACCOUNT, numbers=[*numbers, NumberEntry(sid=REFUSED, refuse=refusal)])],
            "review": review,
        }
    )


class TrustHub:
    """Asks an app, as the parent account unless told otherwise."""

    def __init__(self, of: Fleet) -> None:
        self.state = State(of)
        self.reviews = Reviews(self.state, of.review)
        self.controls = Controls(self.state, self.reviews)
        self.app = App(self.state, self.reviews, self.controls)

    def ask(
        self,
        method: str,
        path: str,
        *,
        credentials: str = f"{PARENT.sid}:{PARENT.auth_token}",
        query: dict[str, str] | None = None,
        form: dict[str, str] | None = None,
    ) -> tuple[int, Any]:
        """The status and the JSON of the answer."""
        authorization = "Basic " + base64.b64encode(credentials.encode()).decode()
        request = Request(method, path, query or {}, form or {}, authorization, "http://simulator.test")
        response = self.app.answer(request)
        return response.status, response.body

    def get(self, path: str, **query: str) -> tuple[int, Any]:
        return self.ask("GET", path, query=query)

    def post(self, path: str, **form: str) -> tuple[int, Any]:
        return self.ask("POST", path, form=form)

    def delete(self, path: str) -> tuple[int, Any]:
        return self.ask("DELETE", path)

    def made(self, path: str, **form: str) -> Any:
        """The JSON of what was created."""
        status, body = self.post(path, **form)
        assert status == 201, body
        return body

    def control(
        self,
        path: str,
        body: str = "",
        *,
        content_type: str = "application/x-www-form-urlencoded",
        method: str = "POST",
    ) -> tuple[int, Any]:
        """The status and the JSON of a control's answer; nobody is authenticated."""
        response = self.app.answer(Request(method, f"/_simulator{path}", body=body, content_type=content_type))
        return response.status, response.body

    def new_product(self, *, connected: bool = True) -> str:
        """The path of a new Trust Product."""
        product = self.made("/v1/TrustProducts", FriendlyName="Ours", Email="us@example.com", PolicySid=SHAKEN_STIR)
        path = f"/v1/TrustProducts/{product['sid']}"
        if connected:
            self.made(f"{path}/EntityAssignments", ObjectSid=PROFILE)
        return path

    def assign(self, bundle_path: str, number_sid: str) -> tuple[int, Any]:
        """Assign a phone number to a profile or product."""
        form = {"ChannelEndpointType": "phone-number", "ChannelEndpointSid": number_sid}
        return self.post(f"{bundle_path}/ChannelEndpointAssignments", **form)

    def wait_for(self, path: str, status: str) -> Any:
        """The bundle, once it has the status."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            bundle = self.get(path)[1]
            if bundle["status"] == status:
                return bundle
            time.sleep(0.005)
        raise AssertionError(f"still {bundle['status']}")
