"""Ids of resources that a stand-in has created, noted at once.

An engine that is killed right after a creation has not written the id into its state; the next command finds it here
and takes the resource over instead of creating it a second time.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from sandbox.environment import write_private

FOLDER = "created"


def note(directory: Path, urn: str, resource_id: str) -> None:
    """Write down that a resource exists now.

    Args:
        directory: state directory of the sandbox.
        urn: of the resource.
        resource_id: the provider's id.
    """
    write_private(_file(directory, urn), json.dumps({"urn": urn, "id": resource_id}))


def ids(directory: Path, urns: Iterable[str]) -> dict[str, str]:
    """Return the last noted ids by URN, of those that have one."""
    found = {urn: _file(directory, urn) for urn in urns}
    return {urn: json.loads(file.read_text())["id"] for urn, file in found.items() if file.exists()}


def clear(directory: Path) -> None:
    """Forget everything: the state is complete."""
    shutil.rmtree(directory / FOLDER, ignore_errors=True)


def _file(directory: Path, urn: str) -> Path:
    return directory / FOLDER / f"{hashlib.sha256(urn.encode()).hexdigest()[:32]}.json"
