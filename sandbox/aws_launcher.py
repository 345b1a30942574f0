"""The `aws` of the sandbox's search path.

`aws eks get-token`, which kubeconfigs of EKS clusters run, answers with the sandbox's own credential, because the
cluster behind the endpoint is the sandbox's. Everything else goes to the real AWS CLI, with the sandbox's endpoint.
"""

import os
import sys

from sandbox.cluster_credential import answer
from sandbox.environment import environment, find_outside, sandbox_directory
from sandbox.foreground import run


def main() -> int:
    """Answer the command line."""
    directory = sandbox_directory()
    arguments = sys.argv[1:]
    if "eks" in arguments and "get-token" in arguments:
        return answer(directory)
    return _run_real(arguments)


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
