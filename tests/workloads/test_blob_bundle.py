"""The bundle of DAGs over the Blob API, with a container in memory and as much of Airflow as it touches."""

import importlib.util
import sys
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

SOURCE = Path(__file__).parents[2] / "workloads" / "airflow" / "blob_bundle.py"
WRITTEN = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass
class Blob:
    name: str
    content: bytes = b""
    last_modified: datetime = WRITTEN
    metadata: Mapping[str, str] | None = None

    @property
    def size(self) -> int:
        return len(self.content)


@dataclass
class Container:
    """A container of a hierarchical account: it lists folders as well."""

    blobs: dict[str, Blob] = field(default_factory=dict[str, Blob])
    read: list[str] = field(default_factory=list[str])

    def put(self, name: str, content: str, last_modified: datetime = WRITTEN) -> None:
        folder = name.rpartition("/")[0]
        self.blobs[folder] = Blob(folder, metadata={"hdi_isfolder": "true"})
        self.blobs[name] = Blob(name, content.encode(), last_modified)

    def list_blobs(self, *, name_starts_with: str, include: list[str]) -> Iterable[Blob]:
        assert include == ["metadata"], "without metadata a folder is an empty file"
        return [blob for name, blob in sorted(self.blobs.items()) if name.startswith(name_starts_with)]

    def download_blob(self, blob: str) -> SimpleNamespace:
        self.read.append(blob)
        return SimpleNamespace(readall=lambda: self.blobs[blob].content)


class BaseDagBundle:
    """What the bundle uses of Airflow's own."""

    base_dir: Path

    def __init__(self, *, name: str, version: str | None = None) -> None:
        self.name, self.version = name, version
        self.is_initialized = False
        self.locked = False

    def initialize(self) -> None:
        self.is_initialized = True

    @contextmanager
    def lock(self) -> Generator[None]:
        self.locked = True
        yield
        self.locked = False


def a_module(name: str, **members: Any) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(members)
    return module


@pytest.fixture
def container() -> Container:
    return Container()


@pytest.fixture
def bundle(container: Container, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The bundle as Airflow makes it of its settings."""

    def hook(wasb_conn_id: str) -> SimpleNamespace:
        assert wasb_conn_id == "wasb_default"
        return SimpleNamespace(blob_service_client=SimpleNamespace(get_container_client={"curated": container}.get))

    base = "airflow.dag_processing.bundles.base"
    wasb = "airflow.providers.microsoft.azure.hooks.wasb"
    monkeypatch.setitem(sys.modules, base, a_module(base, BaseDagBundle=BaseDagBundle))
    monkeypatch.setitem(sys.modules, wasb, a_module(wasb, WasbHook=hook))
    specification = importlib.util.spec_from_file_location("blob_bundle", SOURCE)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    monkeypatch.setattr(BaseDagBundle, "base_dir", tmp_path / "lake", raising=False)
    return module.BlobDagBundle(name="lake", version=None, container="curated", prefix="airflow/dags")


def files(bundle: Any) -> dict[str, str]:
    return {
        path.relative_to(bundle.path).as_posix(): path.read_text("utf-8")
        for path in bundle.path.rglob("*")
        if path.is_file()
    }


def test_copies_the_files_below_its_prefix_and_no_folders(bundle: Any, container: Container) -> None:
    container.put("airflow/dags/etl.py", "dag = 1")
    container.put("airflow/dags/lib/clean.py", "clean = 1")
    container.put("airflow/dags-of-others/etl.py", "dag = 2")
    container.put("models/iris/model.joblib", "model")

    bundle.initialize()

    assert files(bundle) == {"etl.py": "dag = 1", "lib/clean.py": "clean = 1"}
    assert bundle.is_initialized


def test_reads_only_what_changed_and_drops_what_is_gone(bundle: Any, container: Container) -> None:
    for name in ("kept", "changed", "gone"):
        container.put(f"airflow/dags/{name}.py", name)
    bundle.initialize()
    container.read.clear()
    del container.blobs["airflow/dags/gone.py"]
    container.put("airflow/dags/changed.py", "CHANGED", WRITTEN + timedelta(minutes=1))

    bundle.refresh()

    assert container.read == ["airflow/dags/changed.py"]
    assert files(bundle) == {"kept.py": "kept", "changed.py": "CHANGED"}


def test_leaves_what_python_compiled(bundle: Any, container: Container) -> None:
    container.put("airflow/dags/etl.py", "dag = 1")
    bundle.initialize()
    compiled = bundle.path / "__pycache__" / "etl.pyc"
    compiled.parent.mkdir()
    compiled.write_text("compiled", "utf-8")

    bundle.refresh()

    assert compiled.exists()


def test_an_empty_lake_is_an_empty_bundle(bundle: Any) -> None:
    bundle.initialize()
    assert bundle.path.is_dir()
    assert files(bundle) == {}


def test_copies_under_airflows_lock(bundle: Any, container: Container, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[bool] = []
    list_blobs = container.list_blobs

    def noted(**arguments: Any) -> Iterable[Blob]:
        held.append(bundle.locked)
        return list_blobs(**arguments)

    monkeypatch.setattr(container, "list_blobs", noted)
    bundle.initialize()
    assert held == [True]


def test_a_name_that_leads_out_is_refused(bundle: Any, container: Container) -> None:
    container.put("airflow/dags/../../../escaped.py", "import os")
    with pytest.raises(ValueError, match=r"escaped\.py.*leads out"):
        bundle.refresh()
    assert files(bundle) == {}


def test_there_are_no_versions(bundle: Any) -> None:
    assert bundle.get_current_version() is None
    assert bundle.supports_versioning is False
    bundle.version = "3"
    with pytest.raises(ValueError, match="there is no version 3"):
        bundle.refresh()
