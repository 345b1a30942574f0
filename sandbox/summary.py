"""What a deployment has come to, asked of the cluster and of Pulumi's state."""

import json
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.cluster_api import ClusterApi
from sandbox.stack import Resource

POLL_SECONDS = 0.5
POD_SECONDS = 120.0
OUTPUT_WIDTH = 100


@dataclass(frozen=True)
class Pod:
    """A pod as the API server describes it; `reason` says why it does not run."""

    namespace: str
    name: str
    phase: str
    ready: bool
    reason: str

    @property
    def settled(self) -> bool:
        """Whether it runs and is ready, or has done its work."""
        return self.phase == "Succeeded" or (self.phase == "Running" and self.ready)

    @classmethod
    def parse(cls, pod: dict[str, Any]) -> "Pod":
        """Read a Pod object."""
        status = pod.get("status", {})
        conditions = {condition["type"]: condition for condition in status.get("conditions", [])}
        unmet = [condition for condition in conditions.values() if condition["status"] != "True"]
        waiting = [
            container["state"]["waiting"].get("message") or container["state"]["waiting"].get("reason", "")
            for container in status.get("containerStatuses", [])
            if "waiting" in container.get("state", {})
        ]
        messages = [message for condition in unmet if (message := condition.get("message"))]
        return cls(
            namespace=pod["metadata"]["namespace"],
            name=pod["metadata"]["name"],
            phase=status.get("phase", "Pending"),
            ready=conditions.get("Ready", {}).get("status") == "True",
            reason=next(iter([*messages, *waiting, status.get("reason", "")]), "") or "no reason given",
        )


def await_pods(api: ClusterApi, seconds: float = POD_SECONDS) -> list[Pod]:
    """Wait until every workload has its pods and they run; return them as they are then or at the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        pods = [Pod.parse(item) for item in api.items("/api/v1/pods")]
        done = all(pod.settled for pod in pods) and not missing_replicas(api)
        if done or time.monotonic() > deadline:
            return pods
        time.sleep(POLL_SECONDS)


def missing_replicas(api: ClusterApi) -> list[str]:
    """Return one sentence for each workload that has fewer ready pods than it asks for."""
    sentences: list[str] = []
    for collection in ("deployments", "statefulsets"):
        for item in api.items(f"/apis/apps/v1/{collection}"):
            wanted, ready = item["spec"].get("replicas", 1), item.get("status", {}).get("readyReplicas", 0)
            if ready < wanted:
                where = f"{item['metadata']['namespace']}/{item['metadata']['name']}"
                reasons = [
                    condition["message"]
                    for condition in item.get("status", {}).get("conditions", [])
                    if condition["type"] == "ReplicaFailure"
                ]
                sentences.append(
                    f"{where} has {ready} of {wanted} pods ready{': ' if reasons else ''}{'; '.join(reasons)}"
                )
    return sentences


def show_resources(resources: Sequence[Resource], say: Callable[[str], None]) -> None:
    """Print how many resources of each family the stack has."""
    custom = [resource for resource in resources if resource.custom and not resource.type.startswith("pulumi:")]
    families = Counter(family(resource.type) for resource in custom)
    components = sum(not resource.custom and not resource.type.startswith("pulumi:") for resource in resources)
    say(f"\nResources: {len(custom)}, in {components} components")
    _table(families.items(), say)


def show_pods(pods: Sequence[Pod], say: Callable[[str], None]) -> None:
    """Print per namespace how many pods run, and why others do not."""
    settled = Counter(pod.namespace for pod in pods if pod.settled)
    total = Counter(pod.namespace for pod in pods)
    say(f"\nPods running: {sum(settled.values())} of {len(pods)}")
    _table(((namespace, f"{settled[namespace]} of {count}") for namespace, count in total.items()), say)
    for pod in pods:
        if not pod.settled:
            say(f"  {pod.namespace}/{pod.name} is {pod.phase}: {pod.reason}")


def show_outputs(outputs: Mapping[str, Any], say: Callable[[str], None]) -> None:
    """Print the stack's outputs, long ones shortened."""
    say(f"\nOutputs: {len(outputs)}")
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in outputs.items()}
    _table(((name, textwrap.shorten(text, OUTPUT_WIDTH, placeholder=" ...")) for name, text in texts.items()), say)


def family(type_token: str) -> str:
    """Return the service of a resource type: `aws:s3/bucket:Bucket` is of `aws s3`."""
    package, module, *_ = type_token.split(":")
    if package == "kubernetes":
        return f"kubernetes {module.split('/')[0]}"
    return f"{package} {module.split('/')[0]}" if module not in ("", "index") else package


def _table(rows: Iterable[tuple[str, object]], say: Callable[[str], None]) -> None:
    ordered = sorted(rows)
    width = max((len(name) for name, _ in ordered), default=0)
    for name, value in ordered:
        say(f"  {name.ljust(width)}  {value}")
