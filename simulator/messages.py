"""A request and its answer, as the rest of the simulator sees them: without sockets."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from simulator.errors import BAD_PARAMETER, bad_request, not_found
from simulator.sids import is_sid


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request; ``base_url`` is the address by which the client reached the simulator."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    authorization: str = ""
    base_url: str = "http://localhost"
    body: str = ""
    content_type: str = ""

    def required(self, name: str) -> str:
        """The form parameter, which must be there."""
        try:
            return self.form[name]
        except KeyError:
            raise bad_request(BAD_PARAMETER, f"Missing required parameter {name} in the post body") from None

    def required_sid(self, name: str) -> str:
        """The form parameter, which must be there and be a SID."""
        value = self.required(name)
        if not is_sid(value):
            raise bad_request(BAD_PARAMETER, f"Invalid {name}: {value} is not a valid SID")
        return value

    def not_found(self) -> Exception:
        """HTTP 404 for what this request asked for."""
        return not_found(self.path)


type Cut = Literal["reset", "truncated"]


@dataclass(frozen=True, slots=True)
class Response:
    """The answer; without a body there is nothing to say but the status.

    ``page`` is said instead of the body, as HTML; ``retry_after`` are the seconds of that header; ``cut`` is how the
    connection ends before the client has the whole answer; ``request_id`` is its Twilio-Request-Id.
    """

    status: int
    body: Any = None
    page: str = ""
    retry_after: int | None = None
    cut: Cut | None = None
    request_id: str = ""

    def cut_off(self, cut: Cut) -> "Response":
        """This answer, which the client does not get to its end."""
        return replace(self, cut=cut)
