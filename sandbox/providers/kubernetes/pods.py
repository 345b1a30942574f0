"""Why the pods of a workload do not run."""

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.providers.kubernetes.api import Api, Manifest
from sandbox.providers.kubernetes.objects import DEFAULT_NAMESPACE, identifier, metadata


def status(live: Manifest) -> dict[str, Any]:
    """Return the status of an object; empty where it has none yet."""
    return live.get("status") or {}


def condition(live: Manifest, wanted: str) -> dict[str, Any]:
    """Return a status condition by its type, whatever its case; empty where it is not reported."""
    reported: list[dict[str, Any]] = status(live).get("conditions") or []
    return next((item for item in reported if item["type"].lower() == wanted.lower()), {})


def owned_pods(api: Api, owner: Manifest) -> list[Manifest]:
    """Return the pods that an object controls itself."""
    uid, namespace = metadata(owner)["uid"], metadata(owner)["namespace"]
    pods = api.items(f"/api/v1/namespaces/{namespace}/pods")
    return [pod for pod in pods if any(one["uid"] == uid for one in metadata(pod).get("ownerReferences") or [])]


def unready_reasons(api: Api, owner: Manifest) -> Iterator[str]:
    """Say what keeps an owner's pods from being ready or, where there are no pods, what its events warn of."""
    pods = owned_pods(api, owner)
    if not pods:
        yield from warnings(api, owner)
    yield from dict.fromkeys(reason for pod in pods for reason in pod_reasons(pod))


def pod_reasons(pod: Manifest) -> list[str]:
    """Say what keeps a pod from being ready; nothing where it is, or has ended well."""
    if status(pod).get("phase") == "Succeeded" or condition(pod, "Ready").get("status") == "True":
        return []
    containers = list(_container_reasons(pod))
    for name in ("PodScheduled", "Initialized", "Ready"):
        reported = condition(pod, name)
        if reported.get("status") == "False" and (reported.get("message") or containers):
            sentences = [reported["message"]] if reported.get("message") else []
            return [f"[Pod {identifier(pod)}]: {'; '.join([*sentences, *containers])}"]
    return [f"[Pod {identifier(pod)}]: {reason}" for reason in containers]


def warnings(api: Api, live: Manifest) -> Iterator[str]:
    """Say what the events about an object warn of, each once."""
    found = metadata(live)
    path = f"/api/v1/namespaces/{found.get('namespace') or DEFAULT_NAMESPACE}/events"
    events = api.items(path, fieldSelector=f"involvedObject.uid={found['uid']},type=Warning")
    yield from dict.fromkeys(f"[{event['reason']}] {event['message']}" for event in events)


def _container_reasons(pod: Manifest) -> Iterator[str]:
    for name in ("initContainerStatuses", "containerStatuses"):
        for container in status(pod).get(name) or []:
            if not container.get("ready"):
                yield from _state_reasons(container)


def _state_reasons(container: Mapping[str, Any]) -> Iterator[str]:
    state: Mapping[str, Any] = container.get("state") or {}
    waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
    if waiting.get("reason") not in {None, "ContainerCreating", "PodInitializing"}:
        yield f"[{waiting['reason']}] {waiting.get('message', '')}".rstrip()
    if ended.get("reason") and ended.get("exitCode"):
        yield f'container "{container["name"]}" ended with exit code {ended["exitCode"]} ({ended["reason"]})'
    last = (container.get("lastState") or {}).get("terminated")
    if last:
        yield f'container "{container["name"]}" ended before with exit code {last["exitCode"]} ({last.get("reason")})'
