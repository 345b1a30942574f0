"""The chart mirror is filled from the charts' repositories, and every digest compared. Source: TGT-6, POL-4."""

import hashlib
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import pytest

from components.charts import ChartReference
from sandbox import charts, toolchain
from sandbox.errors import SandboxError
from sandbox.stack_files import MIRROR
from sandbox.supervisor import free_port

pytestmark = pytest.mark.sandbox
VERSION = "1.0.0"
ROW = '{name}:\n  repository: {repository}\n  # comes with it\n  version: "1.0.0"\n  license: MIT\n  component: kafka\n'

Bill = Callable[..., None]


@dataclass(frozen=True)
class Mirror:
    """A mirror that is filled with a bill of materials of its own."""

    directory: Path
    bill: Path

    def fill(self) -> list[str]:
        """Fill it; what was said."""
        said: list[str] = []
        assert charts.fill(toolchain.provide(["helm"])["helm"], said.append) == self.directory
        return said

    def refused(self) -> list[str]:
        """Fill it in vain; the lines of the error."""
        with pytest.raises(SandboxError) as error:
            self.fill()
        return str(error.value).splitlines()


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *_args: object) -> None:  # noqa: A002 - the name is the base's
        """Keep requests out of the tests' output."""


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[str]:
    """Address of a chart repository that serves the charts ``first`` and ``second``."""
    folder = tmp_path / "repository"
    folder.mkdir()
    entries = ""
    for name in ("first", "second"):
        (folder / f"{name}-{VERSION}.tgz").write_bytes(archive(name))
        entries += f"  {name}:\n    - {{name: {name}, version: {VERSION}, urls: [{name}-{VERSION}.tgz]}}\n"
    (folder / "index.yaml").write_text(f"apiVersion: v1\nentries:\n{entries}")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mirror:
    bill = tmp_path / "charts.yaml"
    monkeypatch.setenv(MIRROR, str(tmp_path / "mirror"))
    monkeypatch.setenv("HELM_CACHE_HOME", str(tmp_path / "helm"))
    monkeypatch.setattr(charts, "BILL_OF_MATERIALS", bill)
    return Mirror(tmp_path / "mirror", bill)


@pytest.fixture
def bill(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> Bill:
    """Writes the bill of materials: charts with their repositories, and what is known of their digests."""

    def write(repositories: dict[str, str], **digests: str) -> None:
        # the bill itself takes encrypted repositories only
        rows = {
            name: ChartReference.model_construct(repository=address, version=VERSION, digest=digests.get(name))
            for name, address in repositories.items()
        }
        mirror.bill.write_text("".join(ROW.format(name=name, repository=row.repository) for name, row in rows.items()))
        monkeypatch.setattr(charts, "bill_of_materials", lambda: rows)
        monkeypatch.setattr("components.charts.mirror.chart_reference", rows.__getitem__)

    return write


def archive(name: str) -> bytes:
    """A chart without templates, as a repository serves it."""
    content = f"apiVersion: v2\nname: {name}\nversion: {VERSION}\n".encode()
    stream = BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        entry = tarfile.TarInfo(f"{name}/Chart.yaml")
        entry.size = len(content)
        tar.addfile(entry, BytesIO(content))
    return stream.getvalue()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_first_downloads_write_their_digests_down(mirror: Mirror, repository: str, bill: Bill) -> None:
    bill({"first": repository, "second": repository})
    said = mirror.fill()

    assert said == [
        f"Downloading first {VERSION} ...",
        f"Downloading second {VERSION} ...",
        f"2 charts are in {mirror.directory}.",
    ]
    written = [line for line in mirror.bill.read_text().splitlines() if "digest" in line]
    assert written == [
        f"  digest: {digest((mirror.directory / f'{name}-{VERSION}.tgz').read_bytes())}" for name in ("first", "second")
    ]
    without = "".join(line for line in mirror.bill.read_text().splitlines(True) if "digest" not in line)
    assert without == "".join(ROW.format(name=name, repository=repository) for name in ("first", "second"))


def test_what_is_there_is_not_downloaded_again_but_compared(mirror: Mirror, repository: str, bill: Bill) -> None:
    bill({"first": repository})
    mirror.fill()
    there = mirror.directory / f"first-{VERSION}.tgz"
    bill({"first": f"http://127.0.0.1:{free_port()}"}, first=digest(there.read_bytes()))

    assert mirror.fill() == [f"1 charts are in {mirror.directory}."]
    assert "digest" not in mirror.bill.read_text()


def test_a_download_that_is_not_what_the_bill_says_is_refused(mirror: Mirror, repository: str, bill: Bill) -> None:
    bill({"first": repository, "second": repository}, first="0" * 64)
    head, problem = mirror.refused()

    assert head == f"1 of 2 charts are not in {mirror.directory}:"
    assert "first" in problem
    assert "0" * 64 in problem
    assert "delete the archive and run `make charts` again" in problem


def test_every_repository_that_cannot_be_reached_is_named(mirror: Mirror, repository: str, bill: Bill) -> None:
    closed = f"127.0.0.1:{free_port()}"
    bill({"gone": f"http://{closed}", "first": repository, "pushed": f"oci://{closed}/charts", "absent": repository})
    head, gone, pushed, absent = mirror.refused()

    assert head == f"3 of 4 charts are not in {mirror.directory}:"
    assert gone.strip().startswith(f"gone: http://{closed} did not give version {VERSION}: ")
    assert pushed.strip().startswith(f"pushed: oci://{closed}/charts did not give version {VERSION}: ")
    assert absent.strip().startswith(f"absent: {repository} did not give version {VERSION}: ")
    assert [path.name for path in mirror.directory.iterdir()] == [f"first-{VERSION}.tgz"]
