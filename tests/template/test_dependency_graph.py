"""CloudFormation can make the stack's resources one after another: none needs itself by way of others."""

import copy
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any

import pytest

from shaken_stir.engine.intrinsics import read_template
from tools.expansion import expand
from tools.rights import TEMPLATE

CALLBACK_URL = "CALLBACK_URL"
USED_IN_TEXT = re.compile(r"\$\{([A-Za-z0-9]+)[.}]")


def needed(value: Any) -> Iterator[str]:
    """The names that some part of a template refers to, by Ref, GetAtt, Sub or DependsOn."""
    match value:
        case {"Ref": name}:
            yield name
        case {"Fn::GetAtt": [name, *_]}:
            yield name
        case {"Fn::GetAtt": str(text)}:
            yield text.partition(".")[0]
        case {"Fn::Sub": text}:
            yield from USED_IN_TEXT.findall(text if isinstance(text, str) else text[0])
            yield from () if isinstance(text, str) else needed(text[1])
        case dict():
            for inner in value.values():
                yield from needed(inner)
        case list():
            for inner in value:
                yield from needed(inner)


def order(document: dict[str, Any]) -> list[str]:
    """An order in which the resources can be made.

    Raises:
        CycleError: There is none.
    """
    resources = expand(document)["Resources"]
    graph = {}
    for name, resource in resources.items():
        first = resource.get("DependsOn", [])
        graph[name] = {*needed(resource), *([first] if isinstance(first, str) else first)} & resources.keys()
    return list(TopologicalSorter(graph).static_order())


def test_every_resource_can_be_made_after_those_that_it_needs() -> None:
    made = order(read_template(TEMPLATE))

    assert made.index("StatusCallbackFunction") < made.index("HttpApi") < made.index("SubmitTrustProductFunction")


def test_the_callback_s_address_given_to_all_functions_would_make_a_circle() -> None:
    document = copy.deepcopy(read_template(TEMPLATE))
    own = document["Resources"]["SubmitTrustProductFunction"]["Properties"].pop("Environment")
    document["Globals"]["Function"]["Environment"]["Variables"][CALLBACK_URL] = own["Variables"][CALLBACK_URL]

    with pytest.raises(CycleError) as found:
        order(document)

    assert {"HttpApi", "StatusCallbackFunction"} <= set(found.value.args[1])


def test_only_the_function_that_submits_is_told_the_callback_s_address() -> None:
    document = read_template(TEMPLATE)
    told = [
        name
        for name, it in document["Resources"].items()
        if CALLBACK_URL in it.get("Properties", {}).get("Environment", {}).get("Variables", {})
    ]

    assert told == ["SubmitTrustProductFunction"]
    assert CALLBACK_URL not in document["Globals"]["Function"]["Environment"]["Variables"]
