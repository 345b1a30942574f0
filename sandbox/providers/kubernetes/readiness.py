"""When an object counts as ready, and why it is not: the vendor provider's conditions.

Source: pulumi-kubernetes, "Await logic"; annotations `pulumi.com/skipAwait` and `pulumi.com/waitFor`.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from sandbox.providers.kubernetes.api import Api, Manifest
from sandbox.providers.stand_in import StandInError

SKIP_AWAIT: Final = "pulumi.com/skipAwait"
WAIT_FOR: Final = "pulumi.com/waitFor"
_CONDITION: Final = re.compile(r"condition=(?P<type>[^=]+)(=(?P<status>.+))?")
_JSONPATH: Final = re.compile(r"jsonpath=\{?\.?(?P<path>[^}=]+)\}?(=(?P<value>.*))?")


class FailedError(StandInError):
    """The object will not become ready by waiting."""


Check = Callable[[Api, Manifest], str | None]
"""Returns None when ready, else one sentence that says what is missing."""


def check_for(kind: str, annotations: Mapping[str, str]) -> Check | None:
    """Return what to wait for, or None where nothing is waited for.

    Raises:
        StandInError: the waitFor annotation cannot be read.
    """
    if annotations.get(SKIP_AWAIT) == "true":
        return None
    if WAIT_FOR in annotations:
        return _wait_for(annotations[WAIT_FOR])
    return _CHECKS.get(kind)


def _wait_for(annotation: str) -> Check:
    expressions: list[str] = json.loads(annotation) if annotation.lstrip().startswith("[") else [annotation]
    checks = [_expression(expression) for expression in expressions]

    def all_of(api: Api, live: Manifest) -> str | None:
        return next((reason for check in checks if (reason := check(api, live))), None)

    return all_of


def _expression(expression: str) -> Check:
    if match := _CONDITION.fullmatch(expression):
        wanted, status = match["type"], match["status"] or "True"
        return lambda _, live: (
            None
            if _condition(live, wanted) == status
            else f"condition {wanted} is {_condition(live, wanted)}, not {status}"
        )
    if match := _JSONPATH.fullmatch(expression):
        path, value = match["path"], match["value"]

        def at_path(_: Api, live: Manifest) -> str | None:
            found: Any = live
            for key in path.split("."):
                found = found.get(key) if isinstance(found, Mapping) else None
            fulfilled = found is not None if value is None else str(found) == value
            return None if fulfilled else f".{path} is {found!r}" + ("" if value is None else f", not {value!r}")

        return at_path
    raise StandInError(
        f'{WAIT_FOR}: "{expression}" is neither condition=TYPE[=STATUS] nor jsonpath={{.path}}[=VALUE]; '
        "write one of these."
    )


def _condition(live: Manifest, wanted: str) -> str:
    return next((item["status"] for item in _conditions(live) if item["type"] == wanted), "not reported")


def _conditions(live: Manifest) -> list[dict[str, Any]]:
    return (live.get("status") or {}).get("conditions") or []


def _observed(live: Manifest) -> bool:
    return (live.get("status") or {}).get("observedGeneration", 0) >= live["metadata"].get("generation", 0)


def _deployment(api: Api, live: Manifest) -> str | None:
    status = live.get("status") or {}
    wanted = live["spec"].get("replicas", 1)
    for item in _conditions(live):
        if item.get("reason") == "ProgressDeadlineExceeded":
            raise FailedError(f"{item['message']} {_pod_reasons(api, live)}".strip())
    counts = [status.get(name) or 0 for name in ("updatedReplicas", "availableReplicas", "replicas")]
    if _observed(live) and counts[0] >= wanted and counts[1] >= wanted and counts[2] <= counts[0]:
        return None
    return f"{counts[1]} of {wanted} replicas are available. {_pod_reasons(api, live)}".strip()


def _stateful_set(api: Api, live: Manifest) -> str | None:
    status = live.get("status") or {}
    wanted = live["spec"].get("replicas", 1)
    ready = status.get("readyReplicas") or 0
    updated = status.get("currentRevision") == status.get("updateRevision")
    if _observed(live) and ready >= wanted and updated:
        return None
    return f"{ready} of {wanted} replicas are ready. {_pod_reasons(api, live)}".strip()


def _daemon_set(api: Api, live: Manifest) -> str | None:
    status = live.get("status") or {}
    wanted = status.get("desiredNumberScheduled") or 0
    available = status.get("numberAvailable") or 0
    if _observed(live) and available >= wanted and (status.get("updatedNumberScheduled") or 0) >= wanted:
        return None
    return f"{available} of {wanted} pods are available. {_pod_reasons(api, live)}".strip()


def _job(api: Api, live: Manifest) -> str | None:
    for item in _conditions(live):
        if item["type"] == "Failed" and item["status"] == "True":
            raise FailedError(f"the Job failed: {item.get('message', item.get('reason', 'no reason given'))}")
    if _condition(live, "Complete") == "True" or live["spec"].get("suspend"):
        return None
    return f"the Job has not completed. {_pod_reasons(api, live)}".strip()


def _pod(_: Api, live: Manifest) -> str | None:
    if (live.get("status") or {}).get("phase") == "Succeeded" or _condition(live, "Ready") == "True":
        return None
    return _pod_reason(live) or "the pod is not ready."


def _claim(api: Api, live: Manifest) -> str | None:
    if (live.get("status") or {}).get("phase") == "Bound":
        return None
    name = live["spec"].get("storageClassName")
    storage_class = api.get(f"/apis/storage.k8s.io/v1/storageclasses/{name}") if name else None
    if (storage_class or {}).get("volumeBindingMode") == "WaitForFirstConsumer":
        return None
    return "the claim is not bound to a volume."


def _service(api: Api, live: Manifest) -> str | None:
    spec = live["spec"]
    if spec.get("type") == "LoadBalancer" and not ((live.get("status") or {}).get("loadBalancer") or {}).get("ingress"):
        return "the load balancer has no address yet."
    if spec.get("type") == "ExternalName" or spec.get("clusterIP") == "None" or not spec.get("selector"):
        return None
    metadata = live["metadata"]
    slices = api.items(
        f"/apis/discovery.k8s.io/v1/namespaces/{metadata['namespace']}/endpointslices",
        labelSelector=f"kubernetes.io/service-name={metadata['name']}",
    )
    endpoints = [endpoint for item in slices for endpoint in item.get("endpoints") or []]
    if any((endpoint.get("conditions") or {}).get("ready") is not False for endpoint in endpoints):
        return None
    return "no pod that its selector matches is ready."


def _ingress(_: Api, live: Manifest) -> str | None:
    return None if ((live.get("status") or {}).get("loadBalancer") or {}).get("ingress") else "no address was assigned."


def _established(_: Api, live: Manifest) -> str | None:
    for item in _conditions(live):
        if item["type"] == "NamesAccepted" and item["status"] == "False":
            raise FailedError(item.get("message", "its names are taken"))
    return None if _condition(live, "Established") == "True" else "the definition is not established."


def _api_service(_: Api, live: Manifest) -> str | None:
    return None if _condition(live, "Available") == "True" else "the API is not available."


def _namespace(_: Api, live: Manifest) -> str | None:
    phase = (live.get("status") or {}).get("phase")
    return None if phase == "Active" else f"the namespace is {phase}."


def _pod_reasons(api: Api, workload: Manifest) -> str:
    """Say why the pods of a workload do not run, or why there are none."""
    labels = workload["spec"]["selector"].get("matchLabels") or {}
    namespace = workload["metadata"]["namespace"]
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    pods = api.items(f"/api/v1/namespaces/{namespace}/pods", labelSelector=selector) if selector else []
    reasons = {reason for pod in pods if (reason := _pod_reason(pod))}
    if not pods:
        refused = [item for item in _conditions(workload) if item["type"] == "ReplicaFailure"]
        reasons = {item.get("message", "") for item in refused} or _events(api, workload)
    return " ".join(sorted(reasons))


def _pod_reason(pod: Manifest) -> str:
    name = pod["metadata"]["name"]
    status = pod.get("status") or {}
    for container in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
        waiting = (container.get("state") or {}).get("waiting")
        if waiting and waiting.get("reason") not in {None, "ContainerCreating", "PodInitializing"}:
            return (
                f"Pod {name}: container {container['name']}: {waiting['reason']}: {waiting.get('message', '')}".rstrip(
                    ": "
                )
            )
    for item in status.get("conditions") or []:
        if item["status"] == "False" and item.get("message"):
            return f"Pod {name}: {item.get('reason', item['type'])}: {item['message']}"
    return ""


def _events(api: Api, workload: Manifest) -> set[str]:
    metadata = workload["metadata"]
    events = api.items(
        f"/api/v1/namespaces/{metadata['namespace']}/events",
        fieldSelector=f"involvedObject.uid={metadata['uid']},type=Warning",
    )
    return {f"{event['reason']}: {event['message']}" for event in events}


_CHECKS: Final[Mapping[str, Check]] = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Job": _job,
    "Pod": _pod,
    "PersistentVolumeClaim": _claim,
    "Service": _service,
    "Ingress": _ingress,
    "CustomResourceDefinition": _established,
    "APIService": _api_service,
    "Namespace": _namespace,
}
