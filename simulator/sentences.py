"""What pydantic found wrong, as a sentence that begins with the place."""

from pydantic_core import ErrorDetails


def sentence(error: ErrorDetails) -> str:
    """The error of a document, or of a call's arguments, for the person who wrote it."""
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error["loc"]).removeprefix(".")
    match error["type"]:
        case "extra_forbidden":
            said = "unknown key"
        case "unexpected_keyword_argument" | "multiple_argument_values":
            said = "unknown parameter"
        case "missing" | "missing_argument":
            said = "missing"
        case "string_pattern_mismatch":
            said = f"does not match {error['ctx']['pattern']}"
        case "value_error":
            said = str(error["ctx"]["error"])
        case _:
            said = error["msg"][:1].lower() + error["msg"][1:]
    return f"{place}: {said}" if place else said
