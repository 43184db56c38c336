"""What goes wrong at Twilio, or on the way: which requests it befalls, how often, and what the client sees of it."""

import copy
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from http import HTTPStatus
from http.client import responses
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from simulator.errors import ApiError
from simulator.messages import Request, Response
from simulator.sids import without_sids

type Kind = Literal["error", "ignored", "late", "reset", "shape", "truncated"]
type Answer = Callable[[Request], Response]


class Fault(BaseModel):
    """Some requests go wrong: those of an operation, as often as is said."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    operation: Annotated[
        str,
        Field(
            min_length=1,
            description="Which requests, as `METHOD /path`: with SIDs, with `{Sid}` for any, with `*` for any text.",
        ),
    ] = "*"
    mentioning: Annotated[str, Field(description="Only those with this text in the query or in the form.")] = ""
    kind: Annotated[
        Kind,
        Field(
            description="`error`: the status is answered; `ignored`: HTTP 200 and the resource as it was; `reset`: "
            "the connection is reset, without an answer; `truncated`: Twilio's answer stops in the middle; `late`: it "
            "comes after `seconds`; `shape`: `answered`, `changes`, `missing`, `body` and `html` say how it differs."
        ),
    ] = "error"
    carried_out: Annotated[
        bool, Field(description="Whether Twilio does what was asked before the error or the reset.")
    ] = False
    status: Annotated[int, Field(ge=400, le=599, description="The HTTP status of an error.")] = 503
    code: Annotated[int | None, Field(description="Twilio's code of an error; if left out, 20000 and status.")] = None
    message: Annotated[str, Field(description="Twilio's words for an error; if left out, those of the status.")] = ""
    html: Annotated[str, Field(description="A page that an error or a shape says instead, as a proxy does.")] = ""
    retry_after: Annotated[int | None, Field(ge=0, description="The seconds in an error's `Retry-After`.")] = None
    seconds: Annotated[float, Field(ge=0, le=3600, description="How long a late answer takes.")] = 1.0
    request_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9]*$", description="The `Twilio-Request-Id` of it.")] = ""
    answered: Annotated[
        int | None, Field(ge=200, le=599, description="The HTTP status of a shape; if left out, Twilio's own.")
    ] = None
    changes: Annotated[
        dict[str, Any],
        Field(
            description="Fields of a shape, by their paths: `status`, `results.0.sid` or `results.*.errors`. A field "
            "becomes the value; `{path}` and `{base_url}` in a text stand for the request's."
        ),
    ] = {}
    missing: Annotated[list[str], Field(description="Paths of the fields that a shape lacks.")] = []
    body: Annotated[Any, Field(description="The whole body of a shape, any JSON; if left out, Twilio's own.")] = None
    after: Annotated[int, Field(ge=0, description="How many of these requests go well first.")] = 0
    times: Annotated[int, Field(ge=0, description="How many go wrong then; 0: all, until the faults are cleared.")] = 1
    each: Annotated[
        bool, Field(description="Whether `after` and `times` count each request by itself: its path and parameters.")
    ] = False

    def concerns(self, request: Request) -> bool:
        """Whether this is one of the requests."""
        paths = (request.path, without_sids(request.path))
        if not any(fnmatchcase(f"{request.method} {path}", self.operation.replace("[", "[[]")) for path in paths):
            return False
        said = (*request.query.keys(), *request.query.values(), *request.form.keys(), *request.form.values())
        return not self.mentioning or any(self.mentioning in text for text in said)

    def befall(self, request: Request, answer: Answer) -> Response:
        """What the client gets instead of the answer; Twilio does its work, or not, on the way."""
        match self.kind:
            case "ignored":
                return answer(replace(request, method="GET"))
            case "late":
                response = answer(request)
                time.sleep(self.seconds)
                return response
            case "truncated":
                return answer(request).cut_off("truncated")
            case "shape":
                return self.reshaped(request, answer(request) if self.carried_out or request.method == "GET" else None)
            case "reset":
                return (answer(request) if self.carried_out else Response(HTTPStatus.NO_CONTENT)).cut_off("reset")
        if self.carried_out:
            answer(request)
        return self.error()

    def reshaped(self, request: Request, response: Response | None) -> Response:
        """Twilio's answer (None if the request was not carried out) in another shape."""
        status = self.answered or (response.status if response else HTTPStatus.OK)
        if self.html:
            return Response(status, page=self.html, request_id=self.request_id)
        body = copy.deepcopy(self.body if self.body is not None else response.body if response else {})
        where = {"{path}": request.path, "{base_url}": request.base_url}
        for path, value in self.changes.items():
            for parent, name in _places(body, path.split(".")):
                parent[name] = _filled_in(value, where)
        for path in self.missing:
            for parent, name in _places(body, path.split(".")):
                if isinstance(parent, dict):
                    parent.pop(name, None)
        return Response(status, body, request_id=self.request_id)

    def error(self) -> Response:
        """The error that is answered."""
        said = self.message or responses.get(self.status, "Error")
        body = ApiError(self.status, self.code or 20_000 + self.status, said).body()
        return Response(self.status, body, page=self.html, retry_after=self.retry_after, request_id=self.request_id)


def _places(body: Any, path: list[str]) -> Iterator[tuple[Any, Any]]:
    """Find where a path leads: each object or list, and the key or index in it."""
    name, *rest = path
    if isinstance(body, list):
        names: list[Any] = [*range(len(body))] if name == "*" else [int(name)] if name.isdecimal() else []
        names = [it for it in names if it < len(body)]
    else:
        names = [name] if isinstance(body, dict) else []
    for it in names:
        if not rest:
            yield body, it
        elif isinstance(body, list) or it in body:
            yield from _places(body[it], rest)


def _filled_in(value: Any, where: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for name, text in where.items():
            value = value.replace(name, text)
    return value


@dataclass(slots=True)
class PlannedFault:
    """A fault, and how often it has happened."""

    fault: Fault
    happened: int = 0
    _seen: Counter[object] = field(default_factory=Counter)

    def happens(self, request: Request) -> bool:
        """Count a request, and say whether it goes wrong."""
        if not self.fault.concerns(request):
            return False
        which = (request.method, request.path, *request.query.items(), *request.form.items()) if self.fault.each else ()
        self._seen[which] += 1
        turn = self._seen[which] - self.fault.after
        if turn < 1 or (self.fault.times and turn > self.fault.times):
            return False
        self.happened += 1
        return True


class Faults:
    """The faults of one simulator; of several that concern a request, the first that is due befalls it."""

    def __init__(self, planned: Iterable[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self._planned = [PlannedFault(fault) for fault in planned]

    def plan(self, fault: Fault) -> PlannedFault:
        """Have something go wrong from now on; what is given back tells how often it has."""
        planned = PlannedFault(fault)
        with self._lock:
            self._planned.append(planned)
        return planned

    def clear(self) -> list[PlannedFault]:
        """Let all be well again; gives the faults that were planned."""
        with self._lock:
            cleared, self._planned = self._planned, []
        return cleared

    def due(self, request: Request) -> Fault | None:
        """The fault that befalls this request, which is counted."""
        with self._lock:
            return next((it.fault for it in self._planned if it.happens(request)), None)
