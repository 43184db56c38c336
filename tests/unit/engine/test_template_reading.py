import json
from pathlib import Path

import pytest

from shaken_stir.engine.intrinsics import Resolver, TemplateError, read_template
from shaken_stir.engine.template import Template

STACK = Path(__file__).parents[2] / "engine" / "stack" / "template.yaml"


def resolver(**parts: object) -> Resolver:
    parameters = {"Name": {"Type": "String", "Default": "x"}, "List": {"Type": "CommaDelimitedList", "Default": "a, b"}}
    made = Resolver({"Parameters": parameters, "Resources": {"Table": {}, "Alarm": {}}, **parts}, {"Name": "given"})
    made.attributes["Table"] = {"Ref": "table-1", "Arn": "arn:table-1"}
    return made


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ({"Ref": "Name"}, "given"),
        ({"Ref": "List"}, ["a", "b"]),
        ({"Ref": "Table"}, "table-1"),
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Fn::GetAtt": ["Table", "Arn"]}, "arn:table-1"),
        (
            {"Fn::Sub": "${AWS::StackName}-${Name}-${Table}-${Table.Arn}-${!Kept}"},
            "local-given-table-1-arn:table-1-${Kept}",
        ),
        ({"Fn::Sub": ["${a}${Name}", {"a": {"Ref": "Table"}}]}, "table-1given"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Name"}, 3]]}, "a-given-3"),
        ({"Fn::Join": ["+", {"Ref": "List"}]}, "a+b"),
        ({"Fn::Select": [1, {"Fn::Split": ["/", "p/q"]}]}, "q"),
        ({"Fn::If": ["Yes", {"Ref": "Name"}, "no"]}, "given"),
        ({"Fn::If": ["No", "yes", {"Ref": "AWS::NoValue"}]}, None),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "big"]}, 9),
        ({"kept": 1, "gone": {"Ref": "AWS::NoValue"}, "list": [{"Ref": "AWS::NoValue"}, 2]}, {"kept": 1, "list": [2]}),
        ({"Ref": "Alarm"}, "Alarm"),
        ({"Fn::GetAtt": ["Alarm", "Arn"]}, "Alarm.Arn"),
    ],
)
def test_intrinsic_functions_resolve(node: object, value: object) -> None:
    conditions = {
        "Yes": {"Fn::Equals": [{"Ref": "Name"}, "given"]},
        "No": {"Fn::Not": [{"Condition": "Yes"}]},
        "Both": {"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]},
    }
    made = resolver(Conditions=conditions, Mappings={"Sizes": {"us-east-1": {"big": 9}}})

    assert made.resolve(node) == value
    assert not made.holds("Both")


@pytest.mark.parametrize(
    ("node", "sentence"),
    [
        ({"Ref": "Nobody"}, r"^The template refers to Nobody, but has no such parameter or resource\.$"),
        ({"Fn::Cidr": []}, r"^The template uses Fn::Cidr, which the local engine does not know\.$"),
        ({"Fn::If": ["Maybe", 1, 2]}, r"^The template names a condition Maybe that it does not define\.$"),
        ({"Fn::FindInMap": ["A", "b", "c"]}, r"^The template's mappings have no A\.b\.c\.$"),
    ],
)
def test_what_cannot_be_resolved_is_told_in_a_sentence(node: object, sentence: str) -> None:
    with pytest.raises(TemplateError, match=sentence):
        resolver().resolve(node)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Resources: {a: [", r"template\.yaml is not YAML: while parsing .*\.$"),
        ("Nothing: here", r"template\.yaml has no Resources\.$"),
        ("Resources: {}", r"has 0 state machines, but a run needs one\.$"),
        (
            "Parameters: {P: {Type: String}}\nResources: {}",
            r"^The template's parameter P needs a value\.$",
        ),
        (
            "Resources: {F: {Type: AWS::Serverless::Function, Properties: {CodeUri: x}}}",
            r"^The template's function F has no Handler\.$",
        ),
    ],
)
def test_a_template_that_cannot_be_used_is_told_in_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(text)
    with pytest.raises(TemplateError, match=sentence):
        Template(path, {})


def test_short_tags_read_as_their_long_forms(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text("Resources: {a: !GetAtt b.c.d, e: !Sub [x, {f: !Ref g}], h: !Condition i, Version: 2012-10-17}")

    assert read_template(path)["Resources"] == {
        "a": {"Fn::GetAtt": ["b", "c.d"]},
        "e": {"Fn::Sub": ["x", {"f": {"Ref": "g"}}]},
        "h": {"Condition": "i"},
        "Version": "2012-10-17",
    }


def test_functions_carry_what_globals_and_they_themselves_say() -> None:
    template = Template(STACK, {})
    flaky = template.functions["FlakyFunction"]

    assert "RudeFunction" not in template.functions
    assert (flaky.module, flaky.timeout, flaky.memory) == ("flaky", 5, 256)
    assert flaky.code.resolve() == STACK.parent / "functions"
    assert flaky.arn == "arn:aws:lambda:us-east-1:123456789012:function:local-FlakyFunction"
    assert template.layers == [STACK.parent / "layer" / "python"]
    assert [(route.method, route.path, route.function) for route in template.routes] == [
        ("POST", "/answer", "AnswerFunction")
    ]
    assert [rule.name for rule in template.rules] == ["Requested"]
    assert template.skipped == {"Alarm": "AWS::CloudWatch::Alarm"}


@pytest.mark.parametrize(("greeting", "reserved"), [("hello", None), ("go away", 2)])
def test_a_function_has_the_concurrency_that_is_reserved_for_it(greeting: str, reserved: int | None) -> None:
    functions = Template(STACK, {"Greeting": greeting}).functions

    assert functions["EchoFunction"].reserved_concurrency == reserved
    assert functions["FlakyFunction"].reserved_concurrency is None


def test_the_definition_is_substituted() -> None:
    template = Template(STACK, {})
    text = template.definition()

    assert template.functions["EchoFunction"].arn not in text
    assert template.functions["FlakyFunction"].arn in text
    assert '"Comment":"in us-east-1"' in text


@pytest.mark.parametrize(
    ("definition", "sentence"),
    [
        (None, r"machine\.asl\.json cannot be read: No such file or directory\.$"),
        (
            '{"a": "${Unknown}"}',
            r"^machine\.asl\.json uses \$\{Unknown\}, which DefinitionSubstitutions does not give\.$",
        ),
        ("{", r"machine\.asl\.json is not JSON: .*\.$"),
    ],
)
def test_a_definition_that_cannot_be_used_is_told_in_a_sentence(
    tmp_path: Path, definition: str | None, sentence: str
) -> None:
    path = tmp_path / "template.yaml"
    machine = "{Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: machine.asl.json}}"
    path.write_text(f"Resources: {{M: {machine}}}")
    if definition is not None:
        (tmp_path / "machine.asl.json").write_text(definition)
    with pytest.raises(TemplateError, match=sentence):
        Template(path, {}).definition()


def test_functions_that_want_different_environments_are_refused(tmp_path: Path) -> None:
    own = {"CodeUri": "x", "Handler": "y.z"}
    resources = {
        name: {"Type": "AWS::Serverless::Function", "Properties": {**own, "Environment": {"Variables": {"A": name}}}}
        for name in ("F1", "F2")
    }
    machine = {"Type": "AWS::Serverless::StateMachine"}
    path = tmp_path / "template.yaml"
    path.write_text(json.dumps({"Resources": {**resources, "M": machine}}))
    with pytest.raises(TemplateError, match=r"^F2 wants its own A, but all functions share one process locally\.$"):
        Template(path, {}).environment()
