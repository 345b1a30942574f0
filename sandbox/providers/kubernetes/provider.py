"""The life of Kubernetes objects: checked against the SDK's classes, kept by server-side apply on a real API server."""

import copy
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from typing_extensions import override

from sandbox.providers import schema
from sandbox.providers.kubernetes import drift, kubeconfig, readiness
from sandbox.providers.kubernetes.api import Api, ApiError, Manifest, UnreachableError
from sandbox.providers.kubernetes.objects import (
    AUTONAMED,
    ObjectType,
    identifier,
    name_failures,
    object_type,
    replaced_by,
    respelled,
    split_identifier,
)
from sandbox.providers.stand_in import (
    UNKNOWN,
    Failures,
    InitializationError,
    ReadResult,
    ResourceDiff,
    ResourceReference,
    StandIn,
    StandInError,
    compare,
    contains_unknown,
)

POLL_SECONDS = 0.2
PATCH_FORCE = "pulumi.com/patchForce"
DELETION_POLICY = "pulumi.com/deletionPropagationPolicy"
# what the state keeps beside the object itself, under the names that the vendor's provider uses
INPUTS, MANAGER, INITIAL_VERSION = "__inputs", "__fieldManager", "__initialApiVersion"
_NOT_KEPT = frozenset({"managedFields"})


