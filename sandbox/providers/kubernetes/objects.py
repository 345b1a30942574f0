"""What a type token and its inputs say about a Kubernetes object."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, cast

from sandbox.providers.schema import known
from sandbox.providers.stand_in import UNKNOWN, Failures

AUTONAMED: Final = "pulumi.com/autonamed"
DEFAULT_NAMESPACE: Final = "default"
# kinds of the built-in groups that live outside namespaces; what custom resources do is asked of the cluster
_CLUSTER_SCOPED: Final = frozenset(
    {
        "APIService", "CSIDriver", "CSINode", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding",
        "ClusterTrustBundle", "ComponentStatus", "CustomResourceDefinition", "DeviceClass", "DeviceTaintRule",
        "FlowSchema", "IPAddress", "IngressClass", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding",
        "MutatingWebhookConfiguration", "Namespace", "Node", "PersistentVolume", "PriorityClass",
        "PriorityLevelConfiguration", "ResourceSlice", "RuntimeClass", "SelfSubjectAccessReview", "SelfSubjectReview",
        "SelfSubjectRulesReview", "ServiceCIDR", "StorageClass", "StorageVersion", "StorageVersionMigration",
        "SubjectAccessReview", "TokenReview", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration", "VolumeAttachment", "VolumeAttributesClass",
    }
)  # fmt: skip
_SUBDOMAIN: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LABEL_NAMED: Final = frozenset({"Namespace", "Service"})
# the SDKs cannot have dashes in names
_UNDERSCORED: Final = {
    name.replace("-", "_"): name
    for name in (
        "x-kubernetes-embedded-resource",
        "x-kubernetes-int-or-string",
        "x-kubernetes-list-map-keys",
        "x-kubernetes-list-type",
        "x-kubernetes-map-type",
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-validations",
    )
}
_DASHED: Final = {name: underscored for underscored, name in _UNDERSCORED.items()}


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
    def name(self) -> str:
        """The kind with its version: ``apps/v1/Deployment``."""
        return f"{self.api_version}/{self.kind}"

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def namespaced(self) -> bool | None:
        """Whether it lives in a namespace; None where only the cluster knows."""
        return self.kind not in _CLUSTER_SCOPED if self.builtin else None

    @property
    def is_definition(self) -> bool:
        """Whether it defines custom resources."""
        return self.kind == "CustomResourceDefinition"


@cache
def object_type(token: str, declared_kind: str | None = None) -> ObjectType:
    """Take a token such as ``kubernetes:apps/v1:Deployment`` apart.

    Args:
        token: type token.
        declared_kind: the ``kind`` among the inputs; with ``Kafka`` there, ``KafkaPatch`` in the token is a patch.
    """
    _, group_version, kind = token.split(":", 2)
    group, _, version = group_version.rpartition("/")
    builtin = known(token)
    base = kind.removesuffix("Patch")
    patch = base != kind and (builtin or declared_kind == base)
    return ObjectType(
        version if group in {"", "core"} else f"{group}/{version}", base if patch else kind, patch, builtin
    )


def type_token(api_version: str, kind: str) -> str:
    """Return the type token of a kind."""
    group_version = api_version if "/" in api_version else f"core/{api_version}"
    return f"kubernetes:{group_version}:{kind}"


def metadata(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata of an object; empty where there is none, or where it is unknown."""
    found = manifest.get("metadata")
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def annotation(manifest: Mapping[str, Any], name: str) -> str | None:
    """Return an annotation's value, if it is known."""
    annotations = metadata(manifest).get("annotations")
    value = annotations.get(name) if isinstance(annotations, Mapping) else None
    return value if isinstance(value, str) else None


def identifier(manifest: Mapping[str, Any]) -> str:
    """Return the resource id: ``namespace/name`` or ``name``."""
    found = metadata(manifest)
    return f"{found['namespace']}/{found['name']}" if found.get("namespace") else found["name"]


def split_identifier(resource_id: str) -> tuple[str | None, str]:
    """Return namespace and name of a resource id."""
    namespace, _, name = resource_id.rpartition("/")
    return namespace or None, name


def name_failures(kind: ObjectType, name: Any) -> Failures:
    """Say what is wrong with a name, as the API server would."""
    if name is UNKNOWN:
        return []
    at = "metadata.name"
    if kind.api_version.startswith("rbac.authorization.k8s.io/"):
        if name in {".", ".."} or any(sign in name for sign in "/%"):
            return [(at, f'{at} "{name}" of {kind.kind} must not contain "/" or "%".')]
        return []
    label = kind.kind in _LABEL_NAMED
    longest = 63 if label else 253
    if len(name) > longest or not (_LABEL if label else _SUBDOMAIN).fullmatch(name):
        signs = "lower-case letters, digits and -" if label else "lower-case letters, digits, - and ."
        rule = f"at most {longest} {signs}, and begin and end with a letter or digit"
        return [(at, f'{at} "{name}" of {kind.kind} must be {rule}.')]
    return []


def to_cluster(kind: ObjectType, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest that inputs describe, in the API server's spelling."""
    return cast("dict[str, Any]", _renamed(inputs, _UNDERSCORED)) if kind.is_definition else dict(inputs)


def from_cluster(kind: ObjectType, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest in the SDKs' spelling."""
    return cast("dict[str, Any]", _renamed(manifest, _DASHED)) if kind.is_definition else dict(manifest)


def without_nulls(value: Any) -> Any:
    """Return a value without the keys that are null: to the API server they are absent."""
    if isinstance(value, Mapping):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in cast("list[Any]", value)]
    return value


def encoded_data(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a Secret as the API server keeps it: ``stringData`` wins and is encoded."""
    plain = manifest.get("stringData") or {}
    if not isinstance(plain, Mapping):
        return {"": UNKNOWN}
    encoded = {
        key: base64.b64encode(value.encode()).decode() if isinstance(value, str) else value
        for key, value in plain.items()
    }
    data = manifest.get("data") or {}
    return {**data, **encoded} if isinstance(data, Mapping) else {"": UNKNOWN}


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {names.get(key, key): _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in cast("list[Any]", value)]
    return value
