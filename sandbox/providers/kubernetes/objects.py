"""What a type token and its inputs say about a Kubernetes object."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from sandbox.providers.schema import known
from sandbox.providers.stand_in import UNKNOWN, Failures, same

AUTONAMED: Final = "pulumi.com/autonamed"
# kinds of the built-in groups that live outside namespaces; what custom resources do is asked of the cluster
CLUSTER_SCOPED: Final = frozenset(
    {
        "APIService", "CSIDriver", "CSINode", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding",
        "CustomResourceDefinition", "DeviceClass", "FlowSchema", "IPAddress", "IngressClass", "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration", "Namespace", "Node", "PersistentVolume",
        "PriorityClass", "PriorityLevelConfiguration", "ResourceSlice", "RuntimeClass", "ServiceCIDR", "StorageClass",
        "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
        "VolumeAttachment", "VolumeAttributesClass",
    }
)  # fmt: skip
_SUBDOMAIN: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LABEL_NAMED: Final = frozenset({"Namespace", "Service"})


@dataclass(frozen=True)
class ObjectType:
    """A kind as a type token names it.

    Attributes:
        api_version: e.g. ``apps/v1``, ``v1``.
        kind: e.g. ``Deployment``.
        patch: the resource owns single fields of an object that something else owns.
        builtin: the SDK has a class for it; other kinds are custom resources.
    """

    api_version: str
    kind: str
    patch: bool
    builtin: bool

    @property
    def cluster_scoped(self) -> bool | None:
        """Whether it lives outside namespaces; None where only the cluster knows."""
        return self.kind in CLUSTER_SCOPED if self.builtin else None


@cache
def object_type(token: str) -> ObjectType:
    """Take a token such as ``kubernetes:apps/v1:Deployment`` apart."""
    _, group_version, kind = token.split(":", 2)
    group, _, version = group_version.rpartition("/")
    builtin = known(token)
    patch = builtin and kind.endswith("Patch")
    api_version = version if group in {"", "core"} else f"{group}/{version}"
    return ObjectType(api_version, kind.removesuffix("Patch") if patch else kind, patch, builtin)


def identifier(manifest: Mapping[str, Any]) -> str:
    """Return the resource id: ``namespace/name`` or ``name``."""
    metadata = manifest["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if metadata.get("namespace") else metadata["name"]


def split_identifier(resource_id: str) -> tuple[str | None, str]:
    """Return namespace and name of a resource id."""
    namespace, _, name = resource_id.rpartition("/")
    return namespace or None, name


def name_failures(kind: ObjectType, name: Any) -> Failures:
    """Say what is wrong with a name, as the API server would."""
    if name is UNKNOWN:
        return []
    if kind.api_version.startswith("rbac.authorization.k8s.io/"):
        if name in {".", ".."} or any(sign in name for sign in "/%"):
            return [("metadata.name", f'metadata.name "{name}" of {kind.kind} must not contain "/" or "%".')]
        return []
    pattern, longest, rule = (
        (_LABEL, 63, "lower-case letters, digits and -")
        if kind.kind in _LABEL_NAMED
        else (_SUBDOMAIN, 253, "lower-case letters, digits, - and .")
    )
    if len(name) > longest or not pattern.fullmatch(name):
        reason = (
            f'metadata.name "{name}" of {kind.kind} must be at most {longest} {rule}, and begin and end with a '
            "letter or digit."
        )
        return [("metadata.name", reason)]
    return []


@cache
def _replacements() -> dict[str, dict[str, list[str]]]:
    return yaml.safe_load(Path(__file__).with_name("replacements.yaml").read_text())


def respelled(value: Any, old: str, new: str) -> Any:
    """Return a definition with the schema extensions' names spelled anew.

    The SDKs write ``x_kubernetes_...`` where the API server reads ``x-kubernetes-...``.
    """
    if isinstance(value, Mapping):
        return {
            key.replace(old, new) if key.startswith(f"x{old}kubernetes{old}") else key: respelled(item, old, new)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [respelled(item, old, new) for item in value]
    return value


def replaced_by(kind: ObjectType, old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the paths that differ and that the API server would not change in place."""
    rules = _replacements().get(kind.kind, {}) if kind.builtin else {}
    paths = [*_replacements()["*"]["fields"], *rules.get("fields", [])]
    if old.get("immutable") is True:
        paths += rules.get("when_immutable", [])
    if "everything_but" in rules:
        spec_names = (old.get("spec") or {}).keys() | (new.get("spec") or {}).keys()
        paths += [f"spec.{name}" for name in sorted(spec_names - set(rules["everything_but"]))]
    return tuple(path for path in paths if not same(_at(old, path), _at(new, path)))


def _at(value: Any, path: str) -> Any:
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
