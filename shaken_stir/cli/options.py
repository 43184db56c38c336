"""Types of options, and the options that commands share."""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

from shaken_stir.defaults import SERVED, TWILIO_PORT
from simulator.addresses import THIS_MACHINE

LARGEST_TIME_SCALE: Final = 1_000
OPTIONS: Final = "Options"
"""The heading of options that have none of their own."""


class Read[T](click.ParamType[T]):
    """A type of option that a function reads.

    Args:
        name: What is read.
        read: Gives the value of a text, or raises a ValueError that says what is wrong with it.
        files: Whether a shell completes it with the names of files.
        words: What a shell completes it with besides.
    """

    def __init__(self, name: str, read: Callable[[str], T], *, files: bool = False, words: Iterable[str] = ()) -> None:
        self.name = name
        self._read = read
        self._files = files
        self._words = tuple(words)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> T:
        """Read a text as it was typed, or a default."""
        try:
            return self._read(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002 - click's
        """Give what a shell may go on with."""
        files = [CompletionItem(incomplete, type="file")] if self._files else []
        return [*(CompletionItem(word) for word in self._words if word.startswith(incomplete)), *files]


def some(what: str, hint: str = "") -> Callable[[str], str]:
    """Make a reader of any text that is not empty: what is empty is not taken for what was left out."""

    def read(text: str) -> str:
        if not text:
            raise ValueError(f"{what} is empty{hint}")
        return text

    return read


def _file(text: str) -> Path:
    return Path(some("the name")(text))


def _time_scale(text: str) -> float:
    value = number(text)
    if not 0 < value <= LARGEST_TIME_SCALE:
        raise ValueError(f"{text} is not a number above 0 and at most {LARGEST_TIME_SCALE:,}")
    return value


def _port(text: str) -> int:
    value = number(text)
    if value not in range(65_536):
        raise ValueError(f"{text} is not a port (0 to 65535)")
    return int(value)


def _minutes(text: str) -> int:
    """Read minutes as whole seconds."""
    value = number(text)
    if not 0 < value < math.inf:
        raise ValueError(f"{text} is not a number above 0")
    return math.ceil(value * 60)


def _count(text: str) -> int:
    value = number(text)
    if value < 1 or value != value // 1:
        raise ValueError(f"{text} is not a whole number above 0")
    return int(value)


def _bundle_sid(text: str) -> str:
    if not re.fullmatch("BU[0-9a-fA-F]{32}", text):
        raise ValueError(f"{text} is not BU and 32 hexadecimal digits")
    return text


def _account_or_number(text: str) -> str:
    if not re.fullmatch(r"(AC|PN)[0-9a-fA-F]{32}|\+[1-9]\d{1,14}", text):
        raise ValueError(f"{text} is not a SID (AC or PN and 32 hexadecimal digits) or a number such as +13035550121")
    return text


def _ago(text: str) -> datetime:
    """Read how long ago something was: minutes, hours or days."""
    found = re.fullmatch(r"(\d{1,5})([mhd])", text)
    if not found:
        raise ValueError(f"{text} is not a number of minutes, hours or days, such as 90m, 24h or 7d")
    return datetime.now(UTC) - timedelta(**{{"m": "minutes", "h": "hours", "d": "days"}[found[2]]: int(found[1])})


def one_of(words: Sequence[str]) -> "Read[str]":
    """Make a type of option that takes one of some words."""

    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"{text} is none of {', '.join(words)}")
        return text

    return Read("word", read, words=words)


def number(text: str) -> float:
    """Read a number; what is none is none that any check takes."""
    try:
        return float(text)
    except ValueError:
        return math.nan


