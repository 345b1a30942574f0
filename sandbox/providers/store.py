"""What a stand-in must remember between runs: records by kind and key in one JSON file."""

import fcntl
import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.environment import write_private

Record = dict[str, Any]
Shelves = dict[str, dict[str, Record]]


@dataclass(frozen=True)
class Store:
    """Records by kind and key, e.g. kind ``eks/addon``, key ``cluster:name``.

    Attributes:
        path: the JSON file; it need not exist.
    """

    path: Path

    def get(self, kind: str, key: str) -> Record | None:
        """Give one record, or None."""
        return self.load().get(kind, {}).get(key)

    def all(self, kind: str, prefix: str = "") -> dict[str, Record]:
        """Give the records of a kind whose key starts with a prefix."""
        return {key: record for key, record in self.load().get(kind, {}).items() if key.startswith(prefix)}

    def put(self, kind: str, key: str, record: Record) -> None:
        """Add or replace a record."""
        with self.changing() as shelves:
            shelves.setdefault(kind, {})[key] = record

    def delete(self, kind: str, key: str) -> None:
        """Remove a record; nothing happens when there is none."""
        with self.changing() as shelves:
            shelves.get(kind, {}).pop(key, None)

    def delete_below(self, prefix: str) -> None:
        """Remove the records of every kind whose key starts with a prefix: what belongs to a deleted parent."""
        with self.changing() as shelves:
            for shelf in shelves.values():
                for key in [key for key in shelf if key.startswith(prefix)]:
                    del shelf[key]

    def load(self) -> Shelves:
        """Give everything as it is now."""
        try:
            return json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}

    @contextmanager
    def changing(self) -> Generator[Shelves]:
        """Let nobody else in while the caller changes what it gets; an exception leaves everything as it was."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            shelves = self.load()
            yield shelves
            write_private(self.path, json.dumps(shelves, indent=1, sort_keys=True))
