"""Block storage that volume claims ask for by name.

Source: CLU-1..2, A-30.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from components.cluster.storage_classes import StorageClassSpecification
from components.ownership import Ownership


@dataclass(frozen=True)
class StorageClassesArgs:
    """What the storage classes need.

    Args:
        specifications: what the cloud offers.
        ownership: labels.
    """

    specifications: Sequence[StorageClassSpecification]
    ownership: Ownership


class StorageClasses(pulumi.ComponentResource):
    """A StorageClass for each kind of volume that the cloud offers, bound where the pod lands, and expandable.

    Classes that exist are left as they are.

    Args:
        name: logical name.
        args: what the cloud offers.
        opts: carries the cluster's provider.

    Attributes:
        default: name of the class that the platform's claims name.
        ready: gate: all of them stand; None: none had to be made.

    Raises:
        ValueError: not exactly one is the default.

    Source: CLU-1..2.
    """

    default: str
    ready: pulumi.Resource | None

    def __init__(self, name: str, args: StorageClassesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:base:StorageClasses", name, None, opts)
        self._name, self._ownership = name, args.ownership
        defaults = [each for each in args.specifications if each.default]
        if len(defaults) != 1:
            names = ", ".join(each.name for each in defaults) or "none"
            raise ValueError(f"storage classes: exactly one must be the default; these say they are: {names}")
        made = [each for each in args.specifications if not each.exists]
        others = [self._storage_class(each) for each in made if not each.default]
        default = defaults[0]
        self.default = default.name
        self.ready = next(reversed(others), None) if default.exists else self._storage_class(default, *others)
        self.register_outputs({"default": self.default})

    def _storage_class(self, specification: StorageClassSpecification, *after: pulumi.Resource) -> pulumi.Resource:
        is_default = {"storageclass.kubernetes.io/is-default-class": str(specification.default).lower()}
        return kubernetes.storage.v1.StorageClass(
            f"{self._name}-{specification.name}",
            metadata={
                "name": specification.name,
                "labels": self._ownership.labels(specification.name, component="storage"),
                "annotations": is_default,
            },
            provisioner=specification.provisioner,
            parameters=specification.parameters,
            reclaim_policy="Retain" if specification.retain else "Delete",
            volume_binding_mode="WaitForFirstConsumer",
            allow_volume_expansion=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=after),
        )
