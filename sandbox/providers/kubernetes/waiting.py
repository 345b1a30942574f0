"""Waiting until objects are ready, or gone."""

import time
from collections.abc import Mapping
from threading import Event
from typing import Any, Final

from sandbox.providers.kubernetes.api import Api, Manifest
from sandbox.providers.kubernetes.objects import ObjectType, annotation, identifier, metadata
from sandbox.providers.kubernetes.pods import status
from sandbox.providers.kubernetes.readiness import NeverReadyError, Readiness, longest_wait, observed, readiness_of
from sandbox.providers.kubernetes.wait_for import WAIT_FOR, readiness_from
from sandbox.providers.stand_in import StandInError

SKIP_AWAIT: Final = "pulumi.com/skipAwait"
_FIRST_PAUSE_SECONDS: Final = 0.05
_LONGEST_PAUSE_SECONDS: Final = 0.5
# the vendor's provider lets only these go without waiting for their end
_DELETED_UNAWAITED: Final = frozenset(
    {
        "apps/v1/DaemonSet",
        "apps/v1/Deployment",
        "apps/v1/StatefulSet",
        "batch/v1/Job",
        "v1/Namespace",
        "v1/Pod",
        "v1/ReplicationController",
    }
)


class NotReadyError(Exception):
    """An object exists but is not ready.

    Args:
        live: the object as it was seen last.
        reasons: one sentence each.
    """

    def __init__(self, live: Manifest, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.live = live
        self.reasons = reasons


class Waiting:
    """Waits for objects of one cluster.

    Args:
        api: of the cluster.
        cancelled: set when the engine wants to stop.
    """

    def __init__(self, api: Api, cancelled: Event) -> None:
        self._api = api
        self._cancelled = cancelled

    def until_ready(
        self, kind: ObjectType, path: str, inputs: Mapping[str, Any], live: Manifest, timeout: float
    ) -> Manifest:
        """Return the object when it is ready.

        Raises:
            NotReadyError: it is not in time, or it never will be.
        """
        readiness = _readiness(kind, inputs)
        if readiness is None:
            return live
        deadline = time.monotonic() + longest_wait(kind.name, timeout)
        pause = _FIRST_PAUSE_SECONDS
        try:
            while (unready := readiness(self._api, live)) is not None:
                if time.monotonic() > deadline:
                    raise NotReadyError(live, [f"{_called(live)} was not ready in time.", *unready])
                if self._cancelled.wait(pause):
                    raise NotReadyError(live, [f"Interrupted while waiting for {_called(live)}.", *unready])
                pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
                live = self._again(path, live)
        except NeverReadyError as error:
            raise NotReadyError(live, [str(error)]) from error
        return live

    def check_ready(self, kind: ObjectType, inputs: Mapping[str, Any], live: Manifest) -> None:
        """Look once whether an object is ready, as a refresh does.

        Raises:
            NotReadyError: it is not.
        """
        if annotation(inputs, WAIT_FOR) or not observed(live, reported=False):
            # the status tells of another object than this one
            return
        readiness = _readiness(kind, inputs)
        try:
            unready = readiness(self._api, live) if readiness else None
        except NeverReadyError as error:
            raise NotReadyError(live, [str(error)]) from error
        if unready is not None:
            raise NotReadyError(live, [f"{_called(live)} is not ready.", *unready])

    def until_gone(
        self, kind: ObjectType, path: str, inputs: Mapping[str, Any], live: Manifest, timeout: float
    ) -> None:
        """Wait until an object has ceased to exist.

        Raises:
            StandInError: it still does when the time is over; names what it waits for.
        """
        if kind.name in _DELETED_UNAWAITED and annotation(inputs, SKIP_AWAIT) == "true":
            return
        deadline = time.monotonic() + timeout
        pause = _FIRST_PAUSE_SECONDS
        while (now := self._api.get(path)) is not None and metadata(now)["uid"] == metadata(live)["uid"]:
            if time.monotonic() > deadline:
                raise StandInError(f"{_called(live)} is still being deleted; it waits for {_obstacle(now)}.")
            if self._cancelled.wait(pause):
                raise StandInError(f"Interrupted while {_called(live)} was being deleted.")
            pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)

    def _again(self, path: str, live: Manifest) -> Manifest:
        latest = self._api.get(path)
        if latest is None:
            raise StandInError(f"{_called(live)} was deleted while it was awaited; run the update again.")
        return latest


def _readiness(kind: ObjectType, inputs: Mapping[str, Any]) -> Readiness | None:
    if kind.patch or annotation(inputs, SKIP_AWAIT) == "true":
        return None
    asked = annotation(inputs, WAIT_FOR)
    return readiness_from(asked) if asked else readiness_of(kind.name)


def _called(live: Manifest) -> str:
    return f"{live['kind']} {identifier(live)}"


def _obstacle(live: Manifest) -> str:
    conditions: list[dict[str, Any]] = status(live).get("conditions") or []
    told = "; ".join(item["message"] for item in conditions if item["status"] == "True" and item.get("message"))
    finalizers = [*(metadata(live).get("finalizers") or []), *((live.get("spec") or {}).get("finalizers") or [])]
    return told or f"the finalizers {', '.join(finalizers)}" if told or finalizers else "the API server"
