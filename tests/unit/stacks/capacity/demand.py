"""What the pods of a platform request: its own, those of its charts, of its operators and of the cloud's add-ons."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components.base import Size, sizes
from components.charts import pod_template
from tests.unit.stacks.references.objects import CHART, Manifest, Objects, namespace_of, reference_of

_ROWS: Mapping[str, Mapping[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("demands.yaml").read_text(encoding="utf-8")
)
_UNITS = {"Ki": 1 / 1024, "Mi": 1.0, "Gi": 1024.0, "Ti": 1024.0 * 1024}
_SIZE = "size:"
_DAEMON = "DaemonSet"


@dataclass(frozen=True)
class Demand:
    """Equal pods: their number now and at most, and the bound of each in millicores and MiB."""

    name: str
    namespace: str
    replicas: int
    most: int
    cpu: float
    memory: float
    daemon: bool = False


def demands(objects: Objects, profile: str, bound: str = "requests") -> list[Demand]:
    """Everything that a stack's nodes must hold.

    Args:
        objects: of the stack; those of charts and operators count by the rows of the table.
        profile: sizing profile of the stack.
        bound: ``requests`` or ``limits``.

    Raises:
        KeyError: a chart has no row.
        AssertionError: nothing is where a row says that sizes are.
    """
    table = _Table(sizes(profile), bound)
    found = [*_workloads(objects, bound)]
    for manifest in objects.manifests:
        if manifest["kind"] == CHART:
            # a chart without a row would go uncounted
            rows = _ROWS["charts"][manifest["metadata"]["name"]]
            found += table.read(
                f"chart {manifest['metadata']['name']}", namespace_of(manifest), rows, manifest["values"]
            )
        elif manifest["kind"] in _ROWS["kinds"]:
            rows = _ROWS["kinds"][manifest["kind"]]
            found += table.read(reference_of(manifest), namespace_of(manifest), rows, manifest)
    for namespace, names in _ROWS["cloud"].items():
        for name, rows in names.items():
            found += table.read(name, namespace, rows, {})
    return [demand for demand in found if demand.most or demand.daemon]


def cores(quantity: str) -> float:
    """Millicores of a quantity."""
    return float(quantity[:-1]) if quantity.endswith("m") else 1000 * float(quantity)


def mebibytes(quantity: str) -> float:
    """MiB of a quantity."""
    unit = quantity[-2:]
    return float(quantity[:-2]) * _UNITS[unit] if unit in _UNITS else float(quantity) / 1024**2


def at(part: Any, path: str) -> Any:
    """What is at a path of keys and positions, None where nothing is."""
    for key in path.split("."):
        if isinstance(part, list):
            part = part[int(key)] if int(key) < len(part) else None
        else:
            part = part.get(key) if isinstance(part, dict) else None
    return part


@dataclass(frozen=True)
class _Table:
    sizes: Mapping[str, Size]
    bound: str

    def read(
        self, name: str, namespace: str, rows: list[Mapping[str, Any]], source: Mapping[str, Any]
    ) -> Iterator[Demand]:
        for number, row in enumerate(rows):
            resources = [self._resources(item, source) for item in row["resources"]]
            if row.get("optional") and not any(resources):
                continue
            absent = [path for path, item in zip(row["resources"], resources, strict=True) if item is None]
            assert not absent, f"{name}: nothing is at {absent}"
            replicas = self._number(row["replicas"], source) if "replicas" in row else 1
            replicas += row.get("spare", 0)
            cpu = sum(cores(str(item["cpu"])) for item in resources if item)
            memory = sum(mebibytes(str(item["memory"])) for item in resources if item)
            most = max(replicas, self._number(row["most"], source)) if "most" in row else replicas
            yield Demand(f"{name} {number + 1}", namespace, replicas, most, cpu, memory, row.get("daemon", False))

    def _resources(self, where: str | Mapping[str, str], source: Mapping[str, Any]) -> Mapping[str, str] | None:
        if not isinstance(where, str):
            return where
        if where.startswith(_SIZE):
            return self.sizes[where.removeprefix(_SIZE)].resources[self.bound]
        resources = at(source, where)
        return resources[self.bound] if resources else None

    def _number(self, where: str, source: Mapping[str, Any]) -> int:
        if where.startswith(_SIZE):
            return self.sizes[where.removeprefix(_SIZE)].replicas
        return int(at(source, where) or 0)


def _workloads(objects: Objects, bound: str) -> Iterator[Demand]:
    """The program's own; what the tables of references add has no requests, and counts by its chart's rows."""
    scalers = {
        (namespace_of(item), item["spec"]["scaleTargetRef"]["name"]): item["spec"]
        for item in objects.of_kind("HorizontalPodAutoscaler")
    }
    for manifest in objects.manifests:
        template = pod_template(manifest)
        if template is None or "apiVersion" not in manifest:
            continue
        scaler = scalers.get((namespace_of(manifest), manifest["metadata"]["name"]))
        replicas = int(manifest["spec"].get("replicas") or 1)
        least, most = (int(scaler["minReplicas"]), int(scaler["maxReplicas"])) if scaler else (replicas, replicas)
        # a new Deployment may begin with more than its autoscaler would leave
        least = max(least, replicas)
        cpu, memory = _of_pod(template["spec"], bound)
        daemon = manifest["kind"] == _DAEMON
        yield Demand(reference_of(manifest), namespace_of(manifest), least, max(least, most), cpu, memory, daemon)


def _of_pod(spec: Manifest, bound: str) -> tuple[float, float]:
    """The scheduler's rule: the sum of the containers, or one init container that asks for more."""
    each = {key: [item["resources"][bound] for item in spec.get(key) or []] for key in ("containers", "initContainers")}
    first = each["initContainers"]
    cpu = max(sum(cores(str(item["cpu"])) for item in each["containers"]), *(cores(str(i["cpu"])) for i in first), 0)
    memory = max(
        sum(mebibytes(str(item["memory"])) for item in each["containers"]),
        *(mebibytes(str(item["memory"])) for item in first),
        0,
    )
    return cpu, memory
