"""How much each component gets, per sizing profile.

Source: A-30, A-57: the seed gives few numbers, so all others are chosen and stand in one table.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

from components.tables import read_table

SIZES = Path(__file__).parents[1] / "sizes.yaml"
Quantity = Annotated[str, Field(pattern=r"^\d+(\.\d+)?(m|[KMGT]i)?$")]


class Size(BaseModel):
    """Resources and replicas of one container or workload; quantities as in Kubernetes.

    Attributes:
        cpu: requested.
        memory: requested, and also the limit unless ``memory_limit`` is set.
        cpu_limit: most CPU.
        memory_limit: most memory.
        replicas: how many, or the fewest where an autoscaler owns their number.
        max_replicas: the most that an autoscaler may reach.
        storage: of each replica's volume.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    cpu: Quantity
    memory: Quantity
    cpu_limit: Quantity
    memory_limit: Quantity | None = None
    replicas: Annotated[int, Field(ge=1)] = 1
    max_replicas: int | None = None
    storage: Quantity | None = None

    @property
    def resources(self) -> dict[str, dict[str, str]]:
        """Requests and limits as charts and manifests take them."""
        return {
            "requests": {"cpu": self.cpu, "memory": self.memory},
            "limits": {"cpu": self.cpu_limit, "memory": self.memory_limit or self.memory},
        }


def sizes(profile: str) -> Mapping[str, Size]:
    """The sizes of a profile by name of the workload; a profile that a row lacks is as the one before it.

    Args:
        profile: ``dev``, ``stg`` or ``prod``.

    Raises:
        pydantic.ValidationError: a row has an unknown field or no quantity where one belongs.
    """
    return {name: _row(rows, profile) for name, rows in _table().items()}


def _row(rows: Mapping[str, Size], profile: str) -> Size:
    order = ("dev", "stg", "prod")
    present = [rows[name] for name in order[: order.index(profile) + 1] if name in rows]
    return present[-1]


@cache
def _table() -> Mapping[str, Mapping[str, Size]]:
    rows = read_table(SIZES)
    return TypeAdapter(dict[str, dict[str, Size]]).validate_python(rows)
