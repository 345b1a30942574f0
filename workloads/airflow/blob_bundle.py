"""DAGs from a container behind the Blob API, for which Airflow's provider has no bundle.

Every part of Airflow that reads DAGs imports this module. Its settings are an item of
``AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST`` with the class path ``blob_bundle.BlobDagBundle``; the connection
says who signs in.

Source: WF-AIRFLOW-3; docs/adr/0028.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

# Airflow is in its own image alone
from airflow.dag_processing.bundles.base import BaseDagBundle  # pyright: ignore[reportMissingImports]
from airflow.providers.microsoft.azure.hooks.wasb import WasbHook  # pyright: ignore[reportMissingImports]

# a hierarchical account lists its folders as empty blobs that say what they are
_FOLDER = "hdi_isfolder"
_COMPILED = "__pycache__"


class Blob(Protocol):
    """What a container lists."""

    name: str
    size: int
    last_modified: datetime
    metadata: Mapping[str, str] | None


class Download(Protocol):
    """The contents of a blob."""

    def readall(self) -> bytes:
        """All of it."""
        ...


class Container(Protocol):
    """A container, as Azure's SDK has it."""

    def list_blobs(self, *, name_starts_with: str, include: list[str]) -> Iterable[Blob]:
        """The blobs whose names begin so."""
        ...

    def download_blob(self, blob: str) -> Download:
        """Begin to read a blob."""
        ...


class BlobDagBundle(BaseDagBundle):  # pyright: ignore[reportUntypedBaseClass]
    """A folder of a container, of which each pod keeps a copy.

    Args:
        container: its name.
        prefix: the folder, without a trailing slash.
        connection: id of the connection to the storage account.
        kwargs: of every bundle.
    """

    supports_versioning = False

    def __init__(self, *, container: str, prefix: str, connection: str = "wasb_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._container_name, self._prefix, self._connection = container, prefix, connection

    @property
    def path(self) -> Path:
        """Where the copy is."""
        return self.base_dir

    def initialize(self) -> None:
        """Make the first copy."""
        self.refresh()
        super().initialize()

    def refresh(self) -> None:
        """Bring the copy up to date.

        Raises:
            ValueError: an older version is asked for.
        """
        if self.version:
            raise ValueError(f"bundle {self.name}: there is no version {self.version}; the container keeps the newest")
        with self.lock():
            mirror(self._container, self._prefix, self.path)

    def get_current_version(self) -> None:
        """There are no versions."""

    @cached_property
    def _container(self) -> Container:
        hook = WasbHook(wasb_conn_id=self._connection)
        return hook.blob_service_client.get_container_client(self._container_name)


def mirror(container: Container, prefix: str, folder: Path) -> None:
    """Make a folder hold what a container has below a prefix, and nothing else.

    A file is replaced as a whole, so that nobody reads half of one; what has not changed is not read again.

    Args:
        container: to read from.
        prefix: without a trailing slash.
        folder: the copy; it need not exist.

    Raises:
        ValueError: a name leads out of the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {_inside(folder, blob.name.removeprefix(f"{prefix}/")): blob for blob in _files(container, prefix)}
    for path in _copied(folder):
        if path not in wanted:
            path.unlink()
    for path, blob in wanted.items():
        if not _is_current(path, blob):
            _copy(container, blob, path)


def _files(container: Container, prefix: str) -> Iterator[Blob]:
    for blob in container.list_blobs(name_starts_with=f"{prefix}/", include=["metadata"]):
        if (blob.metadata or {}).get(_FOLDER) != "true":
            yield blob


def _inside(folder: Path, name: str) -> Path:
    path = Path(os.path.normpath(folder / name))
    if not path.is_relative_to(folder) or path == folder:
        raise ValueError(f"blob {name!r} leads out of {folder}; rename it")
    return path


def _copied(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and _COMPILED not in path.parts]


def _is_current(path: Path, blob: Blob) -> bool:
    if not path.is_file():
        return False
    found = path.stat()
    return (found.st_size, found.st_mtime) == (blob.size, blob.last_modified.timestamp())


def _copy(container: Container, blob: Blob, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # the name of no module
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_bytes(container.download_blob(blob.name).readall())
    seconds = blob.last_modified.timestamp()
    os.utime(unfinished, (seconds, seconds))
    unfinished.replace(path)
