"""The order in which the engine created things, from its event log, and rules on it."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

from components.charts import bill_of_materials
from tests.engine.engine import type_name

RULES = Path(__file__).with_name("order.yaml")
_KUBERNETES = "kubernetes:"
# the event log has no inputs of a chart: logical names that do not end in the chart's
_CHARTS = {"trainer": "kubeflow-trainer", "strimzi": "strimzi-kafka-operator"}
# in the program's inputs a reference to a Secret, by the key that names it
_REFERENCES = re.compile(r'"(?:secretName|secretKeyRef|secretRef)":\s*(?:"([^"]+)"|\{([^{}]*)\})')


@dataclass(frozen=True)
class Step:
    """A resource that was created; ``started`` and ``ended`` are sequence numbers of the engine's events."""

    urn: str
    inputs: Mapping[str, Any]
    started: int
    ended: int

    @property
    def type(self) -> str:
        return type_name(self.urn)

    @property
    def name(self) -> str:
        return self.urn.split("::")[3]

    @property
    def kind(self) -> str:
        return self.type.rpartition(":")[2]

    @property
    def group(self) -> str:
        return self.type.removeprefix(_KUBERNETES).partition("/")[0]

    @property
    def components(self) -> str:
        """The types of the components around it."""
        return self.urn.split("::")[2].rpartition("$")[0]

    @property
    def is_custom(self) -> bool:
        return self.group in _groups_of_charts()

    @property
    def namespace(self) -> str:
        metadata = self.inputs.get("metadata") or {}
        return metadata.get("name", "") if self.kind == "Namespace" else metadata.get("namespace", "")


@dataclass(frozen=True)
class Selector:
    """What a rule is about; ``order.yaml`` says what the fields mean."""

    kind: str = ".*"
    name: str = ".*"
    within: str = ""
    outside: str = "(?!)"
    custom: bool | None = None

    def matches(self, step: Step) -> bool:
        """Whether the step is meant."""
        is_named = re.fullmatch(self.kind, step.kind) and re.fullmatch(self.name, step.name)
        is_placed = re.search(self.within, step.components) and not re.search(self.outside, step.components)
        return bool(is_named and is_placed) and self.custom in {None, step.is_custom}


@dataclass(frozen=True)
class Rule:
    """One row of ``order.yaml``."""

    why: str
    earlier: Selector
    later: Selector
    by: str = "everything"
    strict: bool = False


@dataclass
class Verdict:
    """What a rule found: how many pairs it compared, and what is wrong."""

    pairs: int = 0
    problems: list[str] = field(default_factory=list[str])


def rules() -> Sequence[Rule]:
    """The rows of ``order.yaml``."""
    return TypeAdapter(list[Rule]).validate_python(yaml.safe_load(RULES.read_text(encoding="utf-8")))


def steps(events: Iterable[Mapping[str, Any]]) -> Sequence[Step]:
    """The Kubernetes objects and charts that an update created.

    A chart is a component of its provider's, which the engine reports once: when all of its objects stand.
    """
    started: dict[str, tuple[int, Mapping[str, Any]]] = {}
    ended: dict[str, int] = {}
    for event in events:
        step = event.get("resourcePreEvent") or event.get("resOutputsEvent")
        if step is None or not step["metadata"]["type"].startswith(_KUBERNETES):
            continue
        metadata = step["metadata"]
        if "resourcePreEvent" in event:
            started[metadata["urn"]] = event["sequence"], (metadata["new"] or {}).get("inputs") or {}
        else:
            ended[metadata["urn"]] = event["sequence"]
    return [Step(urn, inputs, begin, ended.get(urn, begin)) for urn, (begin, inputs) in started.items()]


def judge(rule: Rule, created: Sequence[Step]) -> Verdict:
    """Compare every pair that a rule is about."""
    earlier_keys, later_keys = _JOINS[rule.by]
    earlier = [(step, earlier_keys(step)) for step in created if rule.earlier.matches(step)]
    verdict = Verdict()
    for step in filter(rule.later.matches, created):
        wanted = later_keys(step)
        before = [other for other, keys in earlier if keys & wanted and other != step]
        verdict.pairs += len(before)
        if rule.strict and wanted and not before:
            verdict.problems.append(f"{step.name} ({step.kind}): nothing of {', '.join(sorted(wanted))} stands before")
        verdict.problems += [
            f"{step.name} ({step.kind}) began before {other.name} ({other.kind}) stood"
            for other in before
            if other.ended > step.started
        ]
    return verdict


def _groups_of_charts() -> set[str]:
    return {group for chart in bill_of_materials().values() for group in chart.crd_groups}


def _defines(step: Step) -> set[str]:
    if step.kind == "CustomResourceDefinition":
        return {step.inputs["spec"]["group"]}
    charts, name = bill_of_materials(), _CHARTS.get(step.name, step.name)
    named = [chart for chart in charts if name == chart or name.endswith(f"-{chart}")]
    return set(charts[max(named, key=len)].crd_groups) if named else set()


def _makes_secret(step: Step) -> set[str]:
    return {f"{step.namespace}/{step.inputs['metadata']['name']}"}


def _reads_secrets(step: Step) -> set[str]:
    found = _REFERENCES.findall(json.dumps(step.inputs))
    names = {name or json.loads(f"{{{fields}}}").get("name", "") for name, fields in found}
    return {f"{step.namespace}/{name}" for name in names}


def _namespace(step: Step) -> set[str]:
    return {step.namespace} - {""}


def _top(step: Step) -> set[str]:
    return {step.components.split("$")[0]} if step.components else set()


def _everything(_step: Step) -> set[str]:
    return {""}


_Keys = Callable[[Step], set[str]]
_JOINS: Mapping[str, tuple[_Keys, _Keys]] = {
    "everything": (_everything, _everything),
    "group": (_defines, lambda step: {step.group}),
    "namespace": (_namespace, _namespace),
    "secret": (_makes_secret, _reads_secrets),
    "component": (_top, _top),
}
