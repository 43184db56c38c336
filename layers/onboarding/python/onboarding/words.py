"""How counts are put into words."""


def plural(count: int, noun: str) -> str:
    """Count something in words: `1 number`, `2 numbers`, `1,000 numbers`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
