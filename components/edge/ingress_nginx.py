"""The retired alternative to the gateway.

Source: NET-2..8, SEC-12, SEC-13, A-11.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import Environment, Exposure, PlatformChart, PlatformChartArgs, Priority, traffic
from components.edge import sign_on
from components.edge.certificate import PUBLIC_ISSUER
from components.edge.hosts import Hosts
from components.edge.load_balancer import LoadBalancer

_NAME, _CLASS, _GATEWAY = "ingress-nginx", "nginx", "api-gateway"
_SELECTED = {"app.kubernetes.io/name": _NAME, "app.kubernetes.io/component": "controller"}
_PREFIX = "nginx.ingress.kubernetes.io"
RETIRED = (
    "edge.controller is ingress-nginx: the project is retired, and since March 2026 nobody mends it, not even its "
    "security holes. Set it to envoy-gateway as soon as you can: hosts, certificates and sign-on stay the same."
)


@dataclass(frozen=True)
class IngressNginxArgs:
    """What ingress-nginx needs.

    Args:
        environment: the stack that it is part of.
        load_balancer: how its Service gets one.
        source_cidrs: networks that may reach the public host names.
        certificates: gate: cert-manager's issuers stand.
        after: further gates to wait for.
    """

    environment: Environment
    load_balancer: LoadBalancer
    source_cidrs: Sequence[IPv4Network]
    certificates: pulumi.Resource
    after: Sequence[pulumi.Resource] = ()


@dataclass(frozen=True)
class _Published:
    """One Ingress: paths of a host, the Secret with its certificate, and whether this one has it issued."""

    name: str
    namespace: str
    host: str
    paths: Sequence[str]
    secret: str
    signed_on: bool = True
    certified: bool = True


class IngressNginx(pulumi.ComponentResource):
    """ingress-nginx, with the same hosts, TLS and sign-on as the gateway; every update warns that it is retired.

    The Ingress ``api-gateway`` takes the hosts that no application has: they ask for sign-on, too.

    Args:
        name: logical name.
        args: load balancer, networks, gates.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: the controller runs.

    Source: NET-2..8, SEC-12, SEC-13, A-11.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: IngressNginxArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:edge:IngressNginx", name, None, opts)
        pulumi.log.warn(RETIRED, resource=self)
        self._args = args
        environment = args.environment
        self._namespace = environment.namespaces["ingress"]
        self._hosts = Hosts(environment.base_domain)
        self.ready = PlatformChart(
            name,
            PlatformChartArgs(
                environment=environment,
                chart="ingress-nginx",
                namespace=self._namespace,
                values=_values(args),
                component="edge",
                release=_NAME,
                after=[
                    args.certificates,
                    self._let_the_internet_in(),
                    *args.after,
                ],
                destinations=["api-server"],
                pod_labels={"app": _NAME},
            ),
            pulumi.ResourceOptions(parent=self),
        ).ready
        self._ingress(
            _Published(_GATEWAY, self._namespace.name, f"*.{environment.base_domain}", ("/",), f"{_GATEWAY}-tls"),
            _service(sign_on.SERVICE, sign_on.PORT),
            self._opts(),
        )
        self.register_outputs({})

    def expose(self, exposure: Exposure, opts: pulumi.ResourceOptions) -> str:
        """Publish an application by Ingresses in its own namespace. Source: NET-4..7."""
        host = self._hosts.claim(exposure)
        namespace = exposure.namespace
        gates = [namespace.ready, self.ready, *([exposure.after] if exposure.after else [])]
        opts = pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(depends_on=gates, deleted_with=namespace.resource)
        )
        for position, (name, paths) in enumerate(exposure.paths.items()):
            published = _Published(
                name,
                namespace.name,
                host,
                paths,
                f"{exposure.name}-tls",
                signed_on=not exposure.is_public(name),
                certified=position == 0,
            )
            self._ingress(published, _service(exposure.service, exposure.port), opts)
        return f"https://{host}"

    def _ingress(
        self,
        published: _Published,
        service: kubernetes.networking.v1.IngressServiceBackendArgsDict,
        opts: pulumi.ResourceOptions,
    ) -> None:
        paths: list[kubernetes.networking.v1.HTTPIngressPathArgsDict] = [
            {"path": path, "path_type": "Prefix", "backend": {"service": service}} for path in published.paths
        ]
        kubernetes.networking.v1.Ingress(
            f"{published.namespace}-{published.name}",
            metadata={
                "name": published.name,
                "namespace": published.namespace,
                "labels": self._args.environment.labels(published.name, "edge"),
                "annotations": {
                    # it has no address before the load balancer is there, which may be after the update
                    "pulumi.com/skipAwait": "true",
                    **({"cert-manager.io/cluster-issuer": PUBLIC_ISSUER} if published.certified else {}),
                    **(self._sign_on() if published.signed_on else {}),
                },
            },
            spec={
                "ingress_class_name": _CLASS,
                "tls": [{"hosts": [published.host], "secret_name": published.secret}],
                "rules": [{"host": published.host, "http": {"paths": paths}}],
            },
            opts=opts,
        )

    def _sign_on(self) -> dict[str, str]:
        """What hands the sign-on to oauth2-proxy. Source: NET-7."""
        start = f"https://{self._args.environment.host(sign_on.HOST)}/oauth2/start"
        judge = f"http://{sign_on.SERVICE}.{self._namespace.name}.svc.cluster.local:{sign_on.PORT}/oauth2/auth"
        return {
            f"{_PREFIX}/auth-url": judge,
            f"{_PREFIX}/auth-signin": f"{start}?rd=$scheme://$host$escaped_request_uri",
            f"{_PREFIX}/auth-response-headers": ",".join(sign_on.USER_HEADERS),
        }

    def _let_the_internet_in(self) -> pulumi.Resource:
        name = "allow-internet"
        return traffic.network_policy(
            f"{self._namespace.name}-{name}",
            {
                "name": name,
                "namespace": self._namespace.name,
                "labels": self._args.environment.labels(name, "edge"),
            },
            pulumi.ResourceOptions(
                parent=self, depends_on=[self._namespace.ready], deleted_with=self._namespace.resource
            ),
            selected=traffic.pods({"app": _NAME}),
            ingress=[traffic.from_peers(traffic.blocks(traffic.ANYWHERE), traffic.tcp(80, 443))],
        )

    def _opts(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self, depends_on=[self._namespace.ready, self.ready], deleted_with=self._namespace.resource
        )


