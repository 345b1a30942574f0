"""DNS records of the public host names.

Source: NET-5.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components.base import Environment, PlatformChart, PlatformChartArgs, Priority
from components.identity import Access, Grant, IdentityBinding

_NAME = "external-dns"


@dataclass(frozen=True)
class ExternalDnsArgs:
    """What external-dns needs.

    Args:
        environment: the stack that it is part of.
        provider: what it calls the cloud's DNS service, e.g. ``aws``.
        owner: what marks this stack's records; unique among all that share the zone.
        after: gates to wait for: the cluster knows HTTPRoute.
        files: what it reads of the service, by the name of the file in ``/etc/kubernetes``; none of it is secret.
    """

    environment: Environment
    provider: str
    owner: str
    after: Sequence[pulumi.Resource] = ()
    files: Mapping[str, str] = field(default_factory=dict[str, str])


class ExternalDns(pulumi.ComponentResource):
    """external-dns: each host of a Service, Ingress or HTTPRoute under the base domain gets its record.

    It makes and changes records and never deletes any: a host that vanishes by mistake stays resolvable.

    Args:
        name: logical name.
        args: provider and owner.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: it runs.

    Source: NET-5.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: ExternalDnsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:edge:ExternalDns", name, None, opts)
        environment = args.environment
        namespace = environment.namespaces["ingress"]
        binding = environment.bind(namespace, _NAME, [Grant("dns", Access.WRITE)])
        gates = [*([binding.ready] if binding.ready else []), *args.after]
        self.ready = PlatformChart(
            name,
            PlatformChartArgs(
                environment=environment,
                chart="external-dns",
                namespace=namespace,
                values=_values(args, binding),
                component="edge",
                after=gates,
                destinations=["api-server", "internet"],
                pod_labels={"app": _NAME, **binding.pod_labels},
            ),
            pulumi.ResourceOptions(parent=self),
        ).ready
        self.register_outputs({})


def _values(args: ExternalDnsArgs, binding: IdentityBinding) -> dict[str, Any]:
    environment = args.environment
    return {
        "provider": {"name": args.provider},
        "sources": ["service", "ingress", "gateway-httproute"],
        "policy": "upsert-only",
        "domainFilters": [environment.base_domain],
        "txtOwnerId": args.owner,
        "txtPrefix": "external-dns-",
        "managedRecordTypes": ["A", "AAAA", "CNAME"],
        "logFormat": "json",
        "resources": environment.size(_NAME).resources,
        "priorityClassName": Priority.HIGH.value,
        "serviceAccount": {"name": _NAME, "annotations": dict(binding.annotations)},
        "serviceMonitor": {"enabled": environment.monitors is not None},
        **(
            {"secretConfiguration": {"enabled": True, "mountPath": "/etc/kubernetes", "data": dict(args.files)}}
            if args.files
            else {}
        ),
    }
