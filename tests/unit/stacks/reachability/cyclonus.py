"""Judges traffic by NetworkPolicies with cyclonus, an engine that none of the program's code has a part in.

It has one reading of its own: ``NotIn`` selects no pod that lacks the label, which in Kubernetes it does select. So
every pod that it is asked about must have the labels that ``NotIn`` speaks of in its namespace.
"""

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_VERDICT = re.compile(r"is allowed\?\s*\|\s*(true|false)", re.IGNORECASE)


@dataclass(frozen=True)
class Peer:
    """A pod, or a host outside the cluster where it has no namespace."""

    address: str
    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Attempt:
    """An attempt to connect."""

    source: Peer
    target: Peer
    port: int
    protocol: str


@dataclass(frozen=True)
class Cyclonus:
    """The engine, and the cluster that it is asked about.

    Args:
        executable: the program.
        policies: NetworkPolicy objects.
        namespaces: labels of each namespace.
        directory: for its input.
    """

    executable: Path
    policies: Sequence[Mapping[str, Any]]
    namespaces: Mapping[str, Mapping[str, str]]
    directory: Path

    def judge(self, attempts: Sequence[Attempt]) -> list[bool]:
        """Whether each attempt succeeds, all in one run."""
        policies, traffic = self.directory / "policies.json", self.directory / "traffic.json"
        policies.write_text(json.dumps({"kind": "NetworkPolicyList", "items": _whole(list(self.policies))}))
        traffic.write_text(json.dumps([self._traffic(attempt) for attempt in attempts]))
        where = ["--policy-path", str(policies), "--traffic-path", str(traffic)]
        command = [str(self.executable), "analyze", "--mode", "query-traffic", *where]
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
        verdicts = [word.lower() == "true" for word in _VERDICT.findall(run.stdout)]
        assert len(verdicts) == len(attempts), f"{len(attempts)} questions, {len(verdicts)} answers"
        return verdicts

    def _traffic(self, attempt: Attempt) -> dict[str, Any]:
        return {
            "Source": self._peer(attempt.source),
            "Destination": self._peer(attempt.target),
            "Protocol": attempt.protocol,
            "ResolvedPort": attempt.port,
        }

    def _peer(self, peer: Peer) -> dict[str, Any]:
        if not peer.namespace:
            return {"IP": peer.address}
        assert self._excluding(peer.namespace) <= peer.labels.keys(), f"{peer}: cyclonus would misjudge it"
        inside = {
            "Namespace": peer.namespace,
            "NamespaceLabels": self.namespaces[peer.namespace],
            "PodLabels": dict(peer.labels),
        }
        return {"IP": peer.address, "Internal": inside}

    def _excluding(self, namespace: str) -> set[str]:
        return {
            expression["key"]
            for policy in self.policies
            if policy["metadata"]["namespace"] == namespace
            for expression in policy["spec"]["podSelector"].get("matchExpressions") or []
        }


def _whole(value: Any) -> Any:
    """Numbers as the program wrote them: a recorded one is a float, which no port is."""
    if isinstance(value, Mapping):
        return {key: _whole(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_whole(member) for member in value]
    return int(value) if isinstance(value, float) else value
