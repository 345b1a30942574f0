"""What the AWS API server of the sandbox cannot keep: a small JSON file in the sandbox's directory.

Requests for these things are still checked against the service model of AWS, which botocore ships.
"""

import fcntl
import json
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.environment import sandbox_directory

Record = dict[str, Any]
_Shelf = dict[str, Record]


def default_path() -> Path:
    """Give the file in the sandbox's state directory."""
    return sandbox_directory() / "aws-store.json"


@dataclass(frozen=True)
class Store:
    """Records by kind and key, e.g. kind ``eks/addon``, key ``cluster:name``.

    Attributes:
        path: the JSON file; it need not exist.
    """

    path: Path = field(default_factory=default_path)

    def get(self, kind: str, key: str) -> Record | None:
        """Give one record, or None."""
        return self._load().get(kind, {}).get(key)

    def all(self, kind: str, prefix: str = "") -> dict[str, Record]:
        """Give the records of a kind whose key starts with a prefix."""
        return {key: record for key, record in self._load().get(kind, {}).items() if key.startswith(prefix)}

    def put(self, kind: str, key: str, record: Record) -> None:
        """Add or replace a record."""
        with self._changing() as shelves:
            shelves.setdefault(kind, {})[key] = record

    def delete(self, kind: str, key: str) -> None:
        """Remove a record; nothing happens when there is none."""
        with self._changing() as shelves:
            shelves.get(kind, {}).pop(key, None)

    def delete_below(self, prefix: str) -> None:
        """Remove the records of every kind whose key starts with a prefix: what belongs to a deleted parent."""
        with self._changing() as shelves:
            for shelf in shelves.values():
                for key in [key for key in shelf if key.startswith(prefix)]:
                    del shelf[key]

    def _load(self) -> dict[str, _Shelf]:
        try:
            return json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}

    @contextmanager
    def _changing(self) -> Generator[dict[str, _Shelf]]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            shelves = self._load()
            yield shelves
            with tempfile.NamedTemporaryFile("w", dir=self.path.parent, delete=False, encoding="utf-8") as draft:
                json.dump(shelves, draft, indent=1, sort_keys=True)
            Path(draft.name).replace(self.path)


def read(kind: str, key: str, path: Path | None = None) -> Record | None:
    """Give one stored record, for tests that ask the cloud's side.

    Args:
        kind: e.g. ``eks/addon``.
        key: e.g. ``biz-automation-dev:coredns``.
        path: the store's file; None: the one of the sandbox's directory.
    """
    return Store(path or default_path()).get(kind, key)
