"""Who may talk to whom: the words of which every NetworkPolicy of the platform is made.

Destinations have names, so that a policy reads like its intent. Source: SEC-3, SEC-4, A-2..A-4, A-54.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Network

import pulumi
import pulumi_kubernetes as kubernetes

from components.ownership import PART_OF

Peer = kubernetes.networking.v1.NetworkPolicyPeerArgsDict
Port = kubernetes.networking.v1.NetworkPolicyPortArgsDict
IngressRule = kubernetes.networking.v1.NetworkPolicyIngressRuleArgsDict
EgressRule = kubernetes.networking.v1.NetworkPolicyEgressRuleArgsDict
Selector = kubernetes.meta.v1.LabelSelectorArgsDict
Network = IPv4Network | IPv6Network

# what an "internet" rule must not open: RFC 1918, RFC 6598, link-local with the clouds' metadata services, loopback
PRIVATE_NETWORKS = ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
ANYWHERE = (IPv4Network("0.0.0.0/0"),)
NAMESPACE_NAME = "kubernetes.io/metadata.name"
# a pod with this label may call the API server
API_CLIENT = {f"{PART_OF}/api-server": "client"}


@dataclass(frozen=True)
class DnsPods:
    """Where the cluster's DNS runs.

    Args:
        namespace: of its pods.
        labels: of its pods.
        ports: on which the pods answer, over UDP and TCP.
        metrics_port: on which they show their metrics.
    """

    namespace: str = "kube-system"
    labels: Mapping[str, str] = field(default_factory=lambda: {"k8s-app": "kube-dns"})
    ports: Sequence[int] = (53,)
    metrics_port: int = 9153

    def peer(self) -> Peer:
        """The pods."""
        return namespace_pods(self.namespace, self.labels)


@dataclass(frozen=True)
class SystemPods:
    """Pods of the cluster itself that the platform's pods talk with; namespaces are given by their labels.

    Args:
        dns: the cluster's DNS.
        webhook_callers: namespaces that the API server's calls to webhooks seem to come from, beside its addresses.
        routers: namespaces of the cluster's own routers, which bring requests from outside.
        scrapers: namespaces of the cluster's own Prometheus.
    """

    dns: DnsPods = field(default_factory=DnsPods)
    webhook_callers: Sequence[Mapping[str, str]] = ()
    routers: Sequence[Mapping[str, str]] = ()
    scrapers: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True)
class ControlPlane:
    """Where the API server and the cluster's own pods are, as the platform's pods see them.

    Args:
        networks: addresses that the API server calls from and answers on.
        service: address of the Service ``kubernetes``, which most clients call.
        system: the cluster's own pods.
    """

    networks: Sequence[IPv4Network]
    service: IPv4Address
    system: SystemPods = field(default_factory=SystemPods)


def namespace_pods(namespace: str, labels: Mapping[str, str] | None = None) -> Peer:
    """Pods of another namespace, all or those with the labels."""
    peer: Peer = {"namespace_selector": {"match_labels": {NAMESPACE_NAME: namespace}}}
    if labels:
        peer["pod_selector"] = {"match_labels": dict(labels)}
    return peer


def platform_pods() -> Peer:
    """Pods of all of the platform's namespaces."""
    return {"namespace_selector": {"match_labels": {"app.kubernetes.io/part-of": PART_OF}}}


def tcp(*numbers: int) -> list[Port]:
    """TCP ports of a rule."""
    return [{"protocol": "TCP", "port": number} for number in numbers]


def from_peers(peers: Sequence[Peer], ports: Sequence[Port] | None = None) -> IngressRule:
    """An ingress rule; without ports it opens all of them."""
    rule: IngressRule = {"from_": list(peers)}
    if ports:
        rule["ports"] = list(ports)
    return rule


def to_peers(peers: Sequence[Peer], ports: Sequence[Port] | None = None) -> EgressRule:
    """An egress rule; without ports it opens all of them."""
    rule: EgressRule = {"to": list(peers)}
    if ports:
        rule["ports"] = list(ports)
    return rule


def namespaces(labels: Sequence[Mapping[str, str]]) -> list[Peer]:
    """All pods of the namespaces that have all labels of one of the sets."""
    return [{"namespace_selector": {"match_labels": dict(each)}} for each in labels]


def dns(control_plane: ControlPlane) -> EgressRule:
    """Egress to the cluster's DNS, over UDP and, for long answers, TCP. Source: A-3."""
    pods_of_dns = control_plane.system.dns
    ports: list[Port] = [
        {"protocol": protocol, "port": port} for port in pods_of_dns.ports for protocol in ("UDP", "TCP")
    ]
    return to_peers([pods_of_dns.peer()], ports)


def internet(ports: Sequence[int] = (443,)) -> EgressRule:
    """Egress to the internet, private networks excluded.

    Object stores of the clouds and identity providers are reached this way, too. Source: A-4.
    """
    return to_peers([{"ip_block": {"cidr": str(ANYWHERE[0]), "except_": list(PRIVATE_NETWORKS)}}], tcp(*ports))


def api_server(control_plane: ControlPlane) -> EgressRule:
    """Egress to the API server.

    Its Service's own address counts as well: some network plug-ins judge a packet before the address is translated.
    """
    return to_peers(
        [*blocks(control_plane.networks), {"ip_block": {"cidr": f"{control_plane.service}/32"}}], tcp(443, 6443)
    )


def admission(control_plane: ControlPlane) -> IngressRule:
    """Ingress from the API server to webhooks, on the ports that they usually serve.

    Where the API server is outside the cluster's network it may call through konnectivity's agents in the cluster.
    """
    agents = namespace_pods("kube-system", {"app": "konnectivity-agent"})
    callers = [*blocks(control_plane.networks), agents, *namespaces(control_plane.system.webhook_callers)]
    return from_peers(callers, tcp(443, 8443, 9443, 10250))


def pods(labels: Mapping[str, str] | None = None, *, but: Sequence[str] = ()) -> Selector:
    """Pods with all of the labels.

    Args:
        labels: none: every pod.
        but: values of the label ``app`` whose pods do not count.
    """
    selector: Selector = {}
    if labels:
        selector["match_labels"] = dict(labels)
    if but:
        selector["match_expressions"] = [{"key": "app", "operator": "NotIn", "values": list(but)}]
    return selector


def network_policy(
    logical_name: str,
    metadata: kubernetes.meta.v1.ObjectMetaArgsDict,
    opts: pulumi.ResourceOptions,
    *,
    selected: Selector | None = None,
    ingress: Sequence[IngressRule] | None = None,
    egress: Sequence[EgressRule] | None = None,
) -> kubernetes.networking.v1.NetworkPolicy:
    """A NetworkPolicy. An absent direction is left alone, an empty one is closed.

    Args:
        logical_name: name in the program.
        metadata: name, namespace and labels of the object.
        opts: parent, gate and so on.
        selected: the pods that it is about; all pods of the namespace where None.
        ingress: what may come in.
        egress: what may go out.
    """
    directions = {"Ingress": ingress, "Egress": egress}
    spec: kubernetes.networking.v1.NetworkPolicySpecArgsDict = {
        "pod_selector": selected or {},
        "policy_types": [name for name, rules in directions.items() if rules is not None],
        "ingress": list(ingress) if ingress else None,
        "egress": list(egress) if egress else None,
    }
    return kubernetes.networking.v1.NetworkPolicy(logical_name, metadata=metadata, spec=spec, opts=opts)


def blocks(networks: Sequence[Network]) -> list[Peer]:
    """Addresses outside the cluster."""
    return [{"ip_block": {"cidr": str(network)}} for network in networks]
