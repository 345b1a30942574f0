"""Measures the program against a floor, in one run on one machine: ``make bench``.

Writes ``bench/report.md`` and ``bench/report.json``. Read the ratios; the seconds belong to this machine and this hour.
"""

import json
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench.preview import PreviewBench
from tests.bench.programs import CHECKOUT
from tests.unit.settings.configuration import COMMITTED

NAMESPACES = 8
RUNS = 3


@dataclass(frozen=True)
class Row:
    """One figure of the report; ``target`` is what the project aims at, empty where there is none."""

    measurement: str
    value: float
    unit: str
    target: str = ""


@dataclass(frozen=True)
class GraphFigures:
    """Medians of one program: seconds, MiB, and how many resources of each package it has."""

    import_seconds: float
    graph_seconds: float
    peak_mib: float
    resources: Mapping[str, int]

    @property
    def total(self) -> int:
        """Resources of all packages."""
        return sum(self.resources.values())


def graph_figures(*arguments: str) -> GraphFigures:
    """Measures ``tests.bench.graph`` several times, each in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.graph", *arguments]
    runs = [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True, cwd=CHECKOUT).stdout)
        for _ in range(RUNS)
    ]
    medians = {
        key: statistics.median(run[key] for run in runs) for key in ("import_seconds", "graph_seconds", "peak_mib")
    }
    return GraphFigures(**medians, resources=runs[0]["resources"])


def graph_rows() -> list[Row]:
    """Import, graph build and memory of every stack, beside its floor; growth from one to ten times the namespaces."""
    rows: list[Row] = []
    for stack in COMMITTED:
        platform = graph_figures("stack", stack)
        floor = graph_figures("floor", json.dumps(platform.resources))
        rows += [
            Row(f"{stack}: resources", platform.total, ""),
            Row(f"{stack}: import", platform.import_seconds, "s"),
            Row(f"{stack}: graph build", platform.graph_seconds, "s", "< 2"),
            Row(f"{stack}: graph build / floor", platform.graph_seconds / floor.graph_seconds, "x"),
            Row(f"{stack}: peak memory", platform.peak_mib, "MiB", "< 250"),
        ]
    once, tenfold = (graph_figures("namespaces", str(NAMESPACES * times)) for times in (1, 10))
    per_resource = [figures.graph_seconds / figures.total for figures in (once, tenfold)]
    rows.append(
        Row("10 x namespaces: graph time per resource, ratio to 1 x", per_resource[1] / per_resource[0], "x", "<= 1.2")
    )
    return rows


def preview_rows(directory: Path) -> list[Row]:
    """Preview of dev with and without policies, of its floor, and of one and ten times the namespaces."""
    with closing(PreviewBench(directory, RUNS)) as bench:
        return _preview_rows(bench)


def _preview_rows(bench: PreviewBench) -> list[Row]:
    resources = bench.resource_types()
    timings = {
        "with policies": bench.stack_preview(policies=True),
        "without policies": bench.stack_preview(policies=False),
        "floor with policies": bench.floor_preview(resources, policies=True),
        "floor without policies": bench.floor_preview(resources, policies=False),
        "namespaces": bench.namespaces_preview(NAMESPACES),
        "10 x namespaces": bench.namespaces_preview(NAMESPACES * 10),
    }
    packages = Counter[str]()
    for resource_type, count in resources.items():
        packages[resource_type.split(":")[0]] += count
    return [
        *(Row(f"dev preview: {package} resources", count, "") for package, count in sorted(packages.items())),
        *(Row(f"preview {name}", seconds, "s") for name, seconds in timings.items()),
        Row("preview / floor, with policies", timings["with policies"] / timings["floor with policies"], "x", "<= 1.5"),
        Row(
            "preview / floor, without policies",
            timings["without policies"] / timings["floor without policies"],
            "x",
            "<= 1.5",
        ),
        Row("cost of the policies", timings["with policies"] / timings["without policies"], "x"),
        Row("10 x namespaces / 1 x namespaces", timings["10 x namespaces"] / timings["namespaces"], "x", "<= 10"),
    ]


def markdown(rows: list[Row]) -> str:
    """The report as a Markdown table."""
    lines = ["| measurement | value | target |", "| --- | ---: | ---: |"]
    lines += [f"| {row.measurement} | {row.value:.4g} {row.unit} | {row.target} |" for row in rows]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Runs every measurement and writes the report."""
    output = CHECKOUT / "bench"
    output.mkdir(exist_ok=True)
    started = time.perf_counter()
    rows = graph_rows() + preview_rows(output / "sandbox")
    (output / "report.json").write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")
    (output / "report.md").write_text(markdown(rows))
    print(markdown(rows))
    print(
        f"Medians of {RUNS} runs, all in one session of {time.perf_counter() - started:.0f} s; also in bench/report.md"
    )


if __name__ == "__main__":
    main()
