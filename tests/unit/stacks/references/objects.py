"""The object set of a platform: what the program declares, and what charts and operators make out of that."""

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from components.charts import containers, pod_template
from sandbox.providers.values import SIGNATURE_KEY
from tests.unit.platform import Deployment

Manifest = dict[str, Any]

HERE = Path(__file__).parent
CHART = "Chart"
# what the pods of a chart read
READS = "Reads"
PODS = "Pod"


@dataclass(frozen=True)
class Pods:
    """What makes pods: a workload of the program, or a row of the tables of charts and operators."""

    kind: str
    namespace: str
    name: str
    labels: Mapping[str, str]
    ports: frozenset[str | int]

    @property
    def reference(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True)
class Objects:
    """Manifests of one stack; ``base_domain`` is what its public hosts are under."""

    manifests: tuple[Manifest, ...]
    base_domain: str
    pods: tuple[Pods, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pods", tuple(_pods(self.manifests)))

    def of_kind(self, *kinds: str) -> list[Manifest]:
        return [manifest for manifest in self.manifests if manifest["kind"] in kinds]

    def find(self, kind: str, namespace: str, name: str) -> Manifest | None:
        """The object of this name, None where there is none; in no namespace: ``""``."""
        return next(
            (
                item
                for item in self.of_kind(kind)
                if (namespace_of(item), item["metadata"]["name"]) == (namespace, name)
            ),
            None,
        )

    def selected_pods(self, namespace: str, selector: Mapping[str, Any]) -> list[Pods]:
        return [pods for pods in self.pods if pods.namespace == namespace and selects(selector, pods.labels)]

    def without(self, kind: str, name: str) -> "Objects":
        """A copy that lacks an object."""
        rest = tuple(item for item in self.manifests if (item["kind"], item["metadata"]["name"]) != (kind, name))
        assert len(rest) < len(self.manifests), f"there is no {kind} {name}, so its absence shows nothing"
        return Objects(rest, self.base_domain)

    def changed(self, kind: str, name: str, path: str, value: Any) -> "Objects":
        """A copy in which one field of an object has another value; ``path`` is keys and positions, joined by dots."""
        manifest = copy.deepcopy(next(item for item in self.of_kind(kind) if item["metadata"]["name"] == name))
        *steps, last = (int(step) if step.isdigit() else step for step in path.split("."))
        part: Any = manifest
        for step in steps:
            part = part[step]
        assert part[last] != value, f"{path} of {kind} {name} is {value} already, so the change shows nothing"
        part[last] = value
        return Objects((*self.without(kind, name).manifests, manifest), self.base_domain)

    def further(self, *manifests: Manifest) -> "Objects":
        """A copy with further objects."""
        return Objects((*self.manifests, *manifests), self.base_domain)


def namespace_of(manifest: Mapping[str, Any]) -> str:
    return str(manifest["metadata"].get("namespace") or "")


def reference_of(manifest: Mapping[str, Any]) -> str:
    parts = (namespace_of(manifest), manifest["metadata"]["name"])
    return f"{manifest['kind']} {'/'.join(part for part in parts if part)}"


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a label selector finds an object with these labels; an empty one finds nothing here."""
    exact: Mapping[str, str] = selector.get("matchLabels") or {}
    expressions = selector.get("matchExpressions") or []
    if not exact and not expressions:
        return False
    return exact.items() <= labels.items() and all(_holds(item, labels) for item in expressions)


def objects_of(deployment: Deployment) -> Objects:
    """The objects of a platform that was deployed, with those that its charts and operators make."""
    declared = [_manifest(item.type.rpartition(":")[2], item.inputs) for item in deployment.objects]
    charts = [item for item in declared if item["kind"] == CHART]
    pod_labels = {release: args.pod_labels for release, args in deployment.charts.items()}
    charted = [made for item in charts for made in _of_chart(item, pod_labels[item["metadata"]["name"]])]
    operated = [made for item in (*declared, *charted) for made in _of_operator(item)]
    return Objects((*declared, *charted, *operated), deployment.settings.organisation.base_domain)


@cache
def table(name: str) -> Mapping[str, Any]:
    """One of the tables beside this module."""
    return yaml.safe_load((HERE / f"{name}.yaml").read_text(encoding="utf-8"))


def _manifest(kind: str, inputs: Mapping[str, Any]) -> Manifest:
    if kind == CHART:
        metadata = {"name": inputs["name"], "namespace": inputs["namespace"]}
        return {"kind": kind, "metadata": metadata, "values": inputs["values"]}
    manifest = {key: _open(value) for key, value in inputs.items()}
    return {**manifest, "kind": kind}


def _open(value: Any) -> Any:
    return value["value"] if isinstance(value, dict) and SIGNATURE_KEY in value else value


def _of_chart(chart: Manifest, pod_labels: Mapping[str, str]) -> Iterator[Manifest]:
    metadata = chart["metadata"]
    rows = dict(table("charts").get(metadata["name"], {}))
    yield {"kind": READS, "metadata": metadata, "reads": rows.pop(READS, {})}
    for made in _made(rows, metadata["namespace"], metadata["name"]):
        template = pod_template(made)
        if template is not None:
            template["metadata"]["labels"] = {**template["metadata"]["labels"], **pod_labels}
        yield made


def _of_operator(manifest: Manifest) -> Iterator[Manifest]:
    row = table("operators").get(manifest["kind"])
    if row and all(_at(manifest, path) is not None for path in row.get("when", [])):
        namespace = row.get("namespace") or namespace_of(manifest)
        yield from _made(row["makes"], namespace, manifest["metadata"]["name"])


def _at(manifest: Manifest, path: str) -> Any:
    part: Any = manifest
    for key in path.split("."):
        part = part.get(key) if isinstance(part, dict) else None
    return part


def _made(rows: Mapping[str, Mapping[str, Any]], namespace: str, owner: str) -> Iterator[Manifest]:
    """Manifests out of a table's rows: kind -> name -> what is known of it; ``{name}`` is the owner's name."""
    for kind, named in rows.items():
        for name, known in named.items():
            facts = yaml.safe_load(yaml.safe_dump(known).replace("{name}", owner)) or {}
            metadata = {"name": name.format(name=owner), "namespace": namespace, "labels": facts.get("labels", {})}
            yield {"kind": kind, "metadata": metadata, **_MAKERS.get(kind, _template)(facts)}


def _template(facts: Mapping[str, Any]) -> Manifest:
    ports = [{"name" if isinstance(port, str) else "containerPort": port} for port in facts.get("ports", [])]
    pod = {"metadata": {"labels": facts.get("labels", {})}, "spec": {"containers": [{"ports": ports}]}}
    return {"spec": {"template": pod}}


def _service(facts: Mapping[str, Any]) -> Manifest:
    return {"spec": {"ports": [{"name": name, "port": number} for name, number in facts.get("ports", {}).items()]}}


def _keys(facts: Mapping[str, Any]) -> Manifest:
    return {"data": dict.fromkeys(facts["keys"], "")} if "keys" in facts else {"anyKey": True}


def _nothing(_facts: Mapping[str, Any]) -> Manifest:
    return {}


_MAKERS = {"Service": _service, "Secret": _keys, "ConfigMap": _keys, "ServiceAccount": _nothing}


def _pods(manifests: Iterable[Manifest]) -> Iterator[Pods]:
    for manifest in manifests:
        template = manifest["spec"]["template"] if manifest["kind"] == PODS else pod_template(manifest)
        if template is None:
            continue
        every = template["spec"]["containers"] if manifest["kind"] == PODS else containers(manifest)
        ports = [port for container in every for port in container.get("ports") or []]
        found = {value for port in ports for value in (port.get("name"), port.get("containerPort")) if value}
        labels = template["metadata"].get("labels") or {}
        yield Pods(manifest["kind"], namespace_of(manifest), manifest["metadata"]["name"], labels, frozenset(found))


def _holds(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = expression["key"], expression.get("values") or []
    return {
        "In": labels.get(key) in values,
        "NotIn": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }[expression["operator"]]
