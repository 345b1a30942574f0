"""Every third-party chart of the platform, as ``components/charts.yaml`` lists them.

Source: TGT-6, CLU-9.
"""

import difflib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated

import pulumi
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from components.tables import read_table

BILL_OF_MATERIALS = Path(__file__).parents[1] / "charts.yaml"
_OCI = "oci://"


class ChartReference(BaseModel):
    """One chart at one version, and where it comes from; the file's head says what each field means."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    repository: Annotated[str, Field(pattern=r"^(https|oci)://")]
    version: str
    app_version: str
    license: str
    component: str
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    crd_groups: tuple[str, ...] = ()
    crds: tuple[str, ...] = ()

    @property
    def is_oci(self) -> bool:
        """Whether a registry serves it, rather than a chart repository."""
        return self.repository.startswith(_OCI)

    def locator(self, chart: str) -> str:
        """What helm calls the chart: its address in a registry, or its name in a repository."""
        return f"{self.repository}/{chart}" if self.is_oci else chart


class ChartError(pulumi.RunError):
    """Charts that cannot be used as they are. The CLI prints the message alone: one line per problem.

    Args:
        problems: one sentence each.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


@cache
def bill_of_materials(path: Path = BILL_OF_MATERIALS) -> Mapping[str, ChartReference]:
    """The charts by name.

    Args:
        path: of the YAML file.

    Raises:
        ChartError: rows lack a field or have an unknown one, or two charts install the definitions of one API group.
    """
    rows = read_table(path)
    try:
        charts = TypeAdapter(dict[str, ChartReference]).validate_python(rows)
    except ValidationError as error:
        found = [(".".join(map(str, item["loc"])), item["msg"]) for item in error.errors(include_url=False)]
        raise ChartError([f"{path.name}: {row}: {message}; correct the row" for row, message in found]) from None
    owners = Counter(group for chart in charts.values() for group in chart.crd_groups)
    problems = [
        f"{path.name}: the API group {group} has {count} owners: "
        f"{', '.join(name for name, chart in charts.items() if group in chart.crd_groups)}; leave it with one chart"
        for group, count in sorted(owners.items())
        if count > 1
    ]
    if problems:
        raise ChartError(problems)
    return charts


def chart_reference(chart: str) -> ChartReference:
    """A chart's row.

    Raises:
        ChartError: there is none.
    """
    rows = bill_of_materials()
    if chart not in rows:
        alike = difflib.get_close_matches(chart, rows, n=1)
        hint = f"; is {alike[0]} meant?" if alike else "; add a row"
        raise ChartError([f"{BILL_OF_MATERIALS.name} has no chart {chart!r}{hint}"])
    return rows[chart]


def charts_of(components: Collection[str]) -> Sequence[str]:
    """Names of the charts that the components (switches of the settings) need."""
    return [name for name, chart in bill_of_materials().items() if chart.component in components]
