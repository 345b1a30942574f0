"""A namespace with its guard rails.

Source: SEC-1..3, CLU-6..8, CLU-16, A-51, A-54.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import traffic
from components.base.allowance import Allowance
from components.ownership import Ownership

INGRESS, OBSERVABILITY = "ingress", "observability"
# what a container gets that does not say, and the most that one may ask for (A-30: chosen)
CONTAINER_DEFAULT_REQUEST = {"cpu": "100m", "memory": "128Mi"}
CONTAINER_DEFAULT_LIMIT = {"cpu": "500m", "memory": "512Mi"}
CONTAINER_MAXIMUM = {"cpu": "8", "memory": "32Gi"}


@dataclass(frozen=True)
class NamespaceArgs:
    """What a namespace needs.

    Args:
        allowance: what its tenants may use.
        kubernetes_version: minor version (``1.35``) whose Pod Security rules hold.
        control_plane: where the API server is.
        after: gates of what everything in the namespace may count on: nodes, priority and storage classes.
        ownership: labels.
    """

    allowance: Allowance
    kubernetes_version: str
    control_plane: traffic.ControlPlane
    after: Sequence[pulumi.Resource]
    ownership: Ownership


class Namespace(pulumi.ComponentResource):
    """A namespace with Pod Security level, quota, default limits and traffic closed but for what is named.

    Open from the start: DNS, traffic among its own pods, the ingress controller, scrapes from ``observability``, and
    the API server for pods that carry ``traffic.API_CLIENT``; where its allowance says so, also the API server's calls
    to webhooks, and its pods' calls to all of the platform. Isolated applications get none of it.

    Args:
        name: Kubernetes name, RFC 1123 label, at most 63 characters.
        args: what its tenants may use.
        opts: carries the cluster's provider.

    Attributes:
        name: the Kubernetes name.
        resource: the namespace itself; whatever lives in it is deleted with it.
        ready: gate: once it stands, every guard rail does.

    Source: SEC-1..3, CLU-6..8, CLU-16.
    """

    name: str
    resource: pulumi.Resource
    ready: pulumi.Resource

    def __init__(self, name: str, args: NamespaceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:base:Namespace", name, None, opts)
        self.name = name
        self._args = args
        self.resource = kubernetes.core.v1.Namespace(
            name,
            metadata=self._namespace_metadata(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.after),
        )
        rails = [self._quota(), self._limit_range(), self._default_account(), *self._allows()]
        self.ready = traffic.network_policy(
            f"{name}-default-deny", self.metadata("default-deny"), self._inside(*rails), ingress=[], egress=[]
        )
        self.register_outputs({"name": name})

    def metadata(self, object_name: str, **labels: str) -> kubernetes.meta.v1.ObjectMetaArgsDict:
        """Metadata of an object of the namespace's own."""
        own = self._args.ownership.labels(self.name, component="namespace")
        return {"name": object_name, "namespace": self.name, "labels": {**own, **labels}}

    def _namespace_metadata(self) -> kubernetes.meta.v1.ObjectMetaArgsDict:
        level, version = self._args.allowance.pod_security, f"v{self._args.kubernetes_version}"
        enforced = {"enforce": level, "audit": "restricted", "warn": "restricted"}
        pod_security = {f"pod-security.kubernetes.io/{mode}": value for mode, value in enforced.items()}
        versions = {f"pod-security.kubernetes.io/{mode}-version": version for mode in enforced}
        labels = self._args.ownership.labels(self.name, component="namespace")
        return {"name": self.name, "labels": {**labels, "name": self.name, **pod_security, **versions}}

    def _inside(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=[self.resource, *after], deleted_with=self.resource)

    def _quota(self) -> pulumi.Resource:
        allowance = self._args.allowance
        # each load balancer has two ports, HTTP and HTTPS, and a node port behind each
        node_ports = 2 * allowance.load_balancers
        hard = {
            "requests.cpu": str(allowance.cpu_requests),
            "requests.memory": f"{allowance.memory_requests}Gi",
            "limits.cpu": str(allowance.cpu_limits),
            "limits.memory": f"{allowance.memory_limits}Gi",
            "requests.storage": f"{allowance.storage}Gi",
            "pods": str(allowance.pods),
            "services.loadbalancers": str(allowance.load_balancers),
            "services.nodeports": str(node_ports),
        }
        return kubernetes.core.v1.ResourceQuota(
            f"{self.name}-quota", metadata=self.metadata("quota"), spec={"hard": hard}, opts=self._inside()
        )

    def _limit_range(self) -> pulumi.Resource:
        container: kubernetes.core.v1.LimitRangeItemArgsDict = {
            "type": "Container",
            "default_request": CONTAINER_DEFAULT_REQUEST,
            "default": CONTAINER_DEFAULT_LIMIT,
            "max": CONTAINER_MAXIMUM,
        }
        return kubernetes.core.v1.LimitRange(
            f"{self.name}-limits", metadata=self.metadata("limits"), spec={"limits": [container]}, opts=self._inside()
        )

    def _default_account(self) -> pulumi.Resource:
        """Takes the token away from pods that name no service account of their own.

        The account is Kubernetes' own; a patch changes it, whether Kubernetes has come round to making it or not.
        """
        return kubernetes.core.v1.ServiceAccountPatch(
            f"{self.name}-default",
            metadata={**self.metadata("default")},
            automount_service_account_token=False,
            opts=self._inside(),
        )

    def _allows(self) -> list[pulumi.Resource]:
        allowance, control_plane = self._args.allowance, self._args.control_plane
        system = control_plane.system
        every_pod: traffic.Peer = {"pod_selector": {}}
        ingress = {
            "allow-same-namespace": [traffic.from_peers([every_pod])],
            "allow-ingress-controller": [
                traffic.from_peers([traffic.namespace_pods(INGRESS), *traffic.namespaces(system.routers)])
            ],
            "allow-metrics-scrape": [
                traffic.from_peers([traffic.namespace_pods(OBSERVABILITY), *traffic.namespaces(system.scrapers)])
            ],
        }
        if allowance.serves_admission:
            ingress["allow-admission"] = [traffic.admission(control_plane)]
        egress = {
            "allow-same-namespace": [traffic.to_peers([every_pod])],
            "allow-dns": [traffic.dns(control_plane)],
            "allow-api-server": [traffic.api_server(control_plane)],
        }
        if allowance.reaches_namespaces:
            egress["allow-platform-namespaces"] = [traffic.to_peers([traffic.platform_pods()])]
        labels = {"allow-api-server": traffic.API_CLIENT}
        return [
            traffic.network_policy(
                f"{self.name}-{policy}",
                self.metadata(policy),
                self._inside(),
                selected=traffic.pods(labels.get(policy), but=allowance.isolated),
                ingress=ingress.get(policy),
                egress=egress.get(policy),
            )
            for policy in sorted(ingress.keys() | egress.keys())
        ]
