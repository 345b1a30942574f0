"""The life of Kubernetes objects: checked against the SDK's classes, kept on a real API server."""

import asyncio
import importlib.metadata
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, cast

import pulumi
from pulumi.provider.provider import ConstructResult
from typing_extensions import override

from sandbox.providers import schema
from sandbox.providers.kubernetes import components, field_managers, kubeconfig
from sandbox.providers.kubernetes.api import Api, Manifest, UnreachableError
from sandbox.providers.kubernetes.cluster import Cluster, Ownership
from sandbox.providers.kubernetes.components import Surroundings
from sandbox.providers.kubernetes.differences import compare_inputs
from sandbox.providers.kubernetes.drift import imported_inputs, refreshed_inputs
from sandbox.providers.kubernetes.helm import Capabilities
from sandbox.providers.kubernetes.naming import ObjectNames
from sandbox.providers.kubernetes.objects import (
    ObjectType,
    from_cluster,
    identifier,
    metadata,
    name_failures,
    object_type,
    without_nulls,
)
from sandbox.providers.kubernetes.waiting import NotReadyError
from sandbox.providers.stand_in import (
    UNKNOWN,
    Failures,
    InitializationError,
    ReadResult,
    ResourceDiff,
    ResourceReference,
    StandIn,
    StandInError,
    contains_unknown,
)

# what the state keeps beside the object itself, under the names that the vendor's provider uses
INPUTS: Final = "__inputs"
MANAGER: Final = "__fieldManager"
INITIAL_VERSION: Final = "__initialApiVersion"
_RELEASE: Final = "kubernetes:helm.sh/v3:Release"
_SET_AT_CREATION: Final = ("uid", "creationTimestamp")
_SET_AT_CHANGE: Final = ("resourceVersion", "generation")


@dataclass(frozen=True)
class _Change:
    """An object that has been created or updated, with its path, new inputs and field manager."""

    kind: ObjectType
    path: str
    inputs: dict[str, Any]
    manager: str


