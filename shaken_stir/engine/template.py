"""What a local run needs to know of a SAM template: its functions, its state machine, its routes and its rules."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shaken_stir.engine.events import DEFAULT_BUS, Rule
from shaken_stir.engine.intrinsics import ACCOUNT, REGION, STACK, Resolver, TemplateError, read_template

EVENT_BUS: Final = "AWS::Events::EventBus"
FUNCTION: Final = "AWS::Serverless::Function"
PUBLIC_BASE_URL: Final = "PublicBaseUrl"
LAYER: Final = "AWS::Serverless::LayerVersion"
STATE_MACHINE: Final = "AWS::Serverless::StateMachine"
STORAGE: Final = ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SecretsManager::Secret")
_RULE_EVENTS: Final = ("EventBridgeRule", "CloudWatchEvent")
_DEFAULT_TIMEOUT: Final = 3  # seconds, Lambda's own
_DEFAULT_MEMORY: Final = 128  # MB, Lambda's own


@dataclass(frozen=True)
class Function:
    """One Lambda function of the template."""

    logical_id: str
    name: str
    handler: str
    code: Path
    timeout: float
    memory: int
    reserved_concurrency: int | None = None

    @property
    def module(self) -> str:
        """The handler's module, the name by which a person knows the function."""
        return self.handler.rpartition(".")[0]

    @property
    def arn(self) -> str:
        """The function's ARN."""
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.name}"


@dataclass(frozen=True)
class Route:
    """A route of the template's HTTP API."""

    method: str
    path: str
    function: str


