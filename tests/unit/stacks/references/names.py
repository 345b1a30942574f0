"""Whether what else an object names exists: accounts, classes, issuers, stores, clusters."""

from collections.abc import Iterator
from typing import Any

from tests.unit.stacks.references.objects import CHART, Manifest, Objects, namespace_of, reference_of, table

# Kubernetes itself brings these
_BUILT_IN = frozenset({("PriorityClass", "system-node-critical"), ("PriorityClass", "system-cluster-critical")})
# Strimzi's resources name their cluster by a label
_CLUSTER_LABEL = "strimzi.io/cluster"
_CLUSTERS = {"KafkaConnector": "KafkaConnect"}


def names(objects: Objects) -> Iterator[str]:
    """Every account, class, issuer, store and cluster that is named exists."""
    places = {(item["kind"], namespace_of(item), item["metadata"]["name"]) for item in objects.manifests}
    for manifest in objects.manifests:
        for kind, namespace, name in (*_named(manifest), *_cluster(manifest), *_subjects(manifest)):
            cluster_wide = kind.startswith("Cluster") and kind != "Cluster"
            place = (kind, "" if cluster_wide else namespace, name)
            if place not in places and (kind, name) not in _BUILT_IN:
                yield f"{reference_of(manifest)}: there is no {kind} {name}"


def _named(manifest: Manifest) -> Iterator[tuple[str, str, str]]:
    part = manifest["values"] if manifest["kind"] == CHART else manifest.get("spec") or {}
    for field, value in _fields(part):
        row = table("names").get(field)
        if not row or not value:
            continue
        namespace = namespace_of(manifest) if row.get("namespace") else ""
        if isinstance(value, str):
            yield row["kind"], namespace, value
        elif isinstance(value, dict) and isinstance(value.get("name"), str):
            yield value.get("kind", row["kind"]), namespace, value["name"]


def _fields(part: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(part, dict):
        yield from part.items()
    for value in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from _fields(value)


def _cluster(manifest: Manifest) -> Iterator[tuple[str, str, str]]:
    labels = manifest["metadata"].get("labels") or {}
    if _CLUSTER_LABEL in labels and manifest["kind"].startswith("Kafka"):
        yield _CLUSTERS.get(manifest["kind"], "Kafka"), namespace_of(manifest), labels[_CLUSTER_LABEL]
    if manifest["kind"] in {"Database", "DatabaseRole"}:
        yield "Cluster", namespace_of(manifest), manifest["spec"]["cluster"]["name"]


def _subjects(manifest: Manifest) -> Iterator[tuple[str, str, str]]:
    """A binding's role, and the accounts among its subjects."""
    if "roleRef" not in manifest:
        return
    role = manifest["roleRef"]
    yield role["kind"], namespace_of(manifest), role["name"]
    for subject in manifest["subjects"]:
        if subject["kind"] == "ServiceAccount":
            yield "ServiceAccount", subject["namespace"], subject["name"]
