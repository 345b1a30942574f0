"""The way in: one Gateway, its certificate, and who may pass.

Source: NET-2..8, SEC-12, SEC-13, A-11.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import Environment, Exposure, pod_monitor, traffic
from components.edge import sign_on
from components.edge.certificate import PUBLIC_ISSUER, certificate
from components.edge.envoy_gateway import CONTROLLER, EnvoyGateway, EnvoyGatewayArgs
from components.edge.envoy_proxy import proxy
from components.edge.hosts import Hosts
from components.edge.load_balancer import LoadBalancer
from components.edge.route import (
    ENVOY_API,
    GATEWAY,
    GATEWAY_API,
    application_route,
    redirect_route,
    source_networks,
    target,
)
from components.ownership import PART_OF

# listeners 80 and 443, shifted by 10000: Envoy binds no privileged ports
_CONTAINER_PORTS = (10080, 10443)
_CLASS = "envoy"
# a request may take this long: Kestra's and Airflow's logs are streamed
_LONGEST_REQUEST = "3600s"


@dataclass(frozen=True)
class GatewayArgs:
    """What the gateway needs.

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


class Gateway(pulumi.ComponentResource):
    """The Gateway ``api-gateway`` on Envoy: HTTPS with one certificate for every host, HTTP only to redirect.

    Whatever passes must have signed on at oauth2-proxy, unless a route says that it is public: a route that somebody
    forgets to protect is protected. Each application's routes are in its own namespace.

    Args:
        name: logical name.
        args: load balancer, networks, gates.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: the Gateway and all its policies stand.

    Source: NET-2..8, SEC-12, SEC-13, A-11.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: GatewayArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:edge:Gateway", name, None, opts)
        self._args = args
        self._namespace = args.environment.namespaces["ingress"]
        self._hosts = Hosts(args.environment.base_domain)
        self._sources = source_networks([str(network) for network in args.source_cidrs])
        controller = EnvoyGateway(
            f"{name}-controller",
            EnvoyGatewayArgs(args.environment, args.certificates, args.after),
            pulumi.ResourceOptions(parent=self),
        )
        self._gates: list[pulumi.Resource] = [self._namespace.ready, controller.ready, *args.after]
        self._let_the_internet_in()
        self._gates.append(self._gateway())
        self._redirect()
        self._gates.extend(self._policies())
        if args.environment.monitors is not None:
            self._monitor(args.environment.monitors)
        self.ready = self._gates[-1]
        self.register_outputs({})

    def expose(self, exposure: Exposure, opts: pulumi.ResourceOptions) -> str:
        """Publish an application by HTTPRoutes in its own namespace. Source: NET-4..7."""
        host = self._hosts.claim(exposure)
        namespace = exposure.namespace
        opts = pulumi.ResourceOptions.merge(
            opts,
            pulumi.ResourceOptions(
                depends_on=[namespace.ready, self.ready, *([exposure.after] if exposure.after else [])],
                deleted_with=namespace.resource,
            ),
        )
        for name, paths in exposure.paths.items():
            metadata: kubernetes.meta.v1.ObjectMetaArgsDict = {
                "name": name,
                "namespace": namespace.name,
                "labels": self._args.environment.labels(exposure.name, "edge"),
            }
            if exposure.is_public(name):
                policy = {"targetRefs": [target("HTTPRoute", name)], **self._sources}
                _custom(f"{ENVOY_API}/v1alpha1", "SecurityPolicy", metadata, policy, opts)
            route = application_route(exposure, host, paths, self._namespace.name)
            _custom(f"{GATEWAY_API}/v1", "HTTPRoute", metadata, route, opts)
        return f"https://{host}"

    def _let_the_internet_in(self) -> None:
        """Open the proxies' ports to the load balancer's clients; the policies of the Gateway judge their networks."""
        name = "allow-internet"
        self._gates.append(
            traffic.network_policy(
                f"{self._namespace.name}-{name}",
                self._metadata(name),
                self._opts(),
                selected=traffic.pods({"app": GATEWAY}),
                ingress=[traffic.from_peers(traffic.blocks(traffic.ANYWHERE), traffic.tcp(*_CONTAINER_PORTS))],
            )
        )

    def _gateway(self) -> pulumi.Resource:
        args = self._args
        base_domain = args.environment.base_domain
        secret = certificate(
            GATEWAY,
            self._metadata(f"{GATEWAY}-tls"),
            self._opts(),
            issuer=PUBLIC_ISSUER,
            dns_names=[base_domain, f"*.{base_domain}"],
        )
        proxy_spec = proxy(args.environment, args.load_balancer, args.source_cidrs, GATEWAY)
        envoy = self._own(f"{ENVOY_API}/v1alpha1", "EnvoyProxy", GATEWAY, proxy_spec)
        parameters = {"group": ENVOY_API, "kind": "EnvoyProxy", "name": GATEWAY, "namespace": self._namespace.name}
        gateway_class = _custom(
            f"{GATEWAY_API}/v1",
            "GatewayClass",
            {"name": _CLASS, "labels": args.environment.labels(_CLASS, "edge")},
            {"controllerName": CONTROLLER, "parametersRef": parameters},
            pulumi.ResourceOptions(parent=self, depends_on=[*self._gates, envoy]),
        )
        spec = {
            "gatewayClassName": _CLASS,
            # every object that the controller makes for it carries these
            "infrastructure": {"labels": self._infrastructure_labels()},
            "listeners": [self._listener("http", 80), self._listener("https", 443, f"{GATEWAY}-tls")],
        }
        return self._own(f"{GATEWAY_API}/v1", "Gateway", GATEWAY, spec, secret, gateway_class)

    def _listener(self, name: str, port: int, secret: str | None = None) -> dict[str, Any]:
        """One listener; routes may come from the platform's namespaces, for plain HTTP only from the gateway's own."""
        selector = {"matchLabels": {"app.kubernetes.io/part-of": PART_OF}}
        return {
            "name": name,
            "port": port,
            "protocol": name.upper(),
            "hostname": f"*.{self._args.environment.base_domain}",
            "allowedRoutes": {
                "kinds": [{"group": GATEWAY_API, "kind": "HTTPRoute"}],
                "namespaces": {"from": "Selector", "selector": selector} if secret else {"from": "Same"},
            },
            **({"tls": {"mode": "Terminate", "certificateRefs": [_secret(secret)]}} if secret else {}),
        }

    def _infrastructure_labels(self) -> dict[str, str]:
        labels = self._args.environment.labels(GATEWAY, "edge")
        return {key: labels[key] for key in ("app", "app.kubernetes.io/part-of", "cost-center", "environment")}

    def _redirect(self) -> None:
        # no host of its own: external-dns would make a record for every name under the domain
        annotations = {"external-dns.alpha.kubernetes.io/controller": "none"}
        metadata: kubernetes.meta.v1.ObjectMetaArgsDict = {
            **self._metadata("redirect-to-https"),
            "annotations": annotations,
        }
        route = redirect_route(self._namespace.name)
        self._gates.append(_custom(f"{GATEWAY_API}/v1", "HTTPRoute", metadata, route, self._opts()))

    def _policies(self) -> list[pulumi.Resource]:
        whole = {"targetRefs": [target("Gateway", GATEWAY)]}
        redirect = {"name": sign_on.REDIRECT_HEADER, "value": "https://%REQ(:AUTHORITY)%%REQ(:PATH)%"}
        policies: dict[str, dict[str, Any]] = {
            "ClientTrafficPolicy": {
                **whole,
                "tls": {"minVersion": "1.2"},
                "headers": {
                    "earlyRequestHeaders": {"set": [redirect], "remove": list(sign_on.USER_HEADERS)},
                },
                "timeout": {"http": {"requestHeadersReceivedTimeout": "10s"}},
            },
            "BackendTrafficPolicy": {
                **whole,
                "timeout": {"tcp": {"connectTimeout": "5s"}, "http": {"requestTimeout": _LONGEST_REQUEST}},
                # a pod that just went away; nothing has reached the application then
                "retry": {"numRetries": 2, "retryOn": {"triggers": ["connect-failure", "refused-stream"]}},
            },
            "SecurityPolicy": {
                "targetRefs": [target("Gateway", GATEWAY, "https")],
                **self._sources,
                "extAuth": {
                    "failOpen": False,
                    "headersToExtAuth": ["accept", "cookie", "x-forwarded-proto", sign_on.REDIRECT_HEADER],
                    "http": {
                        # below it oauth2-proxy has no paths of its own that answer without sign-on
                        "path": "/gateway",
                        "backendRefs": [{"name": sign_on.SERVICE, "port": sign_on.PORT}],
                        "headersToBackend": list(sign_on.USER_HEADERS),
                    },
                },
            },
        }
        return [self._own(f"{ENVOY_API}/v1alpha1", kind, GATEWAY, spec) for kind, spec in policies.items()]

    def _monitor(self, monitors: pulumi.Resource) -> None:
        pod_monitor(
            GATEWAY,
            self._metadata(GATEWAY),
            self._opts(monitors),
            selected={"app": GATEWAY},
            port="metrics",
            path="/stats/prometheus",
        )

    def _own(self, api: str, kind: str, name: str, spec: dict[str, Any], *after: pulumi.Resource) -> pulumi.Resource:
        return _custom(api, kind, self._metadata(name), spec, self._opts(*after))

    def _metadata(self, name: str) -> kubernetes.meta.v1.ObjectMetaArgsDict:
        labels = self._args.environment.labels(name, "edge")
        return {"name": name, "namespace": self._namespace.name, "labels": labels}

    def _opts(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self, depends_on=[*self._gates, *after], deleted_with=self._namespace.resource
        )


def _secret(name: str) -> dict[str, str]:
    return {"group": "", "kind": "Secret", "name": name}


def _custom(
    api: str,
    kind: str,
    metadata: kubernetes.meta.v1.ObjectMetaArgsDict,
    spec: dict[str, Any],
    opts: pulumi.ResourceOptions,
) -> pulumi.Resource:
    place = metadata.get("namespace")
    name = "-".join(str(part) for part in (kind.lower(), place, metadata.get("name")) if part)
    return kubernetes.apiextensions.CustomResource(
        name, api_version=api, kind=kind, metadata=metadata, spec=spec, opts=opts
    )
