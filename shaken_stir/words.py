"""Counts, times and names in words."""

from datetime import datetime

from onboarding.words import clock, day, moment, plural

__all__ = ["clock", "day", "lasted", "moment", "plural", "visible"]


def visible(text: str) -> str:
    r"""Show what a terminal would obey or hide as its escape, such as `\n`, `\x1b` or `\u202e`; all else stays.

    Names come from Twilio, where anybody with access to an account may have typed them: a newline would forge a line,
    an escape sequence would reach the terminal, a bidirectional override or a zero-width space would make one name
    look like another.
    """
    return "".join(it if it.isprintable() else it.encode("unicode_escape").decode("ascii") for it in text)


def lasted(since: datetime, until: datetime) -> str:
    """Put a duration into words: `2 days 3 hours`, `5 hours`, `12 minutes`, `less than a minute`."""
    minutes = int((until - since).total_seconds() // 60)
    if minutes < 1:
        return "less than a minute"
    days, hours = divmod(minutes // 60, 24)
    if days:
        return plural(days, "day") + (f" {plural(hours, 'hour')}" if hours else "")
    return plural(hours, "hour") if hours else plural(minutes, "minute")
