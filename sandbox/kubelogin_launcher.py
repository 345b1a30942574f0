"""The `kubelogin` of the sandbox's search path, which kubeconfigs of AKS clusters run: there is no Entra to sign in to.

`get-token` answers with the sandbox's own credential, because the cluster behind the endpoint is the sandbox's.
"""

import sys

from sandbox.cluster_credential import answer
from sandbox.environment import sandbox_directory


def main() -> int:
    """Answer the command line."""
    if "get-token" not in sys.argv[1:]:
        print("The sandbox's kubelogin knows only get-token.", file=sys.stderr)
        return 2
    return answer(sandbox_directory())


if __name__ == "__main__":
    sys.exit(main())
