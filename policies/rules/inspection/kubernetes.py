"""Which resources are Kubernetes objects, and the objects that each stands for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .resource import Resource, is_unknown

HELM_RELEASE = "kubernetes:helm.sh/v3:Release"
"""The one Helm resource whose objects the engine never sees; those of charts are resources of their own."""

_COMPONENTS = frozenset(
    {
        "kubernetes:helm.sh/v2:Chart",
        "kubernetes:helm.sh/v3:Chart",
        "kubernetes:helm.sh/v4:Chart",
        "kubernetes:kustomize/v2:Directory",
        "kubernetes:kustomize:Directory",
        "kubernetes:yaml/v2:ConfigFile",
        "kubernetes:yaml/v2:ConfigGroup",
        "kubernetes:yaml:ConfigFile",
        "kubernetes:yaml:ConfigGroup",
    }
)
_NATIVE_GROUPS = frozenset(
    {
        "",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "auditregistration.k8s.io",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "core",
        "discovery.k8s.io",
        "events.k8s.io",
        "extensions",
        "flowcontrol.apiserver.k8s.io",
        "internal.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
        "storagemigration.k8s.io",
    }
)
_WORKLOADS = frozenset(
    {
        "CronJob",
        "DaemonSet",
        "Deployment",
        "Job",
        "Pod",
        "PodTemplate",
        "ReplicaSet",
        "ReplicationController",
        "StatefulSet",
    }
)
# policies about pods hold patterns of pods; they run none
_POLICY_GROUPS = (".kyverno.io", ".gatekeeper.sh")
_ENVELOPE = ("apiVersion", "kind", "metadata")


@dataclass(frozen=True)
class Manifest:
    """A Kubernetes object as the API server gets it.

    Args:
        path: where it stands in the resource; empty for the resource itself.
        group: API group; empty or ``core`` for the core group.
        kind: kind, without the ending of Pulumi's Patch types.
        body: the object's fields.
        partial: whether it is merged into an object that exists already.
    """

    path: str
    group: str
    kind: str
    body: Mapping[str, Any]
    partial: bool

    @property
    def native(self) -> bool:
        """Whether the kind is Kubernetes's own."""
        return self.group in _NATIVE_GROUPS

    @property
    def may_run_pods(self) -> bool:
        """Whether pods may come of the object: it is a workload, or of a kind that only its operator knows."""
        return self.workload or not (self.native or f".{self.group}".endswith(_POLICY_GROUPS))

    @property
    def workload(self) -> bool:
        """Whether the kind is one of Kubernetes's own that run pods."""
        return self.native and self.kind in _WORKLOADS

    def at(self, path: str) -> str:
        """The path of a part, from the resource's root."""
        return f"{self.path}.{path}" if self.path else path


@dataclass(frozen=True)
class Unreadable:
    """A part that decides the verdict and cannot be read.

    Args:
        path: where it stands in the resource.
        reason: why it cannot be read.
    """

    path: str
    reason: str = "is unknown at preview"

    def __str__(self) -> str:
        return f"{self.path} {self.reason}, so it cannot be judged; give it as a plain value"


def is_object(resource_type: str) -> bool:
    """Whether a resource type is a Kubernetes object; components are none, their children are."""
    return resource_type.startswith("kubernetes:") and resource_type not in _COMPONENTS


def objects(resource: Resource) -> Iterator[Manifest | Unreadable]:
    """The object that a resource declares, or those of its list, whole."""
    return _objects(resource, resource.properties())


def envelopes(resource: Resource) -> Iterator[Manifest | Unreadable]:
    """As `objects`, but of a single object only what identifies it: reading a large one costs time."""
    if _is_list(resource.type.rpartition(":")[2]) or _is_list(resource.property("kind")):
        return objects(resource)
    return _objects(resource, {key: resource.property(key) for key in _ENVELOPE})


def pod_objects(resource: Resource) -> Iterator[Manifest | Unreadable]:
    """As `objects`, but only of resources that may run pods."""
    if any(isinstance(envelope, Unreadable) or envelope.may_run_pods for envelope in envelopes(resource)):
        yield from objects(resource)


def _objects(resource: Resource, properties: Mapping[str, Any]) -> Iterator[Manifest | Unreadable]:
    _, version, token_kind = (*resource.type.split(":"), "", "")[:3]
    kind = token_kind.removesuffix("Patch")
    return _expand("", properties, version, kind, partial=kind != token_kind)


def _expand(
    path: str, body: Mapping[str, Any], version: str, kind: str, *, partial: bool
) -> Iterator[Manifest | Unreadable]:
    version = _text(body.get("apiVersion")) or version
    kind = _text(body.get("kind")) or kind
    items = body.get("items")
    if not _is_list(kind) or not (isinstance(items, list) or is_unknown(items)):
        yield Manifest(path, version.rpartition("/")[0], kind, body, partial)
        return
    where = f"{path}.items" if path else "items"
    if not isinstance(items, list):
        yield Unreadable(where)
        return
    for index, item in enumerate(items):
        if isinstance(item, Mapping):
            yield from _expand(f"{where}[{index}]", item, version, kind.removesuffix("List"), partial=False)
        elif is_unknown(item):
            yield Unreadable(f"{where}[{index}]")


def _text(value: Any) -> str:
    return value if isinstance(value, str) and not is_unknown(value) else ""


def _is_list(kind: Any) -> bool:
    return isinstance(kind, str) and kind.endswith("List")
