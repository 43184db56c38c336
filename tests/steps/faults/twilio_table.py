"""What goes wrong at Twilio, with which operation, and how a run is to end then.

An end is the name of the error with which the run ends, or one of those below. There are three for each fault: of one
that befalls the operation once, three times, and each time.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from simulator.fleet import Parent
from tests.steps.whole_run import WAITS

SIGNED = "signed"
"""All numbers that were asked for are signed; what failed was tried again, or is worth no run."""
REFUSED = "numbers refused"
"""The run ends well; some numbers are recorded as refused, and signed by a request that names them."""
LEFT_OUT = "a number left out"
"""The run ends well; one of the numbers that the request names is left out, with the reason."""

type Ends = tuple[str, str, str]

TIMES = {"once": 1, "three times": 3, "each time": 0}

THROTTLED: Ends = (SIGNED, SIGNED, "TwilioThrottled")
UNAVAILABLE: Ends = (SIGNED, SIGNED, "TwilioUnavailable")
NO_CREDENTIALS: Ends = ("CredentialsRefused",) * 3
FOR_GOOD: Ends = ("TwilioRefused",) * 3
NO_MATTER: Ends = (SIGNED,) * 3


class Failing(NamedTuple):
    """A fault, as the simulator is told of it, and how it ends where a run cannot do without the operation.

    Attributes:
        fault: None for a connection that is refused: that is no answer of the simulator.
        ends: For once, three times, each time.
    """

    fault: dict[str, Any] | None
    ends: Ends


PAGE = "<html><body><h1>Service Unavailable</h1></body></html>"
ELSEWHERE = "Phone number is already mapped to a trust_product_sid: BU99999999999999999999999999999999"
FAULTS = {
    "HTTP 429": Failing({"status": 429, "code": 20429}, THROTTLED),
    "HTTP 429 with Retry-After": Failing({"status": 429, "code": 20429, "retry_after": 1}, THROTTLED),
    "HTTP 500": Failing({"status": 500}, UNAVAILABLE),
    "HTTP 503 with a page of HTML": Failing({"status": 503, "html": PAGE}, UNAVAILABLE),
    "connection refused": Failing(None, UNAVAILABLE),
    "no answer after the work": Failing({"kind": "reset", "carried_out": True}, UNAVAILABLE),
    "connection reset before the work": Failing({"kind": "reset"}, UNAVAILABLE),
    "truncated JSON": Failing({"kind": "truncated"}, UNAVAILABLE),
    "a page of HTML with HTTP 200": Failing({"kind": "shape", "html": PAGE}, UNAVAILABLE),
    "an answer without its fields": Failing(
        {
            "kind": "shape",
            "body": {"results": [{}], "accounts": [{}], "incoming_phone_numbers": 7},
            "carried_out": True,
        },
        UNAVAILABLE,
    ),
    "HTTP 401": Failing({"status": 401, "code": 20003, "message": "Authenticate"}, NO_CREDENTIALS),
    "HTTP 404": Failing({"status": 404, "code": 20404, "message": "The requested resource was not found"}, FOR_GOOD),
    "HTTP 409": Failing({"status": 409, "code": 20409, "message": "Phone number is already assigned"}, FOR_GOOD),
    "HTTP 409 that names a bundle": Failing({"status": 409, "code": 20409, "message": ELSEWHERE}, FOR_GOOD),
}

DONE_ALL_THE_SAME = dict.fromkeys(
    ("no answer after the work", "truncated JSON", "an answer without its fields"), NO_MATTER
)
"""Each try looks first, and finds what the last one has done."""
CONFLICTS = ("HTTP 409", "HTTP 409 that names a bundle")
GONE_WHILE_AWAITED: Ends = (SIGNED, SIGNED, "TrustProductRejected")
"""Each step requests a product again that is not there, so three 404 in a row are those of two steps."""


@dataclass(frozen=True)
class Operation:
    """A request to Twilio at one place of a run.

    Attributes:
        asked: Its method and path.
        way: The request that uses it, see `tests.steps.faults.ways`.
        within: What fails with it: the run, a subaccount, the wait for a review, or nothing that a run is for.
        mentioning: Only requests with this text in the query or in the form.
        after: How many of these go well first.
        one_number_a_page: Whether lists of numbers have pages of one.
        otherwise: The ends of the faults that end otherwise here, and why not as `Failing` has them.
    """

    asked: str
    way: str = "first"
    within: str = "run"
    mentioning: str = ""
    after: int = 0
    one_number_a_page: bool = False
    otherwise: dict[str, Ends] = field(default_factory=dict)

    def ends(self, fault: str) -> Ends:
        """How a run is to end with this fault."""
        if fault in self.otherwise:
            return self.otherwise[fault]
        ends = FAULTS[fault].ends
        if self.within == "nothing":
            return NO_MATTER
        if self.within == "review" and ends in (THROTTLED, UNAVAILABLE):
            return (SIGNED, SIGNED, WAITS)
        return ends


def all_faults(ends: Ends) -> dict[str, Ends]:
    """Let every fault end so."""
    return dict.fromkeys(FAULTS, ends)


PROFILES, PRODUCTS = "/v1/CustomerProfiles", "/v1/TrustProducts"
ACCOUNTS = "/2010-04-01/Accounts"
NUMBERS_OF_PARENT = f"GET {ACCOUNTS}/{Parent().sid}/IncomingPhoneNumbers.json"
LOOK = "PN"
"""A look names the numbers; the audit reads all assignments."""

OPERATIONS = {
    "list the Business Profiles": Operation(f"GET {PROFILES}"),
    "fetch the Business Profile": Operation(
        f"GET {PROFILES}/{{Sid}}", "named", otherwise={"HTTP 404": ("BusinessProfileNotFound",) * 3}
    ),
    "list the subaccounts": Operation(f"GET {ACCOUNTS}.json"),
    "fetch a subaccount": Operation(
        f"GET {ACCOUNTS}/{{Sid}}.json", "named", otherwise={"HTTP 404": ("InvalidRequest",) * 3}
    ),
    "fetch a phone number that is named": Operation(
        f"GET {ACCOUNTS}/{{Sid}}/IncomingPhoneNumbers/{{Sid}}.json",
        "named",
        otherwise={"HTTP 404": (LEFT_OUT, "InvalidRequest", "InvalidRequest")},
    ),
    "list the Trust Products": Operation(f"GET {PRODUCTS}"),
    "fetch the Trust Product that is named": Operation(
        f"GET {PRODUCTS}/{{Sid}}", "named", otherwise={"HTTP 404": ("InvalidRequest",) * 3}
    ),
    "create a Trust Product": Operation(f"POST {PRODUCTS}", otherwise=DONE_ALL_THE_SAME),
    "look for the connection": Operation(f"GET {PRODUCTS}/{{Sid}}/EntityAssignments"),
    "connect the Business Profile": Operation(
        f"POST {PRODUCTS}/{{Sid}}/EntityAssignments", otherwise=DONE_ALL_THE_SAME
    ),
    "evaluate the Trust Product": Operation(f"POST {PRODUCTS}/{{Sid}}/Evaluations"),
    "look at the Trust Product before it is submitted": Operation(
        # Twilio answers 404 for a product that is submitted next: then Twilio decides.
        f"GET {PRODUCTS}/{{Sid}}",
        otherwise={"HTTP 404": GONE_WHILE_AWAITED},
    ),
    "submit the Trust Product": Operation(f"POST {PRODUCTS}/{{Sid}}", otherwise=DONE_ALL_THE_SAME),
    "read all assignments of the profile": Operation(f"GET {PROFILES}/{{Sid}}/ChannelEndpointAssignments"),
    "read all assignments of the product": Operation(f"GET {PRODUCTS}/{{Sid}}/ChannelEndpointAssignments"),
    "list a subaccount's numbers": Operation(
        f"GET {ACCOUNTS}/{{Sid}}/IncomingPhoneNumbers.json",
        within="subaccount",
        otherwise={"HTTP 404": ("SubaccountNotReadable",) * 3},
    ),
    "list the second page of a subaccount's numbers": Operation(
        f"GET {ACCOUNTS}/{{Sid}}/IncomingPhoneNumbers.json", within="subaccount", after=1, one_number_a_page=True
    ),
    "look for numbers on the profile": Operation(
        f"GET {PROFILES}/{{Sid}}/ChannelEndpointAssignments", within="subaccount", mentioning=LOOK
    ),
    "look for numbers on the product": Operation(
        f"GET {PRODUCTS}/{{Sid}}/ChannelEndpointAssignments", within="subaccount", mentioning=LOOK
    ),
    "assign a number to the profile": Operation(
        f"POST {PROFILES}/{{Sid}}/ChannelEndpointAssignments",
        within="subaccount",
        otherwise=DONE_ALL_THE_SAME | dict.fromkeys(CONFLICTS, (REFUSED,) * 3),
    ),
    "assign a number to the product": Operation(
        # The product's refusals are tried once more: it may not see yet that the number is on the profile.
        f"POST {PRODUCTS}/{{Sid}}/ChannelEndpointAssignments",
        within="subaccount",
        otherwise=DONE_ALL_THE_SAME | dict.fromkeys(CONFLICTS, (SIGNED, REFUSED, REFUSED)),
    ),
    "list the parent's numbers, to find orphans": Operation(NUMBERS_OF_PARENT, "orphans", within="nothing"),
    "take an orphan off the product": Operation(
        f"DELETE {PRODUCTS}/{{Sid}}/ChannelEndpointAssignments/{{Sid}}",
        "orphans",
        within="nothing",
        otherwise={"HTTP 401": NO_CREDENTIALS},
    ),
    "take an orphan off the profile": Operation(
        f"DELETE {PROFILES}/{{Sid}}/ChannelEndpointAssignments/{{Sid}}",
        "orphans",
        within="nothing",
        otherwise={"HTTP 401": NO_CREDENTIALS},
    ),
    "ask for the verdict": Operation(
        f"GET {PRODUCTS}/{{Sid}}", within="review", after=1, otherwise={"HTTP 404": GONE_WHILE_AWAITED}
    ),
    "read why the product was rejected": Operation(
        f"GET {PRODUCTS}/{{Sid}}/Evaluations", "rejected", otherwise=all_faults(("TrustProductRejected",) * 3)
    ),
}
