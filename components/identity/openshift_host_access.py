"""The node's own files, which no constraint of OpenShift opens to applications.

Source: A-31, SEC-1.
"""

from typing import Any

import pulumi

from components.identity.grants import ServiceAccountReference
from components.ownership import PART_OF, Ownership

TYPE = "kubernetes:security.openshift.io/v1:SecurityContextConstraints"
# may read what every container and the node itself write; an ordinary container's label may not
_SELINUX_TYPE = "spc_t"


class HostFiles(pulumi.ComponentResource):
    """A constraint of its own for each account that reads the node's files: no privileges, no capabilities.

    Args:
        name: logical name.
        ownership: labels.
        opts: carries the cluster's provider.

    Source: A-31, SEC-1.
    """

    def __init__(self, name: str, ownership: Ownership, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:identity:HostFiles", name, None, opts)
        self._ownership = ownership
        self.register_outputs({})

    def allow(self, account: ServiceAccountReference) -> pulumi.Resource:
        """Make the constraint of a service account, which need not exist yet."""
        name = f"{PART_OF}-{account.namespace}-{account.name}"
        metadata = {"name": name, "labels": self._ownership.labels(account.name, component="identity")}
        return pulumi.CustomResource(
            TYPE,
            f"{account.namespace}-{account.name}-host-files",
            {
                "apiVersion": "security.openshift.io/v1",
                "kind": "SecurityContextConstraints",
                "metadata": metadata,
                "users": [f"system:serviceaccount:{account.namespace}:{account.name}"],
                **_CONSTRAINT,
            },
            pulumi.ResourceOptions(parent=self),
        )


_CONSTRAINT: dict[str, Any] = {
    "groups": [],
    "allowHostDirVolumePlugin": True,
    "allowHostIPC": False,
    "allowHostNetwork": False,
    "allowHostPID": False,
    "allowHostPorts": False,
    "allowPrivilegeEscalation": False,
    "allowPrivilegedContainer": False,
    "allowedCapabilities": [],
    "defaultAddCapabilities": [],
    "requiredDropCapabilities": ["ALL"],
    "readOnlyRootFilesystem": True,
    "runAsUser": {"type": "RunAsAny"},
    "fsGroup": {"type": "RunAsAny"},
    "supplementalGroups": {"type": "RunAsAny"},
    "seLinuxContext": {"type": "MustRunAs", "seLinuxOptions": {"type": _SELINUX_TYPE}},
    "seccompProfiles": ["runtime/default"],
    "volumes": ["configMap", "downwardAPI", "emptyDir", "hostPath", "projected", "secret"],
}
