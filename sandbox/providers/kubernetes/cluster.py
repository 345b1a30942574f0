"""Creating, changing and deleting objects of one cluster, as the vendor's provider does."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from threading import Event
from typing import Any, Final

from sandbox.providers.kubernetes import field_managers
from sandbox.providers.kubernetes.api import Api, ApiError, ApiResource, Manifest, UnreachableError
from sandbox.providers.kubernetes.field_managers import CREATOR, PATCH_FORCE
from sandbox.providers.kubernetes.objects import (
    ObjectType,
    annotation,
    identifier,
    metadata,
    split_identifier,
    to_cluster,
)
from sandbox.providers.kubernetes.waiting import Waiting
from sandbox.providers.stand_in import StandInError, contains_unknown

_DELETION_POLICY: Final = "pulumi.com/deletionPropagationPolicy"
_POLICIES: Final = {"orphan": "Orphan", "background": "Background", "foreground": "Foreground"}
# Others are deleted in the foreground: their dependents first. These have none, and go without the garbage collector's
# delay.
_WITHOUT_DEPENDENTS: Final = frozenset(
    {
        "ClusterRole",
        "ClusterRoleBinding",
        "ConfigMap",
        "CustomResourceDefinition",
        "HorizontalPodAutoscaler",
        "IngressClass",
        "LimitRange",
        "Namespace",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "PriorityClass",
        "ResourceQuota",
        "Role",
        "RoleBinding",
        "Secret",
        "ServiceAccount",
        "StorageClass",
    }
)
# charts and manifests may create an object before its namespace or definition
PATIENCE_SECONDS = 30.0
_TEMPORARILY_FORBIDDEN: Final = re.compile(
    r"exceeded quota|failed quota|being terminated|serviceaccount .* not found|User .* cannot "
)
_FIRST_PAUSE_SECONDS: Final = 0.1
_LONGEST_PAUSE_SECONDS: Final = 2.0


@dataclass(frozen=True)
class Ownership:
    """How the provider deals with what others own.

    Attributes:
        adopt: take over an object that exists already instead of refusing to create it.
        force: take fields that other managers own.
    """

    adopt: bool = False
    force: bool = False


class MissingKindError(StandInError):
    """The cluster does not serve a kind."""


class Cluster:
    """One cluster.

    Args:
        api: of the cluster.
        cancelled: set when the engine wants to stop.
        ownership: how to deal with what others own.
    """

    def __init__(self, api: Api, cancelled: Event, ownership: Ownership) -> None:
        self.api = api
        self.waiting = Waiting(api, cancelled)
        self._cancelled = cancelled
        self._ownership = ownership

    def namespaced(self, kind: ObjectType) -> bool | None:
        """Whether a kind lives in namespaces; None where the cluster does not serve it, or does not answer."""
        try:
            served = self.api.resource(kind.api_version, kind.kind)
        except UnreachableError:
            return None
        return served.namespaced if served else None

    def path(self, kind: ObjectType, resource_id: str) -> str | None:
        """Return the path of an object by its id; None where the cluster does not serve its kind any more."""
        served = self.api.resource(kind.api_version, kind.kind)
        return served.path(*split_identifier(resource_id)) if served else None

    def create(self, kind: ObjectType, inputs: Mapping[str, Any], manager: str) -> tuple[str, Manifest]:
        """Create an object and return its path and what the cluster has made of it.

        Raises:
            StandInError: it exists already, or the API server refuses it.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                return self._create(kind, inputs, manager)
            except (MissingKindError, ApiError) as error:
                may_come = isinstance(error, MissingKindError) or error.status == HTTPStatus.NOT_FOUND
                if not may_come or time.monotonic() > deadline or self._cancelled.wait(pause):
                    raise _explained(error, kind, inputs) from error
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def foretell_creation(self, kind: ObjectType, inputs: Mapping[str, Any]) -> Manifest | None:
        """Ask the API server what would become of a creation; None where it cannot tell yet.

        Raises:
            StandInError: it would refuse the object.
        """
        if kind.patch or contains_unknown(inputs):
            return None
        try:
            return self._create(kind, inputs, CREATOR, dry_run=True)[1]
        except (MissingKindError, UnreachableError):
            return None
        except ApiError as error:
            if _says_nothing(error) or error.reason == "AlreadyExists":
                # a replacement is foretold while the old object is still there
                return None
            raise _explained(error, kind, inputs) from error

    def update(self, kind: ObjectType, path: str, inputs: Mapping[str, Any], managers: tuple[str, str]) -> Manifest:
        """Change an object in place.

        Args:
            kind: of the object.
            path: of the object.
            inputs: the new ones.
            managers: the field manager up to now and the one from now on.

        Raises:
            StandInError: it is gone, somebody else owns a field, or the API server refuses the change.
        """
        before, manager = managers
        live = self._existing(kind, path, inputs)
        try:
            if not kind.patch and not kind.is_definition:
                live = field_managers.hand_over(self.api, path, live, manager)
            changed = self._change(kind, path, inputs, live, manager)
            if before != manager:
                field_managers.relinquish(self.api, path, changed, before)
        except ApiError as error:
            raise _explained(error, kind, inputs) from error
        return changed

    def foretell_update(self, kind: ObjectType, path: str, inputs: Mapping[str, Any], manager: str) -> Manifest | None:
        """Ask the API server what would become of a change; None where it cannot tell yet.

        Raises:
            StandInError: it would refuse the change.
        """
        if contains_unknown(inputs):
            return None
        try:
            live = self.api.get(path)
            return self._change(kind, path, inputs, live, manager, dry_run=True) if live else None
        except UnreachableError:
            return None
        except ApiError as error:
            if _says_nothing(error):
                return None
            raise _explained(error, kind, inputs) from error

    def delete(self, kind: ObjectType, path: str, inputs: Mapping[str, Any], manager: str, timeout: float) -> None:
        """Delete an object and wait for its end; a patch only gives its fields back.

        Raises:
            StandInError: it is still there when the time is over, or the API server refuses.
        """
        try:
            live = self.api.get(path)
            if live is None:
                return
            if kind.patch:
                field_managers.relinquish(self.api, path, live, manager)
                return
            usual = "Background" if kind.builtin and kind.kind in _WITHOUT_DEPENDENTS else "Foreground"
            policy = (annotation(inputs, _DELETION_POLICY) or "").lower()
            self.api.delete(path, _POLICIES.get(policy, usual))
        except ApiError as error:
            raise StandInError(f"{_called(kind, inputs)} cannot be deleted: {error}") from error
        self.waiting.until_gone(kind, path, inputs, live, timeout)

    def _create(
        self, kind: ObjectType, inputs: Mapping[str, Any], manager: str, *, dry_run: bool = False
    ) -> tuple[str, Manifest]:
        served = self._served(kind)
        manifest = _manifest(kind, served, inputs)
        namespace, name = metadata(manifest).get("namespace"), metadata(manifest)["name"]
        path = served.path(namespace, name)
        if kind.patch or self._ownership.adopt:
            force = self._forces(inputs) or dry_run
            return path, self.api.apply(path, manifest, manager=manager, force=force, dry_run=dry_run)
        return path, self.api.create(served.path(namespace), manifest, manager=CREATOR, dry_run=dry_run)

    def _change(
        self,
        kind: ObjectType,
        path: str,
        inputs: Mapping[str, Any],
        live: Manifest,
        manager: str,
        *,
        dry_run: bool = False,
    ) -> Manifest:
        manifest = _manifest(kind, self._served(kind), inputs)
        if kind.is_definition:
            # an apply would keep old versions that others own
            manifest["metadata"] = {**metadata(manifest), "resourceVersion": metadata(live)["resourceVersion"]}
            return self.api.replace(path, manifest, manager=manager, dry_run=dry_run)
        force = self._forces(inputs) or (dry_run and field_managers.is_created_by_us(live))
        return self.api.apply(path, manifest, manager=manager, force=force, dry_run=dry_run)

    def _served(self, kind: ObjectType) -> ApiResource:
        served = self.api.resource(kind.api_version, kind.kind)
        if served is None:
            raise MissingKindError(f"the cluster does not serve {kind.name}")
        return served

    def _existing(self, kind: ObjectType, path: str, inputs: Mapping[str, Any]) -> Manifest:
        live = self.api.get(path)
        if live is None:
            raise StandInError(f"{_called(kind, inputs)} does not exist any more; `pulumi refresh` takes note of it.")
        return live

    def _forces(self, inputs: Mapping[str, Any]) -> bool:
        return self._ownership.force or annotation(inputs, PATCH_FORCE) == "true"


