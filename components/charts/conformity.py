"""What every object of a third-party chart is given, so that it obeys the same rules as our own.

Charts differ in which of their objects take labels; a transform reaches all of them.
Source: POL-2, CLU-18, COST-9, SEC-11.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

Manifest = dict[str, Any]
Patch = Callable[[Manifest], None]
"""Changes a manifest in place; looks at ``kind`` and ``metadata.name`` to find the one that it is about."""

_POD_TEMPLATES = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
_RESTARTED = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
RESTART = {"reloader.stakater.com/auto": "true"}
"""Annotation of a workload that is restarted when a Secret that its pods use is renewed. Source: SEC-11."""
# references to Secrets among variables and volumes, in Kubernetes' spelling and the SDK's
_SECRETS = frozenset({"secretKeyRef", "secretRef", "secret", "secret_key_ref", "secret_ref"})
_CONTAINERS = ("initContainers", "containers")


def conform(
    manifest: Mapping[str, Any], labels: Mapping[str, str], pod_labels: Mapping[str, str], patches: Sequence[Patch] = ()
) -> Manifest:
    """A manifest with the platform's labels on the object and on the pods it makes, restarted when its Secrets change.

    Selectors stay as they are, and so do labels that the chart sets itself: selectors may count on them.

    Args:
        manifest: as the chart renders it.
        labels: for the object and its pods.
        pod_labels: for its pods only.
        patches: further changes.
    """
    changed: Manifest = _copied(manifest)
    _add(changed, labels)
    template = pod_template(changed)
    if template is not None:
        _add(template, {**labels, **pod_labels})
        if changed["kind"] in _RESTARTED and uses_secrets(template):
            _add(changed, RESTART, "annotations")
    if changed.get("kind") == "CronJob":
        _add(changed["spec"]["jobTemplate"], labels)
    for claim in (changed.get("spec") or {}).get("volumeClaimTemplates") or []:
        _add(claim, labels)
    for patch in patches:
        patch(changed)
    return changed


def pod_template(manifest: Mapping[str, Any]) -> Manifest | None:
    """The pod template of a workload, None where the object makes no pods."""
    path = _POD_TEMPLATES.get(str(manifest.get("kind")))
    if path is None:
        return None
    part: Any = manifest
    for key in path:
        part = part[key]
    return part


def containers(manifest: Mapping[str, Any]) -> Iterator[Manifest]:
    """Every container of a workload, init containers first."""
    template = pod_template(manifest)
    for key in _CONTAINERS if template else ():
        yield from (template or {})["spec"].get(key) or []


def uses_secrets(part: object) -> bool:
    """Whether pods, or a part of their specification, read a Secret."""
    if isinstance(part, Mapping):
        members = cast("Mapping[str, object]", part)
        return any((key in _SECRETS and value is not None) or uses_secrets(value) for key, value in members.items())
    return isinstance(part, list) and any(uses_secrets(member) for member in cast("list[object]", part))


def named(kind: str, name: str, change: Patch) -> Patch:
    """A patch of the one object of this kind and name."""

    def patch(manifest: Manifest) -> None:
        if manifest["kind"] == kind and manifest["metadata"]["name"] == name:
            change(manifest)

    return patch


def _copied(part: Any) -> Any:
    """A copy but of the leaves: what a Secret holds is an Output, which cannot be copied."""
    if isinstance(part, Mapping):
        return {key: _copied(value) for key, value in part.items()}
    return [_copied(value) for value in part] if isinstance(part, list) else part


def _add(part: Manifest, added: Mapping[str, str], key: str = "labels") -> None:
    metadata = part.setdefault("metadata", {})
    metadata[key] = {**added, **(metadata.get(key) or {})}
