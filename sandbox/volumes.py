"""Simulated block storage: gives every claim that a pod waits for a volume, as a cloud's CSI driver does.

Runs as a daemon: ``python -m sandbox.volumes <port> <state directory>``; the port answers health checks.
"""

import contextlib
import sys
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from sandbox.cluster_api import ClusterApi
from sandbox.environment import KubernetesEndpoint, read_endpoints
from sandbox.errors import SandboxError

NAME = "volumes"
CLAIMS = "/api/v1/persistentvolumeclaims"
VOLUMES = "/api/v1/persistentvolumes"
CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
# the scheduler's word to the driver: a pod of the claim goes to this node
CHOSEN_NODE = "volume.kubernetes.io/selected-node"
PROVISIONER = "pv.kubernetes.io/provisioned-by"
_PAUSE_SECONDS = 0.5


def provision(api: ClusterApi) -> None:
    """Make a volume for each claim that waits for one, and remove those whose claim is gone."""
    pending = [claim for claim in api.items(CLAIMS) if claim["status"].get("phase") == "Pending"]
    classes = {item["metadata"]["name"]: item for item in api.items(CLASSES)} if pending else {}
    for claim in pending:
        storage_class = classes.get(claim["spec"].get("storageClassName", ""))
        if storage_class and _is_due(claim, storage_class):
            volume = _volume(claim, storage_class)
            api.apply(f"{VOLUMES}/{volume['metadata']['name']}", volume)
    for volume in api.items(VOLUMES):
        released = volume["status"].get("phase") == "Released"
        if released and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
            api.delete(f"{VOLUMES}/{volume['metadata']['name']}")


def _is_due(claim: Mapping[str, Any], storage_class: Mapping[str, Any]) -> bool:
    waits = storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"
    return not waits or CHOSEN_NODE in (claim["metadata"].get("annotations") or {})


def _volume(claim: Mapping[str, Any], storage_class: Mapping[str, Any]) -> dict[str, Any]:
    metadata, driver = claim["metadata"], storage_class["provisioner"]
    name = f"pvc-{metadata['uid']}"
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {PROVISIONER: driver}},
        "spec": {
            "capacity": claim["spec"]["resources"]["requests"],
            "accessModes": claim["spec"]["accessModes"],
            "volumeMode": claim["spec"].get("volumeMode", "Filesystem"),
            "storageClassName": storage_class["metadata"]["name"],
            "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": metadata["namespace"],
                "name": metadata["name"],
                "uid": metadata["uid"],
            },
            "csi": {"driver": driver, "volumeHandle": name},
        },
    }


class _Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer that all is well."""
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing of health checks."""


def main() -> None:
    """Serve until the process is ended."""
    port, directory = int(sys.argv[1]), Path(sys.argv[2])
    server = ThreadingHTTPServer(("127.0.0.1", port), _Health)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint, api = None, None
    while True:
        # the API server may come back on another port
        latest = KubernetesEndpoint.from_json(read_endpoints(directory)["kubernetes"])
        if api is None or latest != endpoint:
            endpoint, api = latest, ClusterApi(latest)
        # it may be away for a moment, or for good: then the supervisor ends us
        with contextlib.suppress(SandboxError):
            provision(api)
        time.sleep(_PAUSE_SECONDS)


if __name__ == "__main__":
    main()