class Template:
    """A SAM template, read once; values that depend on created resources are resolved when asked for.

    Attributes:
        functions: The functions by logical id.
        event_buses: The names of the event buses that the template makes.
        layers: The `python` folders of all layers.
        routes: The routes of the HTTP API.
        rules: The EventBridge rules that start the state machine.
        skipped: Logical id -> type of each resource that a local run does without.
    """

    def __init__(self, path: Path, parameters: Mapping[str, str], public_base_url: str = "") -> None:
        """Read a template.

        Args:
            path: The template file; the paths in it are relative to its folder.
            parameters: Values of its parameters.
            public_base_url: The value of its parameter `PublicBaseUrl`, if it has one and `parameters` does not.

        Raises:
            TemplateError: The template cannot be used.
        """
        self._path = path
        self._folder = path.resolve().parent
        self._document = read_template(path)
        if PUBLIC_BASE_URL in self._document.get("Parameters", {}):
            parameters = {PUBLIC_BASE_URL: public_base_url, **parameters}
        self._resolver = Resolver(self._document, parameters)
        self._globals = self._document.get("Globals", {}).get("Function", {})
        self.functions = {name: self._function(name, it) for name, it in self._of_type(FUNCTION)}
        self._machine_id, self._machine = self._only_state_machine()
        self._machine_name: str = self._resolver.resolve(self._machine.get("Name", f"{STACK}-{self._machine_id}"))
        self.layers = [self._folder / self._resolver.resolve(it["ContentUri"]) for _, it in self._of_type(LAYER)]
        self.layers = [layer / "python" if (layer / "python").is_dir() else layer for layer in self.layers]
        self.routes = list(self._routes())
        self.event_buses = [self._event_bus(name, it["Name"]) for name, it in self._of_type(EVENT_BUS)]
        self.rules = list(self._rules())
        for function in self.functions.values():
            self.created(function.logical_id, function.name, Arn=function.arn)
        self.created(self._machine_id, self.state_machine_arn, Arn=self.state_machine_arn, Name=self._machine_name)
        used = {EVENT_BUS, FUNCTION, LAYER, STATE_MACHINE, *STORAGE}
        types = {name: resource["Type"] for name, resource in self._document["Resources"].items()}
        self.skipped = {name: kind for name, kind in types.items() if kind not in used}

    @property
    def state_machine_name(self) -> str:
        """The state machine's name."""
        return self._machine_name

    @property
    def state_machine_arn(self) -> str:
        """The state machine's ARN."""
        return f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{self._machine_name}"

    def storage(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield logical id, type and resolved properties of what stores data: tables, buckets, secrets."""
        for resource_type in STORAGE:
            for name, properties in self._of_type(resource_type):
                yield name, resource_type, self._resolver.resolve(properties)

    def created(self, logical_id: str, ref: str, **attributes: str) -> None:
        """Tell what a resource turned out to be: what `!Ref` gives, and `!GetAtt`."""
        self._resolver.attributes[logical_id] = {"Ref": ref, **attributes}

    def environment(self) -> dict[str, str]:
        """Return the environment variables of all functions together; ask when the resources are created.

        Raises:
            TemplateError: Two functions want different values for one variable, which one process cannot have.
        """
        together: dict[str, str] = {}
        for name, properties in self._of_type(FUNCTION):
            merged = _merge(self._globals, properties)
            for key, value in self._resolver.resolve(merged.get("Environment", {}).get("Variables", {})).items():
                text = str(value).lower() if isinstance(value, bool) else str(value)
                if together.setdefault(key, text) != text:
                    raise TemplateError(f"{name} wants its own {key}, but all functions share one process locally.")
        return together

    def definition(self) -> str:
        """Return the state machine's definition with its substitutions made; ask when the resources are created."""
        path = self._folder / self._resolver.resolve(self._machine["DefinitionUri"])
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise TemplateError(f"The definition {path} cannot be read: {error.strerror}.") from error
        substitutions = self._resolver.resolve(self._machine.get("DefinitionSubstitutions", {}))

        def substitute(match: re.Match[str]) -> str:
            if match[1] not in substitutions:
                raise TemplateError(f"{path.name} uses ${{{match[1]}}}, which DefinitionSubstitutions does not give.")
            value = substitutions[match[1]]
            return str(value).lower() if isinstance(value, bool) else str(value)

        text = re.sub(r"\$\{([A-Za-z0-9_]+)\}", substitute, text)
        try:
            # Without blanks, of which its parser makes tokens: a quarter of its time.
            return json.dumps(json.loads(text), separators=(",", ":"))
        except ValueError as error:
            raise TemplateError(f"The definition {path} is not JSON: {error}.") from error

    def _of_type(self, resource_type: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, resource in self._document["Resources"].items():
            if resource.get("Type") != resource_type:
                continue
            if "Condition" not in resource or self._resolver.holds(resource["Condition"]):
                yield name, resource.get("Properties", {})

    def _only_state_machine(self) -> tuple[str, dict[str, Any]]:
        machines = list(self._of_type(STATE_MACHINE))
        if len(machines) != 1:
            raise TemplateError(f"The template {self._path} has {len(machines)} state machines, but a run needs one.")
        return machines[0]

    def _function(self, name: str, properties: dict[str, Any]) -> Function:
        merged = _merge(self._globals, {key: value for key, value in properties.items() if key != "Environment"})
        for needed in ("Handler", "CodeUri"):
            if needed not in merged:
                raise TemplateError(f"The template's function {name} has no {needed}.")
        reserved = self._resolver.resolve(merged.get("ReservedConcurrentExecutions"))
        return Function(
            logical_id=name,
            name=self._resolver.resolve(merged.get("FunctionName", f"{STACK}-{name}")),
            handler=self._resolver.resolve(merged["Handler"]),
            code=self._folder / self._resolver.resolve(merged["CodeUri"]),
            timeout=float(self._resolver.resolve(merged.get("Timeout", _DEFAULT_TIMEOUT))),
            memory=int(self._resolver.resolve(merged.get("MemorySize", _DEFAULT_MEMORY))),
            reserved_concurrency=None if reserved is None else int(reserved),
        )

    def _routes(self) -> Iterator[Route]:
        for name, properties in self._of_type(FUNCTION):
            for event in properties.get("Events", {}).values():
                if event["Type"] == "HttpApi":
                    route = self._resolver.resolve(event.get("Properties", {}))
                    yield Route(route.get("Method", "ANY").upper(), route.get("Path", "$default"), name)

    def _event_bus(self, logical_id: str, given: Any) -> str:
        name = str(self._resolver.resolve(given))
        self.created(logical_id, name, Arn=f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{name}", Name=name)
        return name

    def _rules(self) -> Iterator[Rule]:
        for name, event in self._machine.get("Events", {}).items():
            if event["Type"] in _RULE_EVENTS:
                it = self._resolver.resolve(event["Properties"])
                yield Rule(
                    name,
                    it["Pattern"],
                    it.get("InputPath", "$"),
                    it.get("Input"),
                    it.get("InputTransformer"),
                    it.get("EventBusName", DEFAULT_BUS),
                )


def _merge(common: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Merges a function into Globals as SAM does: maps key by key, lists one after the other, else its own value."""
    merged = dict(common)
    for key, value in own.items():
        before = merged.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            merged[key] = _merge(before, value)
        elif isinstance(before, list) and isinstance(value, list):
            merged[key] = before + value
        else:
            merged[key] = value
    return merged