def _service(name: str, port: int) -> kubernetes.networking.v1.IngressServiceBackendArgsDict:
    return {"name": name, "port": {"number": port}}


def _values(args: IngressNginxArgs) -> dict[str, Any]:
    environment, load_balancer = args.environment, args.load_balancer
    size = environment.size(_NAME)
    networks = [str(network) for network in args.source_cidrs]
    monitored = environment.monitors is not None
    return {
        "controller": {
            "replicaCount": size.replicas,
            "minAvailable": 1,
            "resources": size.resources,
            "priorityClassName": Priority.CRITICAL.value,
            "topologySpreadConstraints": environment.spread(_SELECTED),
            "ingressClassResource": {"name": _CLASS, "default": False},
            "allowSnippetAnnotations": False,
            "config": {
                "ssl-protocols": "TLSv1.2 TLSv1.3",
                "force-ssl-redirect": "true",
                "http-redirect-code": "301",
                "whitelist-source-range": ",".join(networks),
            },
            # claims of who the user is count only when oauth2-proxy makes them
            "proxySetHeaders": dict.fromkeys(sign_on.USER_HEADERS, ""),
            "service": {
                "annotations": dict(load_balancer.annotations),
                "externalTrafficPolicy": "Local",
                "loadBalancerSourceRanges": networks,
                **({"loadBalancerClass": load_balancer.service_class} if load_balancer.service_class else {}),
            },
            # a certificate of cert-manager, in place of jobs that Pulumi does not run
            "admissionWebhooks": {"certManager": {"enabled": True}, "patch": {"enabled": False}},
            "metrics": {"enabled": True, "serviceMonitor": {"enabled": monitored}},
        }
    }
