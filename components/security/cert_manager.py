"""TLS certificates.

Source: SEC-12, NET-6.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import Environment, PlatformChart, PlatformChartArgs, Priority
from components.identity import Access, Grant, IdentityBinding

_ACME = {
    "letsencrypt-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
    "letsencrypt-prod": "https://acme-v02.api.letsencrypt.org/directory",
}
INTERNAL_ISSUER = "platform-internal"
_NAME = "cert-manager"


@dataclass(frozen=True)
class CertManagerArgs:
    """What cert-manager needs.

    Args:
        environment: the stack that it is part of.
        acme_email: address that the certificate authority writes to.
        solver: how it proves to the authority that the hosts are ours, in cert-manager's own form.
    """

    environment: Environment
    acme_email: str
    solver: Mapping[str, Any]


class CertManager(pulumi.ComponentResource):
    """cert-manager and its ClusterIssuers.

    ``letsencrypt-staging`` and ``letsencrypt-prod`` are for public hosts, ``platform-internal``, an authority of its
    own, for what only talks inside the cluster.

    Args:
        name: logical name.
        args: contact and solver.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: every issuer stands.

    Source: SEC-12, NET-6.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: CertManagerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:security:CertManager", name, None, opts)
        self._args = args
        self._namespace = args.environment.namespaces["security"]
        # it meets challenges for the public hosts by DNS records
        binding = args.environment.bind(self._namespace, _NAME, [Grant("dns/_acme-challenge", Access.WRITE)])
        gates = [binding.ready] if binding.ready else []
        chart = PlatformChart(
            name,
            PlatformChartArgs(
                environment=args.environment,
                chart="cert-manager",
                namespace=self._namespace,
                values=_values(args.environment, binding),
                component="security",
                release=_NAME,
                after=gates,
                destinations=["api-server", "internet"],
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self._after: list[pulumi.Resource] = [chart.ready]
        for issuer, server in _ACME.items():
            self._issuer(issuer, {"acme": self._acme(issuer, server)})
        self.ready = self._authority()
        self.register_outputs({})

    def _acme(self, issuer: str, server: str) -> dict[str, Any]:
        return {
            "server": server,
            "email": self._args.acme_email,
            "privateKeySecretRef": {"name": f"{issuer}-account"},
            "solvers": [dict(self._args.solver)],
        }

    def _authority(self) -> pulumi.Resource:
        """Make an authority: a self-signed certificate that an issuer of its own signs with."""
        self._issuer(f"{INTERNAL_ISSUER}-root", {"selfSigned": {}})
        certificate = self._custom(
            "Certificate",
            INTERNAL_ISSUER,
            {
                "isCA": True,
                "commonName": INTERNAL_ISSUER,
                "secretName": INTERNAL_ISSUER,
                "duration": "43800h",
                "renewBefore": "2160h",
                "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
                "issuerRef": {"kind": "ClusterIssuer", "name": f"{INTERNAL_ISSUER}-root"},
            },
            namespace=self._namespace.name,
        )
        self._after.append(certificate)
        return self._issuer(INTERNAL_ISSUER, {"ca": {"secretName": INTERNAL_ISSUER}})

    def _issuer(self, name: str, spec: dict[str, Any]) -> pulumi.Resource:
        return self._custom("ClusterIssuer", name, spec)

    def _custom(self, kind: str, name: str, spec: dict[str, Any], namespace: str | None = None) -> pulumi.Resource:
        metadata: kubernetes.meta.v1.ObjectMetaArgsDict = {
            "name": name,
            "labels": self._args.environment.labels(name, "security"),
        }
        if namespace:
            metadata["namespace"] = namespace
        return kubernetes.apiextensions.CustomResource(
            f"{kind.lower()}-{name}",
            api_version="cert-manager.io/v1",
            kind=kind,
            metadata=metadata,
            spec=spec,
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=self._after, deleted_with=self._namespace.resource if namespace else None
            ),
        )


def _values(environment: Environment, binding: IdentityBinding) -> dict[str, Any]:
    return {
        "global": {
            "priorityClassName": Priority.CRITICAL.value,
            # its own namespace: it needs no rights in kube-system
            "leaderElection": {"namespace": "security"},
        },
        # certificates' Secrets of cluster-scoped issuers are looked for here
        "clusterResourceNamespace": "security",
        "crds": {"enabled": True, "keep": True},
        "startupapicheck": {"enabled": False},
        "enableCertificateOwnerRef": False,
        "serviceAccount": {"name": _NAME, "annotations": dict(binding.annotations)},
        # of the controller, not of the other parts
        "podLabels": dict(binding.pod_labels),
        # whether a challenge's record is there is asked of the cluster's DNS: no pod asks servers outside
        "dns01RecursiveNameserversOnly": True,
        "prometheus": {"enabled": True, "servicemonitor": {"enabled": environment.monitors is not None}},
        **_part(environment, "cert-manager", "cert-manager", "controller"),
        **{part: _part(environment, f"cert-manager-{part}", part, part) for part in ("webhook", "cainjector")},
    }


def _part(environment: Environment, workload: str, application: str, component: str) -> dict[str, Any]:
    size = environment.size(workload)
    selector = {
        "app.kubernetes.io/name": application,
        "app.kubernetes.io/instance": "cert-manager",
        "app.kubernetes.io/component": component,
    }
    return {
        "replicaCount": size.replicas,
        "resources": size.resources,
        # over a single pod a budget would only block the draining of its node
        "podDisruptionBudget": {"enabled": size.replicas > 1, "minAvailable": 1},
        "topologySpreadConstraints": environment.spread(selector) if size.replicas > 1 else [],
    }
