"""The way in through the cluster's own router, by Routes.

Source: NET-2..7, SEC-12, SEC-13, A-11, A-31; docs/adr/0027.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import Environment, Exposure, Namespace
from components.edge.certificate import PUBLIC_ISSUER, certificate
from components.edge.hosts import Hosts
from components.edge.sign_on_proxy import SignOnProxy, SignOnProxyArgs

_ROUTE_API, _ANNOTATIONS = "route.openshift.io/v1", "haproxy.router.openshift.io"
_RBAC = "rbac.authorization.k8s.io"
# reads the certificates that Routes name
_ROUTER_ACCOUNT: kubernetes.rbac.v1.SubjectArgsDict = {
    "kind": "ServiceAccount",
    "name": "router",
    "namespace": "openshift-ingress",
}
# a request may take this long: Kestra's and Airflow's logs are streamed
_LONGEST_REQUEST = "3600s"


@dataclass(frozen=True)
class OpenShiftRouterArgs:
    """What the Routes need.

    Args:
        environment: the stack that it is part of.
        source_cidrs: networks that may reach the public host names.
        certificates: gate: cert-manager's issuers stand; each host then has a certificate of its own. None: the
            router's own certificate is for all of them.
    """

    environment: Environment
    source_cidrs: Sequence[IPv4Network]
    certificates: pulumi.Resource | None = None


class OpenShiftRouter(pulumi.ComponentResource):
    """Routes with TLS at the router, which sends plain HTTP to HTTPS.

    The router asks nobody who a request is from. So a host that needs sign-on leads to an oauth2-proxy of its own, in
    the namespace ``ingress``, and that to the application; without sign-on such a host is not published at all.

    Args:
        name: logical name.
        args: networks and certificates.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: Routes may come.

    Source: NET-2..7, SEC-12, SEC-13, A-11, A-31.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: OpenShiftRouterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:edge:OpenShiftRouter", name, None, opts)
        self._args = args
        self._hosts = Hosts(args.environment.base_domain)
        self._namespace = args.environment.namespaces["ingress"]
        self._sign_on: SignOnProxyArgs | None = None
        self.ready = self._namespace.ready
        self.register_outputs({})

    def ask_for_sign_on(self, sign_on: SignOnProxyArgs) -> None:
        """From here on, hosts that need sign-on are published, behind a proxy that asks for it."""
        self._sign_on = sign_on

    def expose(self, exposure: Exposure, opts: pulumi.ResourceOptions) -> str:
        """Publish an application by Routes. Source: NET-4..7."""
        host = self._hosts.claim(exposure)
        gates = [exposure.after] if exposure.after else []
        if exposure.is_public(next(iter(exposure.paths))) or self._sign_on is None:
            self._public(exposure, host, opts)
        else:
            proxy = SignOnProxy(exposure.name, self._sign_on, exposure, opts)
            target = _Target(self._namespace, proxy.service, proxy.port, [proxy.ready, *gates])
            self._route(exposure.name, f"{host}/", target, opts)
        return f"https://{host}"

    def _public(self, exposure: Exposure, host: str, opts: pulumi.ResourceOptions) -> None:
        gates = [exposure.after] if exposure.after else []
        target = _Target(exposure.namespace, exposure.service, exposure.pod_port or exposure.port, gates)
        paths = [path for name, paths in exposure.paths.items() if exposure.is_public(name) for path in paths]
        for number, path in enumerate(paths):
            name = f"{exposure.name}-{number}" if number else exposure.name
            self._route(name, f"{host}{path}", target, opts)

    def _route(self, name: str, address: str, target: "_Target", opts: pulumi.ResourceOptions) -> None:
        """Make a Route for an address, ``<host>/<path>``."""
        host, _, path = address.partition("/")
        namespace = target.namespace
        inside = pulumi.ResourceOptions.merge(
            opts,
            pulumi.ResourceOptions(depends_on=[namespace.ready, *target.gates], deleted_with=namespace.resource),
        )
        external = self._certificate(name, host, namespace, inside)
        spec: dict[str, Any] = {
            "host": host,
            **({"path": f"/{path}"} if path else {}),
            "to": {"kind": "Service", "name": target.service, "weight": 100},
            "port": {"targetPort": target.port},
            "tls": {"termination": "edge", "insecureEdgeTerminationPolicy": "Redirect", **external.tls},
            "wildcardPolicy": "None",
        }
        kubernetes.apiextensions.CustomResource(
            f"route-{namespace.name}-{name}",
            api_version=_ROUTE_API,
            kind="Route",
            metadata={**self._metadata(name, namespace), "annotations": self._annotations()},
            spec=spec,
            opts=pulumi.ResourceOptions.merge(inside, pulumi.ResourceOptions(depends_on=external.gates)),
        )

    def _annotations(self) -> dict[str, str]:
        return {
            f"{_ANNOTATIONS}/ip_allowlist": " ".join(map(str, self._args.source_cidrs)),
            f"{_ANNOTATIONS}/timeout": _LONGEST_REQUEST,
            f"{_ANNOTATIONS}/hsts_header": "max-age=31536000;includeSubDomains",
            # its value is a hash of a pod's address, and useless without replicas that keep state
            f"{_ANNOTATIONS}/disable_cookies": "true",
        }

    def _certificate(
        self, name: str, host: str, namespace: Namespace, inside: pulumi.ResourceOptions
    ) -> "_ExternalCertificate":
        """Have a certificate issued, and let the router read it."""
        issuers = self._args.certificates
        if issuers is None:
            return _ExternalCertificate({}, [])
        secret = f"{name}-tls"
        metadata = self._metadata(secret, namespace)
        issued = certificate(
            f"{namespace.name}-{secret}",
            metadata,
            pulumi.ResourceOptions.merge(inside, pulumi.ResourceOptions(depends_on=[issuers])),
            issuer=PUBLIC_ISSUER,
            dns_names=[host],
        )
        role = kubernetes.rbac.v1.Role(
            f"{namespace.name}-{secret}",
            metadata=metadata,
            rules=[
                {
                    "api_groups": [""],
                    "resources": ["secrets"],
                    "resource_names": [secret],
                    "verbs": ["get", "list", "watch"],
                }
            ],
            opts=inside,
        )
        binding = kubernetes.rbac.v1.RoleBinding(
            f"{namespace.name}-{secret}",
            metadata=metadata,
            role_ref={"api_group": _RBAC, "kind": "Role", "name": secret},
            subjects=[_ROUTER_ACCOUNT],
            opts=pulumi.ResourceOptions.merge(inside, pulumi.ResourceOptions(depends_on=[role])),
        )
        return _ExternalCertificate({"externalCertificate": {"name": secret}}, [issued, binding])

    def _metadata(self, name: str, namespace: Namespace) -> kubernetes.meta.v1.ObjectMetaArgsDict:
        labels = self._args.environment.labels(name, "edge")
        return {"name": name, "namespace": namespace.name, "labels": labels}


@dataclass(frozen=True)
class _Target:
    """The Service that a Route leads to, with the port of its pods and gates; both are in one namespace."""

    namespace: Namespace
    service: str
    port: int | str
    gates: Sequence[pulumi.Resource]


@dataclass(frozen=True)
class _ExternalCertificate:
    """What a Route says of its certificate, and what it waits for."""

    tls: Mapping[str, Any]
    gates: Sequence[pulumi.Resource]
