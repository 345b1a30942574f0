"""A cluster of OpenShift that exists: how to get into it, and what it offers.

Source: CLU-3, A-31.
"""

import base64
import json
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from components.cluster.storage_classes import StorageClassSpecification


@dataclass(frozen=True)
class TokenAccess:
    """Signing in with the token of a service account.

    Args:
        server: address of the API server.
        token: of the service account.
        certificate_authority: who signed the server's certificate, in PEM form; None: a public authority.
    """

    server: str
    token: str
    certificate_authority: str | None = None

    def kubeconfig(self) -> pulumi.Output[str]:
        """The kubeconfig of this access, a secret."""
        authority = {"certificate-authority-data": _encoded(self.certificate_authority or "")}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": "openshift",
                    "cluster": {"server": self.server, **(authority if self.certificate_authority else {})},
                }
            ],
            "users": [{"name": "platform", "user": {"token": self.token}}],
            "contexts": [{"name": "platform", "context": {"cluster": "openshift", "user": "platform"}}],
            "current-context": "platform",
        }
        return pulumi.Output.secret(json.dumps(document))


@dataclass(frozen=True)
class KubeconfigAccess:
    """Signing in as a kubeconfig says; its contents never become part of the stack's state.

    Args:
        path: of the file; None: as KUBECONFIG says, or the user's own.
        context: of the file; None: the current one.
    """

    path: str | None = None
    context: str | None = None


@dataclass(frozen=True)
class ClusterArgs:
    """What the cluster is.

    Args:
        access: how to sign in.
        cluster_id: its own id; another one is another cluster.
        standard_class: storage class of volumes that may go with their claim.
        retained_class: storage class of volumes that outlive it; None: the cluster has none.
    """

    access: TokenAccess | KubeconfigAccess
    cluster_id: str
    standard_class: str
    retained_class: str | None = None


class Cluster(pulumi.ComponentResource):
    """The cluster as the platform sees it; nothing of it is made here.

    Args:
        name: logical name.
        args: how to sign in, and what there is.
        opts: usual options.

    Attributes:
        provider: Kubernetes provider; replaced only when the cluster is another one.
        ready: gate: the cluster takes workloads, as it did before.
        storage_classes: classes that its owner has made.

    Source: CLU-3, A-31.
    """

    provider: kubernetes.Provider
    ready: pulumi.Resource

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:cluster:Cluster", name, None, opts)
        access, child = args.access, pulumi.ResourceOptions(parent=self)
        if isinstance(access, TokenAccess):
            self.provider = kubernetes.Provider(
                name, kubeconfig=access.kubeconfig(), cluster_identifier=args.cluster_id, opts=child
            )
        else:
            self.provider = kubernetes.Provider(
                name,
                kubeconfig=access.path,
                context=access.context,
                cluster_identifier=args.cluster_id,
                opts=child,
            )
        self.ready = self.provider
        self.storage_classes = [
            StorageClassSpecification(args.standard_class, default=True, exists=True),
            *(
                [StorageClassSpecification(args.retained_class, retain=True, exists=True)]
                if args.retained_class
                else []
            ),
        ]
        self.register_outputs({})


def _encoded(pem: str) -> str:
    return base64.b64encode(pem.encode()).decode()