def _manifest(kind: ObjectType, served: ApiResource, inputs: Mapping[str, Any]) -> Manifest:
    manifest = to_cluster(kind, inputs)
    if not served.namespaced:
        # it was taken for namespaced while its definition was unknown
        manifest["metadata"] = {key: value for key, value in metadata(manifest).items() if key != "namespace"}
    return manifest


def _says_nothing(error: ApiError) -> bool:
    """Whether a dry run fails for a reason that need not hold any more when the update comes to it.

    The namespace is still to come, or the quota or the permission is. The vendor's provider passes over everything that
    is forbidden; here what an admission plugin forbids is told.
    """
    if error.status == HTTPStatus.FORBIDDEN:
        return bool(_TEMPORARILY_FORBIDDEN.search(str(error)))
    return error.status == HTTPStatus.NOT_FOUND


def _explained(error: StandInError, kind: ObjectType, inputs: Mapping[str, Any]) -> StandInError:
    called = _called(kind, inputs)
    if isinstance(error, MissingKindError):
        return StandInError(
            f"{called} cannot be created: {error}. Create its CustomResourceDefinition first and let this depend on it."
        )
    if isinstance(error, ApiError):
        if error.reason == "AlreadyExists":
            return StandInError(
                f"{called} exists in the cluster already, and not in this stack's state: bring it in with `pulumi "
                "import`, own single fields of it with a Patch resource, or set upsertExistingObjects on the provider."
            )
        return StandInError(f"{called} is refused: {field_managers.conflict(error) or error}")
    return error


def _called(kind: ObjectType, inputs: Mapping[str, Any]) -> str:
    return f"{kind.kind} {identifier(inputs)}"
