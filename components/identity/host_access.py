"""Who may read the files of the node that it runs on.

Source: SEC-1, A-31.
"""

from typing import Protocol

import pulumi

from components.identity.grants import ServiceAccountReference


class HostAccess(Protocol):
    """Lets the pods of a service account read the node's files, where a cluster lets nobody from the start."""

    def allow(self, account: ServiceAccountReference) -> pulumi.Resource:
        """Let them, and give back the gate to wait for."""
        ...
