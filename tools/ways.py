"""The ways through a definition: whether each state is reached, leads on, and comes to an end.

`tests/template/` asks for the faults.
"""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from tools.definition import Definition
from tools.picture import States, edges


def graph_faults(level: Definition, ends: tuple[str, ...] = ("Succeed", "Fail")) -> Iterator[str]:
    """Yield a sentence for each state of this level, or below, that leads nowhere, is never reached or never ends.

    Args:
        level: A definition, or the part of one that a Map runs.
        ends: The types of state with which it ends; `End` for whatever says so.
    """
    states: States = level["States"]
    following = {name: {edge.target for edge in edges(state)} for name, state in states.items()}
    before: dict[str, set[str]] = {name: set() for name in states}
    for name, targets in [("The start", {level["StartAt"]}), *following.items()]:
        yield from (f"{name} leads to {target}, which does not exist" for target in targets - states.keys())
        for target in targets & states.keys() & before.keys():
            before[target].add(name)
    reached = _closure({level["StartAt"]}, following)
    yield from (f"{name} is never reached" for name in states.keys() - reached)
    last = {name for name, state in states.items() if state["Type"] in ends or ("End" in ends and state.get("End"))}
    yield from (f"{name} never ends" for name in states.keys() - _closure(last, before))
    idle = {name: targets for name, targets in following.items() if states[name]["Type"] not in {"Task", "Wait", "Map"}}
    try:
        TopologicalSorter({name: targets & idle.keys() for name, targets in idle.items()}).prepare()
    except CycleError as error:
        yield f"{' -> '.join(error.args[1])} turns without a Task or Wait"
    for state in states.values():
        if state["Type"] == "Map":
            yield from graph_faults(state["ItemProcessor"], (*ends, "End"))


def _closure(start: set[str], following: dict[str, set[str]]) -> set[str]:
    """List the states that can be reached, those to start from among them."""
    reached, todo = set(start), list(start)
    while todo:
        new = following.get(todo.pop(), set()) - reached
        reached |= new
        todo += new
    return reached
