"""What a preview planned and what policies had against it, from the engine's event log."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from components.charts import Manifest
from sandbox.providers.kubernetes.components import CHART
from sandbox.providers.kubernetes.helm import Rendering
from sandbox.providers.kubernetes.objects import object_type, to_cluster, without_nulls
from sandbox.providers.values import SECRET_SIGNATURE, SIGNATURE_KEY

_DELETED: Final = "delete"


@dataclass(frozen=True)
class Violation:
    """What a mandatory policy has against a resource."""

    urn: str
    policy: str
    message: str


@dataclass(frozen=True)
class Plan:
    """A preview.

    Attributes:
        objects: Kubernetes objects by URN, as they are sent to the cluster; without patches of others' objects.
        charts: what the program calls its charts -> what each is rendered with.
        violations: of mandatory policies.
    """

    objects: Mapping[str, Manifest]
    charts: Mapping[str, Rendering]
    violations: Sequence[Violation]

    def chart_of(self, urn: str) -> str | None:
        """Name and version of the chart that a resource comes from; None: from none."""
        *_, types, name = urn.split("::", 3)
        rendering = self.charts.get(name.partition(":")[0]) if f"{CHART}$" in types else None
        return archive_name(rendering) if rendering else None

    def renderings(self) -> Mapping[str, Rendering]:
        """What each chart is rendered with, by its name and version."""
        return {archive_name(rendering): rendering for rendering in self.charts.values()}


def archive_name(rendering: Rendering) -> str:
    """Name and version of a chart."""
    return Path(rendering.chart).name.removesuffix(".tgz")


def read(events: Path, charts: Mapping[str, Rendering]) -> Plan:
    """Read an event log to its end.

    Args:
        events: written by a preview with `--event-log`. The engine hides there what is secret, whatever it is told, so
            that an object misses it here: a Secret its contents.
        charts: what the program calls its charts -> what each was rendered with.
    """
    objects: dict[str, Manifest] = {}
    violations: list[Violation] = []
    for line in events.read_text().splitlines():
        event = cast("dict[str, Any]", json.loads(line))
        if "policyEvent" in event:
            found = event["policyEvent"]
            if found["enforcementLevel"] == "mandatory":
                violations.append(Violation(found["resourceUrn"], found["policyName"], found["message"].strip()))
        elif "resourcePreEvent" in event:
            step = event["resourcePreEvent"]["metadata"]
            inputs = (step.get("new") or {}).get("inputs") or {}
            if step["type"].startswith("kubernetes:") and "kind" in inputs and not step["op"].startswith(_DELETED):
                kind = object_type(step["type"], inputs["kind"])
                if not kind.patch:
                    objects[step["urn"]] = to_cluster(kind, without_nulls(_without_secrets(inputs)))
    return Plan(objects, charts, violations)


def _without_secrets(value: Any) -> Any:
    """A value without what the engine hides."""
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value).items()
        return {key: _without_secrets(field) for key, field in fields if not _is_secret(field)}
    if isinstance(value, list):
        return [_without_secrets(item) for item in cast("list[Any]", value) if not _is_secret(item)]
    return value


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and cast("dict[str, Any]", value).get(SIGNATURE_KEY) == SECRET_SIGNATURE
