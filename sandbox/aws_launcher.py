"""The `aws` of the sandbox's search path.

`aws eks get-token`, which kubeconfigs of EKS clusters run, answers with the sandbox's own credential, because the
cluster behind the endpoint is the sandbox's. Everything else goes to the real AWS CLI, with the sandbox's endpoint.
"""

import base64
import json
import os
import sys

from sandbox.environment import environment, find_outside, read_endpoints, sandbox_directory
from sandbox.foreground import run


def main() -> int:
    """Answer the command line."""
    directory = sandbox_directory()
    arguments = sys.argv[1:]
    if "eks" in arguments and "get-token" in arguments:
        cluster = read_endpoints(directory).get("kubernetes")
        if not cluster:
            print("The sandbox has no cluster yet: run `make up` first.", file=sys.stderr)
            return 1
        print(json.dumps(_credential(cluster)))
        return 0
    return _run_real(arguments)


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


def _run_real(arguments: list[str]) -> int:
    directory = sandbox_directory()
    real = find_outside("aws")
    if not real:
        print(
            "There is no AWS CLI on PATH: install awscli, or use boto3, which AWS_ENDPOINT_URL leads to the sandbox.",
            file=sys.stderr,
        )
        return 127
    return run([real, *arguments], {**os.environ, **environment(directory)})


if __name__ == "__main__":
    sys.exit(main())
