import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shaken_stir.engine.functions import Functions, UnknownFunction
from shaken_stir.engine.template import Function

Invoke = Callable[[str, Any], Any]


@pytest.fixture
def functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Functions]]:
    """Deploy one function with the given source."""
    monkeypatch.delitem(sys.modules, "step_under_test", raising=False)
    deployed: list[Functions] = []

    def deploy(source: str) -> Functions:
        (tmp_path / "step_under_test.py").write_text(source)
        function = Function("StepFunction", "local-StepFunction", "step_under_test.handler", tmp_path, 9, 256)
        made = Functions([function], [])
        made.load()
        deployed.append(made)
        return made

    yield deploy
    for made in deployed:
        made.unload()


def handler(body: str) -> str:
    return f"def handler(event, context):\n    {body}\n"


def test_json_goes_in_and_out(functions: Callable[[str], Functions]) -> None:
    deployed = functions(handler("return [event, (1, 2)]"))

    assert deployed.invoke("StepFunction", '{"a": null}').value() == [{"a": None}, [1, 2]]


@pytest.mark.parametrize(
    "name",
    [
        "StepFunction",
        "step_under_test",
        "local-StepFunction",
        "arn:aws:lambda:us-east-1:123456789012:function:local-StepFunction",
        "arn:aws:lambda:us-east-1:123456789012:function:local-StepFunction:$LATEST",
    ],
)
def test_a_function_is_found_by_every_name_it_has(functions: Callable[[str], Functions], name: str) -> None:
    deployed = functions(handler("return 1"))

    assert deployed.invoke(name, "{}").value() == 1
    assert deployed.invocations == {"step_under_test": 1}
    with pytest.raises(UnknownFunction, match=r"^The template has no function other\.$"):
        deployed.invoke("other", "{}")


def test_an_exception_is_reported_as_lambda_does(functions: Callable[[str], Functions]) -> None:
    source = "class TwilioThrottled(Exception): pass\n\n" + handler("raise TwilioThrottled('slow down')")
    answer = functions(source).invoke("StepFunction", "{}")
    error = answer.value()

    assert answer.failed
    assert list(error) == ["errorMessage", "errorType", "requestId", "stackTrace"]
    assert (error["errorType"], error["errorMessage"]) == ("TwilioThrottled", "slow down")
    assert len(error["stackTrace"]) == 1
    assert "step_under_test.py" in error["stackTrace"][0]


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        (
            handler("return {1, 2}"),
            "Runtime.MarshalError",
            "Unable to marshal response: Object of type set is not JSON serializable",
        ),
        (
            "import a_package_nobody_has\n",
            "Runtime.ImportModuleError",
            "Unable to import module 'step_under_test': No module named 'a_package_nobody_has'",
        ),
        ("x = 1\n", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'step_under_test'"),
        (
            "x = (\n",
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module 'step_under_test': '(' was never closed (step_under_test.py, line 1)",
        ),
        ("raise ValueError('no settings')\n", "ValueError", "no settings"),
    ],
)
def test_what_keeps_a_handler_from_answering_is_its_answer(
    functions: Callable[[str], Functions], source: str, kind: str, message: str
) -> None:
    answer = functions(source).invoke("StepFunction", "{}")

    assert answer.failed
    assert (answer.value()["errorType"], answer.value()["errorMessage"]) == (kind, message)


def test_a_decimal_leaves_as_a_number(functions: Callable[[str], Functions]) -> None:
    source = "from decimal import Decimal\n" + handler("return [Decimal('3'), Decimal('1.5')]")

    assert functions(source).invoke("StepFunction", "{}").payload == "[3, 1.5]"


def test_the_context_tells_of_the_function(functions: Callable[[str], Functions]) -> None:
    body = (
        "return {'name': context.function_name, 'arn': context.invoked_function_arn, 'memory':"
        " context.memory_limit_in_mb, 'version': context.function_version,"
        " 'left': context.get_remaining_time_in_millis(), 'id': context.aws_request_id}"
    )
    told = json.loads(functions(handler(body)).invoke("StepFunction", "{}").payload)

    assert (told["name"], told["version"], told["memory"]) == ("local-StepFunction", "$LATEST", "256")
    assert told["arn"].endswith(":function:local-StepFunction")
    assert 8000 < told["left"] <= 9000
    assert len(told["id"]) == 36


def test_unloading_puts_the_path_back(functions: Callable[[str], Functions], tmp_path: Path) -> None:
    deployed = functions(handler("return 1"))
    assert str(tmp_path) in sys.path
    deployed.unload()
    deployed.load()

    assert deployed.invoke("StepFunction", "{}").value() == 1
    deployed.unload()
    assert str(tmp_path) not in sys.path


def test_a_function_starts_as_soon_as_the_dependencies_that_it_imports_are_deployed(
    functions: Callable[[str], Functions], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The layer of the commit before lacks what the new code imports, until Lambda replaces it, too."""
    monkeypatch.delitem(sys.modules, "only_in_the_new_layer", raising=False)
    deployed = functions("import only_in_the_new_layer\n\n" + handler("return only_in_the_new_layer.VERSION"))

    before = deployed.invoke("StepFunction", "{}")
    (tmp_path / "only_in_the_new_layer.py").write_text("VERSION = 2\n")
    importlib.invalidate_caches()
    after = deployed.invoke("StepFunction", "{}")

    assert before.failed
    assert before.value()["errorType"] == "Runtime.ImportModuleError"
    assert after.value() == 2
