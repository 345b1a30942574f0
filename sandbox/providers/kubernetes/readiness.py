"""When an object counts as ready, by kind.

Source: the "await logic" of pulumi-kubernetes 4.34: which kinds are awaited, on what, for how long. Kinds that it does
not name are ready as soon as they exist.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Any, Final

from sandbox.providers.kubernetes.api import Api, Manifest
from sandbox.providers.kubernetes.objects import metadata
from sandbox.providers.kubernetes.pods import condition, owned_pods, pod_reasons, status, unready_reasons, warnings

_REVISION: Final = "deployment.kubernetes.io/revision"


class NeverReadyError(Exception):
    """Waiting is useless: the object has failed for good."""


Readiness = Callable[[Api, Manifest], Iterable[str] | None]
"""Returns None when the live object is ready, else why it is not: one sentence each, found out when they are read."""


def readiness_of(kind: str) -> Readiness | None:
    """Return how to tell whether a kind such as ``apps/v1/Deployment`` is ready; None where it always is."""
    return _READINESS.get(kind)


def longest_wait(kind: str, timeout: float) -> float:
    """Return for how many seconds a kind is waited for at most."""
    return min(timeout, _LONGEST_WAITS.get(kind, timeout))


def observed(live: Manifest, *, reported: bool = True) -> bool:
    """Whether the object's controller has seen its present generation.

    Args:
        live: the object.
        reported: the controller is known to say so; others are taken for up to date where they do not.
    """
    generation = metadata(live).get("generation", 0)
    return status(live).get("observedGeneration", 0 if reported else generation) >= generation


def _deployment(api: Api, live: Manifest) -> Iterable[str] | None:
    progressing = condition(live, "Progressing")
    if not observed(live):
        return ["The Deployment's controller has not seen the change."]
    available = condition(live, "Available").get("status") == "True"
    rolled_out = progressing.get("status") == "True" and progressing.get("reason") == "NewReplicaSetAvailable"
    replica_set = _current_replica_set(api, live)
    enough = replica_set is not None and _has_ready_replicas(replica_set)
    if available and rolled_out and enough:
        return None
    reasons = [_text(item) for item in (progressing, condition(live, "ReplicaFailure")) if _is_bad(item)]
    if not available:
        reasons.append("Minimum number of live Pods was not attained.")
    elif not rolled_out or not enough:
        reasons.append("The new ReplicaSet's Pods did not become live.")
    return chain(reasons, unready_reasons(api, replica_set) if replica_set else warnings(api, live))


def _is_bad(reported: Mapping[str, Any]) -> bool:
    return reported.get("status") == ("True" if reported.get("type") == "ReplicaFailure" else "False")


def _text(reported: Mapping[str, Any]) -> str:
    return f"[{reported.get('reason', reported['type'])}] {reported.get('message', '')}".rstrip()


def _current_replica_set(api: Api, deployment: Manifest) -> Manifest | None:
    found = metadata(deployment)
    revision = (found.get("annotations") or {}).get(_REVISION)
    for replica_set in api.items(f"/apis/apps/v1/namespaces/{found['namespace']}/replicasets"):
        own = metadata(replica_set)
        owned = any(one["uid"] == found["uid"] for one in own.get("ownerReferences") or [])
        if owned and (own.get("annotations") or {}).get(_REVISION) == revision:
            return replica_set
    return None


def _has_ready_replicas(replica_set: Manifest) -> bool:
    # the ReplicaSet's number, not the Deployment's: a scaler may have changed it
    return status(replica_set).get("readyReplicas", 0) >= replica_set["spec"].get("replicas", 1)


def _stateful_set(api: Api, live: Manifest) -> Iterable[str] | None:
    reported = status(live)
    if not observed(live):
        return ["The StatefulSet's controller has not seen the change."]
    wanted, ready = live["spec"].get("replicas", 1), reported.get("readyReplicas", 0)
    counts = [reported.get("replicas", 0), ready]
    by_hand = (live["spec"].get("updateStrategy") or {}).get("type") == "OnDelete"
    revised = True
    if not (by_hand and metadata(live)["generation"] > 1):
        counts.append(reported.get("currentReplicas", 0))
        revised = bool(reported.get("currentRevision")) and reported["currentRevision"] == reported["updateRevision"]
    if revised and all(count == wanted for count in counts):
        return None
    reasons = [f"{ready} out of {wanted} replicas succeeded readiness checks."]
    if not revised:
        old, new = reported.get("currentRevision"), reported.get("updateRevision")
        reasons.append(f"The StatefulSet has not advanced from revision {old} to revision {new}.")
    return chain(reasons, unready_reasons(api, live))


def _daemon_set(api: Api, live: Manifest) -> Iterable[str] | None:
    reported = status(live)
    if not observed(live) or "desiredNumberScheduled" not in reported:
        return ["The DaemonSet's controller has not seen the change."]
    wanted = reported["desiredNumberScheduled"]
    for name, word in (
        ("updatedNumberScheduled", "updated"),
        ("numberAvailable", "available"),
        ("numberReady", "ready"),
    ):
        if reported.get(name, 0) < wanted:
            return chain([f"{reported.get(name, 0)} of {wanted} pods are {word}."], unready_reasons(api, live))
    return None


def _job(api: Api, live: Manifest) -> Iterable[str] | None:
    reported = status(live)
    failed = condition(live, "Failed")
    if failed.get("status") == "True" and failed.get("reason") in {"BackoffLimitExceeded", "DeadlineExceeded"}:
        reasons = [reason for pod in owned_pods(api, live) for reason in pod_reasons(pod)]
        raise NeverReadyError(" ".join([_text(failed), *dict.fromkeys(reasons)]))
    if reported.get("startTime") and condition(live, "Complete").get("status") == "True":
        return None
    counts = ", ".join(f"{reported.get(name, 0)} {name}" for name in ("active", "succeeded", "failed"))
    return chain([f"The Job has not completed ({counts})."], unready_reasons(api, live))


def _pod(api: Api, live: Manifest) -> Iterable[str] | None:
    if status(live).get("phase") == "Succeeded" or condition(live, "Ready").get("status") == "True":
        return None
    return pod_reasons(live) or warnings(api, live)


def _replication_controller(api: Api, live: Manifest) -> Iterable[str] | None:
    wanted = live["spec"].get("replicas", 1)
    available = status(live).get("availableReplicas", 0)
    return None if available == wanted else chain([f"{available} of {wanted} Pods."], unready_reasons(api, live))


def _service(api: Api, live: Manifest) -> Iterable[str] | None:
    spec, found = live["spec"], metadata(live)
    if spec.get("type") == "LoadBalancer" and not _has_address(live):
        return ["The Service was not given an address; does the cluster have a controller for load balancers?"]
    if spec.get("type") == "ExternalName" or spec.get("clusterIP") == "None" or not spec.get("selector"):
        return None
    slices = api.items(
        f"/apis/discovery.k8s.io/v1/namespaces/{found['namespace']}/endpointslices",
        labelSelector=f"kubernetes.io/service-name={found['name']}",
    )
    if not slices:
        return ["The Service's controller has not looked for Pods."]
    endpoints: list[dict[str, Any]] = [endpoint for item in slices for endpoint in item.get("endpoints") or []]
    pending = [one for one in endpoints if (one.get("conditions") or {}).get("ready") is False]
    # a selector that matches nothing is no error to the vendor's provider either: the pods may come later
    return [f"{len(pending)} of the Pods that the Service selects are not ready."] if pending else None


def _ingress(api: Api, live: Manifest) -> Iterable[str] | None:
    if _has_address(live):
        return None
    sentence = (
        "The Ingress was not given an address; does the cluster have a controller for its class? The annotation "
        'pulumi.com/skipAwait: "true" goes without.'
    )
    return chain([sentence], warnings(api, live))


def _has_address(live: Manifest) -> bool:
    return bool((status(live).get("loadBalancer") or {}).get("ingress"))


def _volume(api: Api, live: Manifest) -> Iterable[str] | None:
    phase = status(live).get("phase")
    return None if phase in {"Available", "Bound"} else chain([f"The volume is {phase}."], warnings(api, live))


def _claim(api: Api, live: Manifest) -> Iterable[str] | None:
    phase, name = status(live).get("phase"), live["spec"].get("storageClassName")
    storage_class = api.get(f"/apis/storage.k8s.io/v1/storageclasses/{name}") if name else None
    waits = (storage_class or {}).get("volumeBindingMode") == "WaitForFirstConsumer"
    if phase == "Bound" or (waits and phase == "Pending"):
        return None
    return chain([f"The claim is {phase}, not bound to a volume."], warnings(api, live))


def _quota(_: Api, live: Manifest) -> Iterable[str] | None:
    wanted = live["spec"].get("hard") or {}
    counted = status(live).get("hard") or {}
    return None if wanted == counted else ["The quota is not enforced yet: its controller has not counted."]


def _secret(_: Api, live: Manifest) -> Iterable[str] | None:
    if live.get("type") != "kubernetes.io/service-account-token" or live.get("data"):
        return None
    return ["The token has not been issued; does the ServiceAccount exist?"]


def _definition(_: Api, live: Manifest) -> Iterable[str] | None:
    names = condition(live, "NamesAccepted")
    if names.get("status") == "False":
        raise NeverReadyError(_text(names))
    established = condition(live, "Established").get("status") == "True"
    return None if established else ["The API server does not serve the new kind yet."]


_READINESS: Final[Mapping[str, Readiness]] = {
    "apiextensions.k8s.io/v1/CustomResourceDefinition": _definition,
    "apps/v1/DaemonSet": _daemon_set,
    "apps/v1/Deployment": _deployment,
    "apps/v1/StatefulSet": _stateful_set,
    "batch/v1/Job": _job,
    "networking.k8s.io/v1/Ingress": _ingress,
    "v1/PersistentVolume": _volume,
    "v1/PersistentVolumeClaim": _claim,
    "v1/Pod": _pod,
    "v1/ReplicationController": _replication_controller,
    "v1/ResourceQuota": _quota,
    "v1/Secret": _secret,
    "v1/Service": _service,
}
_LONGEST_WAITS: Final[Mapping[str, float]] = {
    "v1/PersistentVolume": 300,
    "v1/PersistentVolumeClaim": 300,
    "v1/ResourceQuota": 60,
    "v1/Secret": 5,
}
