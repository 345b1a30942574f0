"""The cloud's vault as the cluster reads it.

Source: SEC-5..8, A-7.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi


@dataclass(frozen=True)
class SecretStore:
    """Where External Secrets reads.

    Args:
        name: of the store.
        kind: ``ClusterSecretStore`` or ``SecretStore``.
        names: what the vault calls each secret, by its path in ``components/secrets/secrets.yaml``.
        ready: gate: the store stands.
    """

    name: str
    kind: str
    names: Mapping[str, pulumi.Input[str]]
    ready: pulumi.Resource

    def remote_name(self, path: str) -> pulumi.Input[str]:
        """What the vault calls a secret.

        Raises:
            KeyError: no component declares this secret.
        """
        if path not in self.names:
            raise KeyError(f"no secret is called {path}; components/secrets/secrets.yaml lists them")
        return self.names[path]
