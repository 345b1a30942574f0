"""What the AWS API server of the sandbox cannot keep: a small JSON file in the sandbox's directory.

Requests for these things are still checked against the service model of AWS, which botocore ships.
"""

from pathlib import Path

from sandbox.environment import sandbox_directory
from sandbox.providers.store import Record, Store


def open_store(path: Path | None = None) -> Store:
    """Give the store in a file; None: in the sandbox's state directory."""
    return Store(path or sandbox_directory() / "aws-store.json")


def read(kind: str, key: str, path: Path | None = None) -> Record | None:
    """Give one stored record, for tests that ask the cloud's side.

    Args:
        kind: e.g. ``eks/addon``.
        key: e.g. ``biz-automation-dev:coredns``.
        path: the store's file; None: the one of the sandbox's directory.
    """
    return open_store(path).get(kind, key)
