"""What NetworkPolicies mean: who reaches whom, worked out from the objects as Kubernetes defines them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Any

NAMESPACE_NAME = "kubernetes.io/metadata.name"
Spec = Mapping[str, Any]


@dataclass(frozen=True)
class Endpoint:
    """A pod, or a host outside the cluster where it has no namespace."""

    address: str
    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Connection:
    """An attempt to connect."""

    source: Endpoint
    destination: Endpoint
    port: int
    protocol: str = "TCP"


class Connectivity:
    """Judges connections by a cluster's NetworkPolicies.

    Args:
        policies: NetworkPolicy objects.
        namespaces: labels of each namespace.
    """

    def __init__(self, policies: Iterable[Spec], namespaces: Mapping[str, Mapping[str, str]]) -> None:
        self._policies = list(policies)
        self._namespaces = {name: {**labels, NAMESPACE_NAME: name} for name, labels in namespaces.items()}

    def allows(self, attempt: Connection) -> bool:
        """Whether both ends let the connection pass; a pod that no policy selects is open."""
        return self._passes("Egress", "to", attempt.source, attempt.destination, attempt) and self._passes(
            "Ingress", "from", attempt.destination, attempt.source, attempt
        )

    def _passes(self, direction: str, peers: str, pod: Endpoint, other: Endpoint, attempt: Connection) -> bool:
        policies = list(self._selecting(direction, pod))
        rules = [(policy, rule) for policy in policies for rule in policy["spec"].get(direction.lower()) or []]
        return not policies or any(
            self._peer_matches(policy, rule.get(peers), other) and _port_matches(rule.get("ports"), attempt)
            for policy, rule in rules
        )

    def _selecting(self, direction: str, pod: Endpoint) -> Iterator[Spec]:
        for policy in self._policies:
            spec = policy["spec"]
            if (
                pod.namespace == policy["metadata"]["namespace"]
                and direction in spec["policyTypes"]
                and _selects(spec["podSelector"], pod.labels)
            ):
                yield policy

    def _peer_matches(self, policy: Spec, peers: list[Spec] | None, other: Endpoint) -> bool:
        return not peers or any(self._is_peer(policy, peer, other) for peer in peers)

    def _is_peer(self, policy: Spec, peer: Spec, other: Endpoint) -> bool:
        if "ipBlock" in peer:
            return _in_block(peer["ipBlock"], other.address)
        if not other.namespace or not _selects(peer.get("podSelector", {}), other.labels):
            return False
        if "namespaceSelector" in peer:
            return _selects(peer["namespaceSelector"], self._namespaces[other.namespace])
        return other.namespace == policy["metadata"]["namespace"]


def _selects(selector: Spec, labels: Mapping[str, str]) -> bool:
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()) and all(
        _satisfies(expression, labels) for expression in selector.get("matchExpressions", [])
    )


def _satisfies(expression: Spec, labels: Mapping[str, str]) -> bool:
    assert expression["operator"] == "NotIn", f"{expression['operator']} is not worked out here yet"
    return labels.get(expression["key"]) not in expression["values"]


def _in_block(block: Spec, address: str) -> bool:
    excluded = [IPv4Network(network) for network in block.get("except", [])]
    parsed = IPv4Address(address)
    return parsed in IPv4Network(block["cidr"]) and not any(parsed in network for network in excluded)


def _port_matches(ports: list[Spec] | None, attempt: Connection) -> bool:
    return not ports or any(
        (port["port"], port.get("protocol", "TCP")) == (attempt.port, attempt.protocol) for port in ports
    )
