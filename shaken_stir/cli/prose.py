"""Sentences for a person: plain text, wrapped at words in a terminal, and a line each anywhere else."""

from rich.console import Console
from rich.text import Text

from shaken_stir.words import visible

NARROWEST = 20


def say(out: Console, text: str, lead: Text | str = "", style: str = "") -> None:
    """Print a sentence as it is: nothing in it is markup or an emoji's name, no control character is obeyed.

    Args:
        out: Where to.
        text: The sentence, on one line.
        lead: What stands before it. Where the sentence is wrapped, its further lines are indented as far, and as far
            as it is itself.
        style: How the sentence is shown.
    """
    words = text.lstrip(" ")
    lead = Text.assemble(lead, " " * (len(text) - len(words)))
    sentence = Text(visible(words), style)
    if not out.is_terminal:
        out.print(Text.assemble(lead, sentence), soft_wrap=True)
        return
    lines = sentence.wrap(out, max(NARROWEST, out.width - lead.cell_len), overflow="fold")
    for number, line in enumerate(lines):
        line.rstrip()
        out.print(Text.assemble(lead if number == 0 else " " * lead.cell_len, line), soft_wrap=True)


def say_lines(out: Console, text: str) -> None:
    """Print a text of several sentences, each on a line of its own."""
    for line in text.split("\n"):
        say(out, line)


def complain(command: str, problem: object) -> None:
    """Print on standard error why a command of `shaken-stir` does not do what was asked."""
    say(Console(stderr=True, highlight=False), f"shaken-stir {command}: {problem}")