class KubernetesStandIn(StandIn):
    """Stands in for the kubernetes provider; while the kubeconfig is unknown it checks and foretells, and no more."""

    name: ClassVar[str] = "kubernetes"

    def __init__(self) -> None:
        super().__init__()
        self._cluster: Cluster | None = None
        self._names = ObjectNames()
        self._mutable: frozenset[str] = frozenset()
        self._forgets_unreachable = False
        self._no_cluster = "The cluster's kubeconfig is not known yet; create the cluster first."

    @override
    def configure_provider(self, config: dict[str, Any]) -> None:
        for name in ("renderYamlToDirectory", "alwaysRender"):
            if config.get(name):
                raise StandInError(f"{name} is not supported by the kubernetes stand-in; leave it out in the sandbox.")
        if config.get("enableServerSideApply") is not None and not _flag(config, "enableServerSideApply"):
            raise StandInError("enableServerSideApply is false; the kubernetes stand-in applies on the server only.")
        self._mutable = frozenset(
            kind
            for kind, name in (("v1/ConfigMap", "enableConfigMapMutable"), ("v1/Secret", "enableSecretMutable"))
            if _flag(config, name)
        )
        self._forgets_unreachable = _flag(config, "deleteUnreachable")
        if contains_unknown([config.get(name) for name in ("kubeconfig", "context", "cluster")]):
            # the cluster itself is still to be created
            return
        self._connect(config)

    @override
    def check_resource(
        self, resource: ResourceReference, old: dict[str, Any], new: dict[str, Any], /
    ) -> tuple[dict[str, Any], Failures]:
        kind = object_type(resource.type, _declared_kind(new))
        given = without_nulls(new) if kind.builtin else new
        failures = (
            _unsupported(resource.type, kind)
            or schema.validate(resource.type, from_cluster(kind, given))
            or _type_failures(kind, given)
            or _naming_failures(resource, kind, given)
        )
        if failures:
            return new, failures
        inputs = {**given, "apiVersion": kind.api_version, "kind": kind.kind}
        self._names.note(kind, inputs)
        if given.get("metadata") is UNKNOWN:
            return inputs, []
        automatic = f"{resource.name}-{self.random_suffix(resource, 8)}"
        inputs["metadata"] = self._names.complete(kind, metadata(given), metadata(old), automatic, self._cluster)
        return inputs, name_failures(kind, inputs["metadata"]["name"])

    @override
    def diff_resource(
        self,
        resource: ResourceReference,
        resource_id: str,
        old_inputs: dict[str, Any],
        old_outputs: dict[str, Any],
        new: dict[str, Any],
        /,
    ) -> ResourceDiff:
        if old_inputs == new:
            return ResourceDiff(())
        kind = object_type(resource.type, _declared_kind(new))
        namespaced = self._names.namespaced(kind, self._cluster) is not False
        return compare_inputs(kind, old_inputs, new, namespaced=namespaced, mutable=self._mutable)

    @override
    def create_resource(
        self, resource: ResourceReference, inputs: dict[str, Any], /, *, preview: bool, timeout: float
    ) -> tuple[str, dict[str, Any]]:
        kind = object_type(resource.type, _declared_kind(inputs))
        if preview:
            foretold = self._cluster.foretell_creation(kind, inputs) if self._cluster else None
            return "", _foretold(kind, foretold or inputs, {})
        cluster = self._connected()
        manager = field_managers.manager_of(inputs, None)
        path, live = cluster.create(kind, inputs, manager)
        return identifier(live), self._awaited(_Change(kind, path, inputs, manager), live, timeout)

    @override
    def update_resource(
        self,
        resource: ResourceReference,
        resource_id: str,
        old_inputs: dict[str, Any],
        old_outputs: dict[str, Any],
        inputs: dict[str, Any],
        /,
        *,
        preview: bool,
        timeout: float,
    ) -> dict[str, Any]:
        kind = object_type(resource.type, _declared_kind(inputs))
        kept = old_outputs.get(MANAGER)
        manager = field_managers.manager_of(inputs, kept)
        if preview:
            path = self._cluster.path(kind, resource_id) if self._cluster else None
            foretold = self._cluster.foretell_update(kind, path, inputs, manager) if self._cluster and path else None
            return _foretold(kind, foretold or inputs, old_outputs)
        cluster = self._connected()
        path = _served_path(cluster, kind, resource_id)
        live = cluster.update(kind, path, inputs, (kept or manager, manager))
        return self._awaited(_Change(kind, path, inputs, manager), live, timeout)

    @override
    def read_resource(
        self, resource: ResourceReference, resource_id: str, inputs: dict[str, Any], outputs: dict[str, Any], /
    ) -> ReadResult | None:
        kind = object_type(resource.type, _declared_kind(inputs))
        cluster = self._connected()
        path = cluster.path(kind, resource_id)
        live = cluster.api.get(path) if path else None
        if live is None:
            return None
        seen = from_cluster(kind, live)
        found = refreshed_inputs(kind, inputs, outputs, seen) if inputs else imported_inputs(kind, resource.type, seen)
        manager = field_managers.manager_of(found, outputs.get(MANAGER))
        kept = _outputs(kind, live, found, manager)
        try:
            if inputs:
                cluster.waiting.check_ready(kind, inputs, live)
        except NotReadyError as error:
            raise InitializationError(resource_id, kept, error.reasons, found) from error
        return ReadResult(resource_id, found, kept)

    @override
    def delete_resource(
        self,
        resource: ResourceReference,
        resource_id: str,
        inputs: dict[str, Any],
        outputs: dict[str, Any],
        /,
        *,
        timeout: float,
    ) -> None:
        kind = object_type(resource.type, _declared_kind(inputs))
        cluster = self._connected()
        path = cluster.path(kind, resource_id)
        if path:
            cluster.delete(kind, path, inputs, field_managers.manager_of(inputs, outputs.get(MANAGER)), timeout)

    @override
    def construct_component(
        self, name: str, resource_type: str, inputs: pulumi.Inputs, options: pulumi.ResourceOptions | None, /
    ) -> ConstructResult:
        around = Surroundings(
            namespace=self._names.default_namespace,
            version=importlib.metadata.version("pulumi-kubernetes"),
            capabilities=lambda: asyncio.to_thread(self._capabilities),
            namespaced=lambda kind: self._names.namespaced(kind, self._cluster),
        )
        return components.construct(name, resource_type, inputs, options, around)

    @override
    def secret_outputs(self, type_token: str, /) -> frozenset[str]:
        secret = object_type(type_token).name == "v1/Secret"
        return frozenset({"data", "stringData", INPUTS}) if secret else frozenset()

    def _capabilities(self) -> Capabilities:
        if self._cluster is None:
            return Capabilities()
        api = self._cluster.api
        try:
            return Capabilities(api.version(), api.served(), api.kubeconfig)
        except UnreachableError:
            return Capabilities()

    def _awaited(self, change: "_Change", live: Manifest, timeout: float) -> dict[str, Any]:
        """Return the outputs of an object once it is ready; the state keeps what is not, for the next run to go on."""
        kind, inputs = change.kind, change.inputs
        try:
            live = self._connected().waiting.until_ready(kind, change.path, inputs, live, timeout)
        except NotReadyError as error:
            outputs = _outputs(kind, error.live, inputs, change.manager)
            raise InitializationError(identifier(live), outputs, error.reasons) from error
        return _outputs(kind, live, inputs, change.manager)

    def _connect(self, config: Mapping[str, Any]) -> None:
        given = config.get("kubeconfig")
        text = json.dumps(given) if isinstance(given, Mapping) else given
        try:
            connection = kubeconfig.load(text, config.get("context"), config.get("cluster"))
        except StandInError as error:
            if text:
                raise
            # a program may have its own provider and never use this one
            self._no_cluster = str(error)
            return
        ownership = Ownership(adopt=_flag(config, "upsertExistingObjects"), force=_flag(config, "enablePatchForce"))
        self._cluster = Cluster(Api(connection), self.cancelled, ownership)
        self._names.default_namespace = config.get("namespace") or connection.namespace

    def _connected(self) -> Cluster:
        if self._cluster is None:
            raise StandInError(self._no_cluster)
        return self._cluster


