"""Twilio's paging: a token names the record behind which (or before which) the page begins.

So a record that is added or removed between two pages moves no other record from one page to the next.
"""

import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from simulator.errors import BAD_PARAMETER, PAGE_SIZE_TOO_LARGE, bad_request
from simulator.messages import Request
from simulator.records import Record, position_of

_DEFAULT_SIZE, _LARGEST_SIZE = 50, 1000
_AFTER, _BEFORE = "PA", "PB"


@dataclass(frozen=True, slots=True)
class Page[R: Record]:
    """One page of a list and the paths (with query) of its neighbours."""

    records: Sequence[R]
    number: int
    size: int
    start: int
    this: str
    first: str
    previous: str | None
    next: str | None


def page_of[R: Record](records: Sequence[R], request: Request) -> Page[R]:
    """The page of the records that the request's PageSize, Page and PageToken ask for."""
    size = _integer(request, "PageSize", _DEFAULT_SIZE, least=1)
    if size > _LARGEST_SIZE:
        raise bad_request(PAGE_SIZE_TOO_LARGE, f"Page size {size} is too large: the maximum is {_LARGEST_SIZE}")
    number = _integer(request, "Page", 0, least=0)
    token = request.query.get("PageToken")
    start, end = _bounds(records, size, number, token)
    shown = records[start:end]
    following = _link(request, size, number + 1, f"{_AFTER}{shown[-1].position}") if end < len(records) else None
    preceding = _link(request, size, max(0, number - 1), f"{_BEFORE}{shown[0].position}") if shown and start else None
    return Page(
        records=shown,
        number=number,
        size=size,
        start=start,
        this=_link(request, size, number, token),
        first=_link(request, size, 0),
        previous=preceding,
        next=following,
    )


def list_of_v1[R: Record](page: Page[R], base_url: str, view: Callable[[R], dict[str, Any]]) -> dict[str, Any]:
    """The page as trusthub.twilio.com answers it: full URLs, in ``meta``."""
    return {
        "results": [view(record) for record in page.records],
        "meta": {
            "page": page.number,
            "page_size": page.size,
            "first_page_url": base_url + page.first,
            "previous_page_url": base_url + page.previous if page.previous else None,
            "url": base_url + page.this,
            "next_page_url": base_url + page.next if page.next else None,
            "key": "results",
        },
    }


def list_of_2010[R: Record](page: Page[R], key: str, view: Callable[[R], dict[str, Any]]) -> dict[str, Any]:
    """The page as api.twilio.com answers it: paths, beside the records."""
    return {
        "first_page_uri": page.first,
        "end": page.start + max(0, len(page.records) - 1),
        "previous_page_uri": page.previous,
        key: [view(record) for record in page.records],
        "uri": page.this,
        "page_size": page.size,
        "start": page.start,
        "next_page_uri": page.next,
        "page": page.number,
    }


def _bounds(records: Sequence[Record], size: int, number: int, token: str | None) -> tuple[int, int]:
    if token is None:
        start = min(number * size, len(records))
    else:
        kind, position = token[:2], token[2:]
        if kind not in (_AFTER, _BEFORE) or not position.isdecimal():
            raise bad_request(BAD_PARAMETER, f"Invalid PageToken: {token}")
        if kind == _BEFORE:
            end = bisect.bisect_left(records, int(position), key=position_of)
            return max(0, end - size), end
        start = bisect.bisect_right(records, int(position), key=position_of)
    return start, min(start + size, len(records))


def _integer(request: Request, name: str, default: int, *, least: int) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    if not text.isdecimal() or int(text) < least:
        raise bad_request(BAD_PARAMETER, f"Invalid {name}: {text}")
    return int(text)


def _link(request: Request, size: int, number: int, token: str | None = None) -> str:
    filters = {name: value for name, value in request.query.items() if name not in ("PageSize", "Page", "PageToken")}
    paging = {"PageSize": size, "Page": number} | ({"PageToken": token} if token else {})
    return f"{request.path}?{urlencode(filters | paging)}"