FILE: Final = Read("file", _file, files=True)
FLEET: Final = Read(
    "fleet", some("the fleet", "; name a file, or N subaccounts with M numbers each, such as 100x10"), files=True
)
NAME: Final = Read("name", some("the name"))
ADDRESS: Final = Read("address", some("the address"))
ARN: Final = Read("ARN", some("the ARN"))
TIME_SCALE: Final = Read("time scale", _time_scale)
PORT: Final = Read("port", _port)
MINUTES: Final = Read("minutes", _minutes)
COUNT: Final = Read("count", _count)
BUNDLE_SID: Final = Read("SID", _bundle_sid)
ACCOUNT_OR_NUMBER: Final = Read("SID or number", _account_or_number)
AGO: Final = Read("time", _ago)


class Headed(click.Option):
    """An option that `--help` lists under a heading of its own.

    Attributes:
        heading: The heading.
    """

    def __init__(self, *arguments: Any, heading: str = OPTIONS, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.heading = heading


def of_the_account[F: Callable[..., Any]](heading: str = OPTIONS) -> Callable[[F], F]:
    """Add what a run on a real account and the doctor can be told alike."""
    return _all_of(
        click.option(
            "--twilio",
            cls=Headed,
            heading=heading,
            metavar="URL",
            help="rehearse: speak to `shaken-stir twilio` or `make serve`, not to Twilio "
            f"(http://{THIS_MACHINE}:{TWILIO_PORT}, or https)",
        ),
        click.option(
            "--numbers", cls=Headed, heading=heading, is_flag=True, help="name all numbers, not only some of many"
        ),
        click.option(
            "--state",
            cls=Headed,
            heading=heading,
            type=FILE,
            metavar="FILE",
            help="what is kept between runs (AC....json in $XDG_STATE_HOME/shaken-stir or ~/.local/state/shaken-stir)",
        ),
        click.option(
            "--transcript",
            cls=Headed,
            heading=heading,
            type=FILE,
            metavar="FILE",
            help="write down what is asked of Twilio and what it answers, redacted, in a new file",
        ),
    )


def of_a_place[F: Callable[..., Any]](command: F) -> F:
    """Add where a fleet's status is read."""
    heading = "Where it is read (what `make serve` keeps up)"
    add: Callable[[F], F] = _all_of(
        click.option(
            "--served",
            cls=Headed,
            heading=heading,
            is_flag=False,
            flag_value=SERVED,
            metavar="[URL]",
            help=f"what `make serve` keeps up, by the address of its AWS ({SERVED})",
        ),
        click.option(
            "--twilio",
            cls=Headed,
            heading=heading,
            metavar="URL",
            help="what answers in Twilio's place in a rehearsal, with --live or --check",
        ),
        click.option(
            "--state", cls=Headed, heading=heading, type=FILE, metavar="FILE", help="with --live: the state file"
        ),
        click.option(
            "--live",
            cls=Headed,
            heading=heading,
            is_flag=True,
            help="what `run --live` keeps on this machine for the account of TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN",
        ),
        click.option(
            "--stack",
            cls=Headed,
            heading=heading,
            type=NAME,
            metavar="NAME",
            help="a deployed stack, in the region of AWS_REGION or AWS_DEFAULT_REGION",
        ),
    )
    return add(command)


def _all_of(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Put several options into one; `--help` lists the last one first."""

    def add(command: Any) -> Any:
        for option in options:
            command = option(command)
        return command

    return add


def the_place(  # noqa: PLR0913 - each by its name
    *,
    stack: str | None,
    live: bool,
    state: Path | None,
    twilio: str | None,
    served: str | None,
    asks_twilio: bool = False,
) -> dict[str, Any]:
    """Check that the options name one place; with `asks_twilio` Twilio is asked besides.

    Raises:
        UsageError: They name two, or what belongs to none of them.
    """
    given = [name for name, value in (("--stack", stack), ("--live", live), ("--served", served)) if value]
    if len(given) > 1:
        raise click.UsageError(f"{' and '.join(given)} are different places; name one")
    if state and not live:
        raise click.UsageError("--state belongs to --live; add it, or leave it out")
    if twilio and not (live or asks_twilio):
        raise click.UsageError("--twilio belongs to --live, or to a comparison with --check; add one, or leave it out")
    return {"stack": stack, "live": live, "state": state, "twilio": twilio, "served": served}
