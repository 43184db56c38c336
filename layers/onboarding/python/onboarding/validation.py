"""What is wrong with some data, in words for a person."""

import re
from typing import Any

from pydantic import ValidationError


def describe(error: ValidationError) -> str:
    """Put what is wrong into words, each part with its place.

    Args:
        error: What pydantic found.

    Returns:
        Such as `subaccounts[0]: 'ACxyz' is not AC and 32 hexadecimal digits; colour is not known`.
    """
    return "; ".join(dict.fromkeys(_describe_one(problem) for problem in error.errors()))


def _describe_one(problem: Any) -> str:
    match problem["type"]:
        case "extra_forbidden":
            words = " is not known"
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


def _form(pattern: str) -> str:
    if sid := re.fullmatch(r"\^([A-Z]{2})\[0-9a-fA-F\]\{32\}\$", pattern):
        return f"{sid[1]} and 32 hexadecimal digits"
    return "an e-mail address" if "@" in pattern else "two capital letters, such as US"
