"""A directory of chart archives: what a network without the charts' repositories renders from.

Source: POL-4; design section 4: a preview sees the objects of a chart only where its archive is at hand.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from components.charts.bill_of_materials import ChartError, bill_of_materials


@dataclass(frozen=True)
class ChartMirror:
    """Chart archives called ``<chart>-<version>.tgz``.

    Args:
        directory: where they are; absolute.
    """

    directory: Path

    def archive(self, chart: str) -> Path:
        """The archive of a chart at the version of the bill of materials, whether it is there or not."""
        return self.directory / f"{chart}-{bill_of_materials()[chart].version}.tgz"

    def verify(self, charts: Collection[str]) -> None:
        """Make sure that every chart is there and is what the bill of materials says.

        Args:
            charts: names of the charts.

        Raises:
            ChartError: some are not; all of them are named.
        """
        problems = [problem for chart in charts if (problem := self._problem(chart))]
        if problems:
            raise ChartError("\n".join(problems))

    def _problem(self, chart: str) -> str | None:
        archive, digest = self.archive(chart), bill_of_materials()[chart].digest
        if not archive.is_file():
            return f"charts.mirror: {archive} is missing; run `make charts`, or copy the archive there"
        if digest is not None and (found := sha256(archive)) != digest:
            return (
                f"charts.mirror: {archive} has the SHA-256 {found}, components/charts.yaml says {digest}; delete the "
                "archive and run `make charts`, or find out who changed it"
            )
        return None


def sha256(archive: Path) -> str:
    """The digest of an archive, in hexadecimal."""
    return hashlib.sha256(archive.read_bytes()).hexdigest()
