"""Certificates of cert-manager.

Source: NET-6, SEC-12.
"""

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as kubernetes

# ClusterIssuers: for public hosts, and for what only talks inside the cluster
PUBLIC_ISSUER = "letsencrypt-prod"
INTERNAL_ISSUER = "platform-internal"


def certificate(
    name: str,
    metadata: kubernetes.meta.v1.ObjectMetaArgsDict,
    opts: pulumi.ResourceOptions,
    *,
    issuer: str,
    dns_names: Sequence[str],
) -> pulumi.Resource:
    """A certificate with a new key at each renewal, in a Secret of the same name.

    Args:
        name: logical name.
        metadata: name, namespace and labels of the object.
        opts: parent and gates.
        issuer: ClusterIssuer that signs it.
        dns_names: whom it is for.
    """
    return kubernetes.apiextensions.CustomResource(
        name,
        api_version="cert-manager.io/v1",
        kind="Certificate",
        metadata=metadata,
        spec={
            "secretName": metadata.get("name"),
            "dnsNames": list(dns_names),
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
            "issuerRef": {"kind": "ClusterIssuer", "name": issuer},
        },
        opts=opts,
    )
