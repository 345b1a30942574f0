"""A directory of chart archives: what a network without the charts' repositories renders from.

Source: POL-4; design section 4: a preview sees the objects of a chart only where its archive is at hand.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from components.charts.bill_of_materials import chart_reference


@dataclass(frozen=True)
class ChartMirror:
    """Chart archives called ``<chart>-<version>.tgz``.

    Args:
        directory: where they are; absolute.
    """

    directory: Path

    def archive(self, chart: str) -> Path:
        """The archive of a chart at the version of the bill of materials, whether it is there or not."""
        return self.directory / f"{chart}-{chart_reference(chart).version}.tgz"

    def problems(self, charts: Collection[str]) -> Sequence[str]:
        """Say of every chart that is not there, or not what the bill of materials says, what to do.

        Args:
            charts: names of the charts.
        """
        return [problem for chart in charts if (problem := self._problem(chart))]

    def _problem(self, chart: str) -> str | None:
        archive, digest = self.archive(chart), chart_reference(chart).digest
        if not archive.is_file():
            return f"{archive} is missing; run `make charts`, or copy the archive there"
        if digest is not None and (found := sha256(archive)) != digest:
            return (
                f"{archive} has the SHA-256 {found}, components/charts.yaml says {digest}; delete the "
                "archive and run `make charts`, or find out who changed it"
            )
        return None


def sha256(archive: Path) -> str:
    """The digest of an archive, in hexadecimal."""
    return hashlib.sha256(archive.read_bytes()).hexdigest()