def _flag(config: Mapping[str, Any], name: str) -> bool:
    """Return a switch of the provider's configuration, else of the variable that the vendor's provider reads."""
    variable = "PULUMI_K8S_" + "".join(f"_{sign}" if sign.isupper() else sign for sign in name).upper()
    return str(config.get(name, os.environ.get(variable, ""))).lower() == "true"


def _declared_kind(inputs: Mapping[str, Any]) -> str | None:
    kind = inputs.get("kind")
    return kind if isinstance(kind, str) else None


def _unsupported(type_token: str, kind: ObjectType) -> Failures:
    if type_token == _RELEASE:
        return [("", f"{_RELEASE} is not supported by the kubernetes stand-in; kubernetes:helm.sh/v4:Chart is.")]
    if kind.builtin and kind.kind.endswith("List"):
        return [("", f"{kind.kind} only groups objects, as in manifests; declare them one by one.")]
    return []


def _naming_failures(resource: ResourceReference, kind: ObjectType, given: Mapping[str, Any]) -> Failures:
    name = metadata(given).get("name")
    if metadata(given).get("generateName"):
        return [("metadata.generateName", "metadata.generateName does not go with server-side apply; name the object.")]
    if kind.patch and not name:
        return [("metadata.name", f"{resource.name} patches an object and must name it in metadata.name.")]
    if name is not None and name is not UNKNOWN and not isinstance(name, str):
        return [("metadata.name", f"metadata.name is {name!r} and must be a string.")]
    return []


def _type_failures(kind: ObjectType, given: Mapping[str, Any]) -> Failures:
    wanted = {"apiVersion": kind.api_version, "kind": kind.kind}
    return [
        (name, f'{name} is "{given[name]}" and must be "{value}", as the resource type says.')
        for name, value in wanted.items()
        if given.get(name) not in {None, value}
    ]


def _served_path(cluster: Cluster, kind: ObjectType, resource_id: str) -> str:
    path = cluster.path(kind, resource_id)
    if path is None:
        raise StandInError(f"The cluster does not serve {kind.name} any more, so {resource_id} cannot be changed.")
    return path


def _outputs(kind: ObjectType, live: Manifest, inputs: dict[str, Any], manager: str) -> dict[str, Any]:
    seen = from_cluster(kind, live)
    return {
        **seen,
        # as long as the object itself, and of no use to a program
        "metadata": {key: value for key, value in metadata(live).items() if key != "managedFields"},
        INPUTS: inputs,
        INITIAL_VERSION: kind.api_version,
        MANAGER: manager,
    }


def _foretold(kind: ObjectType, manifest: Mapping[str, Any], old_outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a preview can say: what the cluster makes up at a creation or a change is not known yet."""
    if not isinstance(manifest.get("metadata"), Mapping):
        return dict(manifest)
    described = {key: value for key, value in metadata(manifest).items() if key != "managedFields"}
    kept = metadata(old_outputs)
    described |= {name: kept.get(name, UNKNOWN) for name in _SET_AT_CREATION} | dict.fromkeys(_SET_AT_CHANGE, UNKNOWN)
    foretold = {**from_cluster(kind, manifest), "metadata": described, "status": UNKNOWN}
    spec = foretold.get("spec")
    if kind.name == "v1/Service" and not old_outputs and isinstance(spec, Mapping) and spec.get("clusterIP") != "None":
        foretold["spec"] = {**cast("dict[str, Any]", spec), "clusterIP": UNKNOWN, "clusterIPs": UNKNOWN}
    return foretold
