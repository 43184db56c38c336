"""What is wrong with some data, in words for a person."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError


def describe(error: ValidationError, model: type[BaseModel] | None = None) -> str:
    """Put what is wrong into words, each part with its place.

    Args:
        error: What pydantic found.
        model: What the data should have been, None where no key is to be suggested.

    Returns:
        Such as `subaccounts[0]: 'ACxyz' is not AC and 32 hexadecimal digits; regoins is not known (did you mean
        regions?)`.
    """
    return "; ".join(dict.fromkeys(_describe_one(problem, model) for problem in error.errors()))


def _describe_one(problem: Any, model: type[BaseModel] | None) -> str:
    match problem["type"]:
        case "extra_forbidden":
            words = " is not known" + (f" ({_instead(problem['loc'], model)})" if model else "")
        case "missing":
            words = " is missing"
        case "model_type" | "model_attributes_type":
            words = " must be a JSON object"
        case "too_short":
            words = " must not be empty"
        case "string_pattern_mismatch":
            words = f": {problem['input']!r} is not {_form(problem['ctx']['pattern'])}"
        case "value_error":
            words = f": {problem['ctx']['error']}"
        case _:
            words = f": {problem['msg'][0].lower()}{problem['msg'][1:]}"
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in problem["loc"]).lstrip(".")
    if place:
        return place + words
    return words.removeprefix(": ") if words.startswith(":") else f"it{words}"


def _instead(place: Sequence[int | str], model: type[BaseModel]) -> str:
    """Name the known key that is nearest to an unknown one, else all that are known at its place."""
    import difflib  # noqa: PLC0415 - a request that is well written does not wait for it

    level = [model]
    for part in place[:-1]:
        if isinstance(part, str):
            fields = [it.model_fields[part] for it in level if part in it.model_fields]
            level = [inner for field in fields for inner in _models(field.annotation)]
    known = [name for it in level for name in it.model_fields]
    if near := difflib.get_close_matches(str(place[-1]), known, n=1):
        return f"did you mean {near[0]}?"
    return f"known: {', '.join(known)}"


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Find the models within a type, such as `list[Inner] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _form(pattern: str) -> str:
    if sid := re.fullmatch(r"\^([A-Z]{2})\[0-9a-fA-F\]\{32\}\$", pattern):
        return f"{sid[1]} and 32 hexadecimal digits"
    return "an e-mail address" if "@" in pattern else "two capital letters, such as US"
