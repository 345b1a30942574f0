"""A simulated OpenShift: the real API server, with the kinds and the objects that a cluster's owner would have there.

The kinds take any field: what counts is that the program finds them served, and that its objects are stored. Nothing
acts on them; a Route has no router, an ImageStream no registry.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from components.tables import read_table
from sandbox import custom_kinds
from sandbox.cluster_api import ClusterApi
from sandbox.crds import COLLECTION
from sandbox.errors import SandboxError
from sandbox.stack_files import NAMESPACE, cloud_of, configuration

# of the definitions and objects, so that they go with the stack
PROVIDED: Mapping[str, str] = {"biz-automation/sandbox": "openshift"}
_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
# who is part of the cluster from the start: kinds of OpenShift itself, of OLM, and of its monitoring
_GROUPS = ("openshift.io", "operators.coreos.com", "monitoring.coreos.com")
# collections of the owner's objects that are no kinds of OpenShift
_KUBERNETES_OWN = ("/apis/rbac.authorization.k8s.io/v1/clusterroles", _CLASSES, "/api/v1/namespaces")
_MONITORING = "/api/v1/namespaces/openshift-monitoring/configmaps/cluster-monitoring-config"
_OBJECTS = Path(__file__).with_name("openshift.yaml")
_PATIENCE_SECONDS = 30.0
_PAUSE_SECONDS = 0.2


def is_openshift(stack_file: Path) -> bool:
    """Whether a stack runs on OpenShift."""
    return cloud_of(stack_file) == "openshift"


def provide(api: ClusterApi, stack_file: Path) -> None:
    """Make the cluster what the stack's settings say of it; nothing where the stack runs elsewhere.

    Args:
        api: of the cluster.
        stack_file: the stack's settings.

    Raises:
        SandboxError: the API server does not serve a kind in time.
    """
    if not is_openshift(stack_file):
        return
    for kind in custom_kinds.used_kinds():
        if kind.group.endswith(_GROUPS):
            definition = kind.permissive()
            definition["metadata"]["labels"] = dict(PROVIDED)
            path = f"{COLLECTION}/{definition['metadata']['name']}"
            # another stack of the same cluster may have brought upstream's own
            if api.get(path) is None:
                api.apply(path, definition)
    for path, manifest in objects(configuration(stack_file)).items():
        _apply(api, path, manifest)


def remove(api: ClusterApi) -> None:
    """Make the cluster an ordinary one again."""
    custom_kinds.remove(api, PROVIDED)
    for collection in _KUBERNETES_OWN:
        for item in api.items(f"{collection}?labelSelector=biz-automation%2Fsandbox%3Dopenshift"):
            api.delete(f"{collection}/{item['metadata']['name']}")


def objects(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The owner's objects by their paths.

    Args:
        config: what the stack file configures, by full key.
    """
    section = config.get(f"{NAMESPACE}:openshift") or {}
    network = config.get(f"{NAMESPACE}:network") or {}
    storage = section.get("storage") or {}
    found = cast("dict[str, dict[str, Any]]", read_table(_OBJECTS))
    found["/apis/config.openshift.io/v1/networks/cluster"]["status"] = {
        "serviceNetwork": [network.get("serviceCidr", "172.30.0.0/16")],
        "clusterNetwork": [{"cidr": network.get("podCidr", "10.128.0.0/14"), "hostPrefix": 23}],
        "networkType": "OVNKubernetes",
    }
    classes = list(storage.values())
    if section.get("managed"):
        # as Azure hands a cluster over; its other class, and monitoring of user projects, are the program's
        classes = [storage["standard"]]
        found[_MONITORING]["data"] = {"config.yaml": "{}\n"}
    for name in classes:
        found[f"{_CLASSES}/{name}"] = {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": name},
            "provisioner": "openshift-storage.rbd.csi.ceph.com",
            "volumeBindingMode": "WaitForFirstConsumer",
            "allowVolumeExpansion": True,
        }
    return found


def _apply(api: ClusterApi, path: str, manifest: dict[str, Any]) -> None:
    metadata = {**manifest["metadata"], "labels": dict(PROVIDED)}
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        # of a definition that was just made the API server knows nothing yet
        api.apply(path, {**manifest, "metadata": metadata})
        if api.get(path) is not None:
            break
        if time.monotonic() > deadline:
            raise SandboxError(f"The API server does not serve {path}; run the command again.")
        time.sleep(_PAUSE_SECONDS)
    if "status" in manifest:
        api.apply(f"{path}/status", manifest)
