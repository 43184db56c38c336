"""Requests to one of Twilio's hosts, with answers as models; nothing else in the project reads an answer's JSON."""

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, cast, override
from urllib.parse import parse_qs, urljoin, urlsplit

from pydantic import ValidationError
from twilio.base.client_base import ClientBase

from onboarding.errors import TwilioUnavailable
from onboarding.twilio.answers import Resource
from onboarding.twilio.http import Answer, TwilioHttpClient

if TYPE_CHECKING:
    from datetime import datetime

type Query = Mapping[str, str | int]
type Form = Mapping[str, str]

_logger = logging.getLogger(__name__)

READ_BEFORE = "its next page was read before"


class Unreadable(NamedTuple):
    """A record of a list that cannot be read.

    Attributes:
        sid: Its SID, None if it has none.
        what: Where it is and what is wrong with it: `accounts[3]: status is missing`.
        error: The error of a list that cannot do without it.
    """

    sid: str | None
    what: str
    error: TwilioUnavailable

    def __str__(self) -> str:
        return f"{self.what} ({self.sid})" if self.sid else self.what


@dataclass(frozen=True, slots=True)
class Page[Record]:
    """A page of a list: its readable and its unreadable records, and the next page, None at the end.

    A page is the query of its address (`Page=1&PageToken=PA…`), never the whole address: a host would be requested with
    the credentials.
    """

    records: list[Record]
    unreadable: list[Unreadable]
    next_page: str | None


class TwilioClient(ClientBase):  # type: ignore[misc] # the library is not typed
    """The library's client; `TWILIO_REGION` and `TWILIO_EDGE` of the environment do not choose its hosts."""

    def __init__(self, account_sid: str, auth_token: str, http_client: TwilioHttpClient) -> None:
        super().__init__(account_sid, auth_token, http_client=http_client)

    @override
    def get_hostname(self, uri: str) -> str:
        return uri


class Api:
    """One of Twilio's hosts, such as `https://trusthub.twilio.com`.

    Every method raises the errors of `onboarding.twilio.http`. What is required and missing in an answer, or is
    another SID than the one that was asked for, is `TwilioUnavailable` with the request and the field.
    """

    def __init__(self, client: TwilioClient, origin: str) -> None:
        self._client = client
        self._origin = origin

    @property
    def answered_at(self) -> "datetime | None":
        """The time at Twilio when it answered last, None if no answer has said it."""
        answered_at: datetime | None = self._client.http_client.answered_at
        return answered_at

    def get[Read: Resource](self, model: type[Read], path: str, **expected: str) -> Read:
        """Fetch a resource; `expected` are fields that the answer must have with these values."""
        return _read(model, self._send("GET", path), expected)

    def post[Read: Resource](self, model: type[Read], path: str, form: Form, **expected: str) -> Read:
        """Create or update a resource; as `get`."""
        return _read(model, self._send("POST", path, form=form), expected)

    def delete(self, path: str) -> None:
        """Delete a resource."""
        self._send("DELETE", path)

    def list[Read: Resource](
        self, model: type[Read], path: str, key: str, query: Query, *, skipped: list[Unreadable] | None = None
    ) -> Iterator[Read]:
        """Read a list to its end, page by page.

        Args:
            model: What its records are.
            path: Where it is.
            key: The field that has the records.
            query: The filter and the page size, as Twilio names them.
            skipped: Records that cannot be read are added here; without it, one of them makes the whole list unread.
        """
        page_query: str | None = None
        asked: set[str] = set()
        while True:
            page, answer = self._page(model, path, key, query, page_query)
            if page.unreadable and skipped is None:
                raise page.unreadable[0].error
            if skipped is not None:
                skipped += page.unreadable
            yield from page.records
            if not page.next_page:
                return
            if page.next_page in asked:
                raise answer.unreadable(READ_BEFORE)
            asked.add(page.next_page)
            page_query = page.next_page

    def page[Read: Resource](
        self, model: type[Read], path: str, key: str, query: Query, page_query: str | None
    ) -> Page[Read]:
        """Read one page of a list: that of `page_query`, or the first one. Records that cannot be read are named."""
        return self._page(model, path, key, query, page_query)[0]

    def _page[Read: Resource](
        self, model: type[Read], path: str, key: str, query: Query, page_query: str | None
    ) -> tuple[Page[Read], Answer]:
        answer = self._send("GET", f"{path}?{page_query}") if page_query else self._send("GET", path, query=query)
        records = answer.body.get(key)
        if not isinstance(records, list):
            raise answer.unreadable(f"{key} is not a list")
        read: list[Read] = []
        unreadable: list[Unreadable] = []
        for place, record in enumerate(records):
            try:
                read.append(model.model_validate(record))
            except ValidationError as error:
                what = f"{key}[{place}]: {_missing(error)}"
                unreadable.append(Unreadable(_sid_of(record), what, answer.unreadable(what)))
        for it in unreadable:
            _logger.warning("%s", it.error)
        return Page(read, unreadable, self._next(answer, path, page_query)), answer

    def _next(self, answer: Answer, path: str, this_page: str | None) -> str | None:
        """Return the query of the next page's address, if that is of the same list; None at the end."""
        meta = answer.body.get("meta")
        said = meta.get("next_page_url") if isinstance(meta, dict) else answer.body.get("next_page_uri")
        if said is None or said == "":
            return None
        if not isinstance(said, str):
            raise answer.unreadable("the address of its next page is not a text")
        try:
            url = urlsplit(urljoin(self._origin, said))
        except ValueError:
            raise answer.unreadable("the address of its next page is malformed") from None
        if f"{url.scheme}://{url.netloc}" not in {self._origin, self._client.http_client.origin} or url.path != path:
            raise answer.unreadable("its next page is not of the same list")
        if not url.query or not _follows(this_page, url.query):
            raise answer.unreadable(READ_BEFORE)
        return url.query

    def _send(self, method: str, path: str, query: Query | None = None, form: Form | None = None) -> Answer:
        return cast("Answer", self._client.request(method, urljoin(self._origin, path), params=query, data=form))


def _follows(this_page: str | None, next_page: str) -> bool:
    """Return whether a page comes after the other: Twilio numbers the pages of a list from 0."""
    if next_page == this_page:
        return False
    this, following = _number(this_page or "Page=0"), _number(next_page)
    return this is None or following is None or following > this


def _number(page_query: str) -> int | None:
    number = parse_qs(page_query).get("Page", [""])[-1]
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 10 else None  # noqa: PLR2004


def _read[Read: Resource](model: type[Read], answer: Answer, expected: Mapping[str, str]) -> Read:
    try:
        read = model.model_validate(answer.body)
    except ValidationError as error:
        missing = _missing(error)
    else:
        wrong = [name for name, value in expected.items() if getattr(read, name) != value]
        if not wrong:
            return read
        missing = f"{wrong[0]} is not {expected[wrong[0]]}"
    raise answer.unreadable(missing)


def _missing(error: ValidationError) -> str:
    """Name the first field that is missing or malformed, without its value."""
    problem = error.errors(include_input=False, include_url=False)[0]
    field = ".".join(map(str, problem["loc"])) or "the record"
    return f"{field} is {'missing' if problem['type'] == 'missing' else 'malformed'}"


def _sid_of(record: object) -> str | None:
    said = record.get("sid") if isinstance(record, dict) else None
    return said if isinstance(said, str) and re.fullmatch(r"[A-Z]{2}[0-9a-fA-F]{32}", said) else None
