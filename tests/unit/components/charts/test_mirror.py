"""The chart mirror: nothing but the archives of the bill of materials gets in. Source: POL-4."""

import hashlib
from pathlib import Path

import pytest

from components.charts import ChartMirror, ChartReference, mirror

CONTENT = b"archive"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def reference(digest: str | None) -> ChartReference:
    """A chart at version 1.0.0."""
    return ChartReference(
        repository="https://charts.example",
        version="1.0.0",
        app_version="1",
        license="MIT",
        component="kafka",
        digest=digest,
    )


@pytest.fixture(autouse=True)
def _bill(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {"good": reference(DIGEST), "open": reference(None), "changed": reference("0" * 64)}
    monkeypatch.setattr(mirror, "chart_reference", rows.__getitem__)


@pytest.fixture
def charts(tmp_path: Path) -> ChartMirror:
    for name in ("good", "open", "changed"):
        (tmp_path / f"{name}-1.0.0.tgz").write_bytes(CONTENT)
    return ChartMirror(tmp_path)


def test_an_archive_is_called_by_name_and_version(charts: ChartMirror) -> None:
    assert charts.archive("good") == charts.directory / "good-1.0.0.tgz"


def test_the_right_archives_pass_with_a_digest_or_none_yet(charts: ChartMirror) -> None:
    assert charts.problems(["good", "open"]) == []


def test_what_is_not_needed_is_not_looked_at(charts: ChartMirror) -> None:
    charts.archive("good").unlink()
    assert charts.problems(["open"]) == []


def test_every_problem_is_told_with_what_to_do(charts: ChartMirror) -> None:
    charts.archive("good").unlink()
    missing, changed = charts.problems(["good", "open", "changed"])

    assert missing == (f"{charts.archive('good')} is missing; run `make charts`, or copy the archive there")
    assert changed.startswith(f"{charts.archive('changed')} has the SHA-256 {DIGEST}")
    assert "0" * 64 in changed


def test_a_directory_of_an_archives_name_is_none(charts: ChartMirror) -> None:
    charts.archive("open").unlink()
    charts.archive("open").mkdir()

    assert [problem.rpartition(" is missing;")[0] for problem in charts.problems(["open"])] == [
        str(charts.archive("open"))
    ]
