"""The credential of the sandbox's own cluster, for the programs that kubeconfigs of clouds run to get theirs."""

import base64
import json
import os
import sys
from pathlib import Path

from sandbox.environment import read_endpoints


def answer(directory: Path) -> int:
    """Print the credential as client-go's exec plugins do; returns the exit status.

    Args:
        directory: state directory of the sandbox.
    """
    cluster = read_endpoints(directory).get("kubernetes")
    if not cluster:
        print("The sandbox has no cluster yet: run `make up` first.", file=sys.stderr)
        return 1
    print(json.dumps(_credential(cluster)))
    return 0


def _credential(cluster: dict[str, str]) -> dict[str, object]:
    version = "client.authentication.k8s.io/v1beta1"
    asked = os.environ.get("KUBERNETES_EXEC_INFO")
    if asked:
        version = json.loads(asked).get("apiVersion", version)
    if "token" in cluster:
        status = {"token": cluster["token"]}
    else:
        # a cluster of the user's own may know its administrator by certificate
        parts = {"clientCertificateData": "clientCertificate", "clientKeyData": "clientKey"}
        status = {key: base64.b64decode(cluster[name]).decode() for key, name in parts.items()}
    return {"apiVersion": version, "kind": "ExecCredential", "spec": {}, "status": status}
