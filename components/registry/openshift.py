"""Where the platform's own images are on OpenShift.

Source: A-5, A-18, A-31, POL-6.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from components.ownership import Ownership
from components.registry.repositories import repository_names

# the cluster's own registry, as its nodes reach it
INTERNAL_HOST = "image-registry.openshift-image-registry.svc:5000"
NAMESPACE = "biz-automation-images"
_RBAC = "rbac.authorization.k8s.io"


@dataclass(frozen=True)
class RegistryArgs:
    """What the images need.

    Args:
        address: of the organisation's own registry, with the path that the images are under; None: the cluster's.
        pullers: namespaces whose pods run the images.
        ownership: labels.
    """

    address: str | None
    pullers: Sequence[str]
    ownership: Ownership


class Registry(pulumi.ComponentResource):
    """One image stream per image in the cluster's registry, which the platform's namespaces may pull from.

    With a registry of the organisation's own nothing is made: its pull secret is the cluster's.

    Args:
        name: logical name.
        args: address and namespaces.
        opts: carries the cluster's provider.

    Attributes:
        url: where images are pulled from.

    Source: A-5, A-18, A-31, POL-6.
    """

    url: pulumi.Output[str]

    def __init__(self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:registry:Registry", name, None, opts)
        self._name, self._args = name, args
        if args.address is None:
            self._image_streams()
        self.url = pulumi.Output.from_input(args.address or f"{INTERNAL_HOST}/{NAMESPACE}")
        self.register_outputs({"url": self.url})

    def _image_streams(self) -> None:
        namespace = kubernetes.core.v1.Namespace(
            self._name,
            metadata={
                "name": NAMESPACE,
                "labels": {
                    **self._args.ownership.labels(NAMESPACE, component="registry"),
                    "name": NAMESPACE,
                    "pod-security.kubernetes.io/enforce": "restricted",
                },
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        inside = pulumi.ResourceOptions(parent=self, depends_on=[namespace], deleted_with=namespace)
        for image in repository_names():
            kubernetes.apiextensions.CustomResource(
                f"{self._name}-{image}",
                api_version="image.openshift.io/v1",
                kind="ImageStream",
                metadata=self._metadata(image),
                # a pod's image stays an address: nothing rewrites it
                spec={"lookupPolicy": {"local": False}},
                opts=inside,
            )
        kubernetes.rbac.v1.RoleBinding(
            f"{self._name}-pullers",
            metadata=self._metadata("image-pullers"),
            role_ref={"api_group": _RBAC, "kind": "ClusterRole", "name": "system:image-puller"},
            subjects=[
                {"kind": "Group", "name": f"system:serviceaccounts:{puller}", "api_group": _RBAC}
                for puller in self._args.pullers
            ],
            opts=inside,
        )

    def _metadata(self, name: str) -> kubernetes.meta.v1.ObjectMetaArgsDict:
        labels = self._args.ownership.labels(name, component="registry")
        return {"name": name, "namespace": NAMESPACE, "labels": labels}