class KubernetesStandIn(StandIn):
    """Stands in for the kubernetes provider; without a known kubeconfig it checks and foretells, and no more."""

    name: ClassVar[str] = "kubernetes"

    def __init__(self) -> None:
        super().__init__()
        self._api: Api | None = None
        self._namespace = "default"

    @override
    def configure_provider(self, config: dict[str, Any]) -> None:
        given, context = config.get("kubeconfig"), config.get("context")
        if UNKNOWN in (given, context):
            # the cluster itself is still to be created
            return
        self._api = Api(kubeconfig.load(given, context))
        self._namespace = config.get("namespace") or self._api.namespace

    @override
    def check_resource(
        self, resource: ResourceReference, old: dict[str, Any], new: dict[str, Any]
    ) -> tuple[dict[str, Any], Failures]:
        kind = object_type(resource.type)
        if kind.builtin and kind.kind.endswith("List"):
            return new, [("", f"{kind.kind} is a list; declare its items one by one.")]
        if kind.kind == "CustomResourceDefinition":
            failures = schema.validate(resource.type, respelled(new, "-", "_"))
            new = respelled(new, "_", "-")
        else:
            failures = schema.validate(resource.type, new)
        if failures:
            return new, failures
        inputs = {**new, "apiVersion": new.get("apiVersion") or kind.api_version, "kind": kind.kind}
        inputs["metadata"] = self._metadata(resource, kind, old.get("metadata") or {}, new.get("metadata") or {})
        if kind.patch and not (new.get("metadata") or {}).get("name"):
            return new, [("metadata.name", f"{resource.name} patches an object and must name it in metadata.name.")]
        return inputs, name_failures(kind, inputs["metadata"]["name"])

    @override
    def diff_resource(
        self,
        resource: ResourceReference,
        id: str,
        old_inputs: dict[str, Any],
        old_outputs: dict[str, Any],
        new: dict[str, Any],
    ) -> ResourceDiff:
        changed = compare(old_inputs, new).changed
        replacing = replaced_by(object_type(resource.type), old_inputs, new)
        annotations = (new.get("metadata") or {}).get("annotations") or {}
        # a fixed name can be taken only once it is free
        same_place = not {"metadata.name", "metadata.namespace", "kind"} & set(replacing)
        return ResourceDiff(
            changed,
            replaces=tuple(sorted({path.partition(".")[0] for path in replacing})),
            delete_before_replace=bool(replacing) and same_place and annotations.get(AUTONAMED) != "true",
        )

    @override
    def create_resource(
        self, resource: ResourceReference, inputs: dict[str, Any], *, preview: bool, timeout: float
    ) -> tuple[str, dict[str, Any]]:
        kind = object_type(resource.type)
        manager = f"pulumi-kubernetes-{self.random_suffix(resource, 8)}"
        if preview:
            self._dry_run(kind, inputs, manager)
            return "", _foretold(inputs)
        live = self._apply(kind, inputs, manager)
        return identifier(live), self._await(kind, inputs, live, manager, timeout)

    @override
    def update_resource(
        self,
        resource: ResourceReference,
        id: str,
        old_inputs: dict[str, Any],
        old_outputs: dict[str, Any],
        inputs: dict[str, Any],
        *,
        preview: bool,
        timeout: float,
    ) -> dict[str, Any]:
        kind = object_type(resource.type)
        manager = old_outputs.get(MANAGER) or f"pulumi-kubernetes-{self.random_suffix(resource, 8)}"
        if preview:
            self._dry_run(kind, inputs, manager)
            return {**old_outputs, **inputs}
        live = self._apply(kind, inputs, manager)
        return self._await(kind, inputs, live, manager, timeout)

    @override
    def read_resource(
        self, resource: ResourceReference, id: str, inputs: dict[str, Any], outputs: dict[str, Any]
    ) -> ReadResult | None:
        kind = object_type(resource.type)
        api = self._connected()
        namespace, name = split_identifier(id)
        served = api.resource(inputs.get("apiVersion") or kind.api_version, kind.kind)
        live = api.get(served.path(namespace, name)) if served else None
        if live is None:
            return None
        current = drift.live_inputs(inputs, live) if inputs else drift.imported_inputs(live)
        manager = outputs.get(MANAGER) or f"pulumi-kubernetes-{self.random_suffix(resource, 8)}"
        return ReadResult(id, current, _outputs(live, current, manager))

    @override
    def delete_resource(
        self, resource: ResourceReference, id: str, inputs: dict[str, Any], outputs: dict[str, Any], *, timeout: float
    ) -> None:
        kind = object_type(resource.type)
        api = self._connected()
        namespace, name = split_identifier(id)
        served = api.resource(inputs.get("apiVersion") or kind.api_version, kind.kind)
        if served is None:
            return
        path = served.path(namespace, name)
        live = api.get(path)
        if live is None:
            return
        if kind.patch:
            released = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": name}}
            api.apply(path, released, manager=outputs[MANAGER], force=False, dry_run=False)
            return
        annotations = live["metadata"].get("annotations") or {}
        api.delete(path, annotations.get(DELETION_POLICY, "foreground").capitalize())
        self._await_deletion(api, path, live, timeout)

    @override
    def secret_outputs(self, type: str) -> frozenset[str]:
        return frozenset({"data", "stringData"}) if object_type(type).kind == "Secret" else frozenset()

    def _metadata(
        self, resource: ResourceReference, kind: ObjectType, old: Mapping[str, Any], given: Mapping[str, Any]
    ) -> dict[str, Any]:
        metadata = dict(given)
        if not metadata.get("name"):
            was = (old.get("annotations") or {}).get(AUTONAMED) == "true"
            metadata["name"] = old["name"] if was else f"{resource.name}-{self.random_suffix(resource, 8)}"
            metadata["annotations"] = {**(metadata.get("annotations") or {}), AUTONAMED: "true"}
        if metadata.get("namespace") is None and not self._cluster_scoped(kind):
            metadata["namespace"] = self._namespace
        return metadata

    def _cluster_scoped(self, kind: ObjectType) -> bool:
        if kind.cluster_scoped is not None:
            return kind.cluster_scoped
        if self._api is None:
            return True
        try:
            served = self._api.resource(kind.api_version, kind.kind)
        except UnreachableError:
            served = None
        # a custom resource that names no namespace and whose definition is yet to come lives outside namespaces
        return served is None or not served.namespaced

    def _connected(self) -> Api:
        if self._api is None:
            raise StandInError(
                "The kubeconfig is not known; run an update that creates the cluster first, or give the provider one."
            )
        return self._api

    def _dry_run(self, kind: ObjectType, inputs: dict[str, Any], manager: str) -> None:
        """Ask the API server what would come of it, where it can tell: the namespace and the kind must be there."""
        if self._api is None or contains_unknown(inputs):
            return
        namespace = inputs["metadata"].get("namespace")
        try:
            served = self._api.resource(inputs["apiVersion"], kind.kind)
            if served is None or (namespace and self._api.get(f"/api/v1/namespaces/{namespace}") is None):
                return
            self._apply(kind, inputs, manager, dry_run=True)
        except UnreachableError:
            # the update will say so
            return

    def _apply(self, kind: ObjectType, inputs: dict[str, Any], manager: str, *, dry_run: bool = False) -> Manifest:
        api = self._connected()
        metadata = inputs["metadata"]
        served = api.resource(inputs["apiVersion"], kind.kind)
        if served is None:
            raise StandInError(
                f"The cluster does not serve {kind.kind} of {inputs['apiVersion']}; "
                "create its CustomResourceDefinition first and let this resource depend on it."
            )
        path = served.path(metadata.get("namespace"), metadata["name"])
        if kind.patch and not dry_run and api.get(path) is None:
            raise StandInError(f"{kind.kind} {identifier(inputs)} does not exist, so there is nothing to patch.")
        force = (metadata.get("annotations") or {}).get(PATCH_FORCE) == "true"
        try:
            return api.apply(path, _without_nulls(inputs), manager=manager, force=force, dry_run=dry_run)
        except ApiError as error:
            raise _explained(error, kind, identifier(inputs)) from error

    def _await(
        self, kind: ObjectType, inputs: dict[str, Any], live: Manifest, manager: str, timeout: float
    ) -> dict[str, Any]:
        """Wait until the object is ready; what is not ready in time is kept in the state and tried again next time."""
        api = self._connected()
        check = None if kind.patch else readiness.check_for(kind.kind, live["metadata"].get("annotations") or {})
        if check is None:
            return _outputs(live, inputs, manager)
        served = api.resource(inputs["apiVersion"], kind.kind)
        path = served.path(live["metadata"].get("namespace"), live["metadata"]["name"]) if served else ""
        deadline = time.monotonic() + timeout
        while True:
            try:
                reason = check(api, live)
            except readiness.FailedError as error:
                raise self._not_ready(inputs, live, manager, str(error)) from error
            if reason is None:
                return _outputs(live, inputs, manager)
            if time.monotonic() > deadline:
                raise self._not_ready(inputs, live, manager, f"after {timeout:.0f} s {reason}")
            if self.cancelled.wait(POLL_SECONDS):
                raise self._not_ready(inputs, live, manager, f"interrupted while {reason}")
            latest = api.get(path)
            if latest is None:
                raise StandInError(
                    f"{kind.kind} {identifier(live)} was deleted while it was awaited; run the update again."
                )
            live = latest

    def _not_ready(self, inputs: dict[str, Any], live: Manifest, manager: str, reason: str) -> InitializationError:
        return InitializationError(identifier(live), _outputs(live, inputs, manager), [reason], inputs)

    def _await_deletion(self, api: Api, path: str, live: Manifest, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while (now := api.get(path)) is not None and now["metadata"]["uid"] == live["metadata"]["uid"]:
            if time.monotonic() > deadline:
                waiting = ", ".join(now["metadata"].get("finalizers") or []) or _deletion_reason(now)
                raise StandInError(f"{live['kind']} {identifier(live)} is still being deleted, waiting for {waiting}.")
            if self.cancelled.wait(POLL_SECONDS):
                raise StandInError(f"Interrupted while {live['kind']} {identifier(live)} was being deleted.")


def _deletion_reason(live: Manifest) -> str:
    conditions = (live.get("status") or {}).get("conditions") or []
    return "; ".join(item["message"] for item in conditions if item["status"] == "True") or "its contents"


def _foretold(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return what a preview can say of an object that does not exist yet."""
    foretold = copy.deepcopy(inputs)
    for name in ("uid", "resourceVersion", "creationTimestamp", "generation"):
        foretold["metadata"].setdefault(name, UNKNOWN)
    return {**foretold, "status": UNKNOWN}


def _outputs(live: Manifest, inputs: dict[str, Any], manager: str) -> dict[str, Any]:
    metadata = {key: value for key, value in live["metadata"].items() if key not in _NOT_KEPT}
    return {
        **live,
        "metadata": metadata,
        INPUTS: inputs,
        INITIAL_VERSION: inputs.get("apiVersion") or live["apiVersion"],
        MANAGER: manager,
    }


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def _explained(error: ApiError, kind: ObjectType, name: str) -> StandInError:
    if error.status == HTTPStatus.CONFLICT and error.causes:
        fields = "; ".join(f"{message} ({field})" for message, field in error.causes)
        return StandInError(
            f"{kind.kind} {name}: {fields}. Remove the fields from the program, or take them over with the annotation "
            f'{PATCH_FORCE}: "true".'
        )
    return StandInError(f"The API server refused {kind.kind} {name}: {error}")
