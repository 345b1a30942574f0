"""Models and the servers that run them, as data.

Source: MLOPS-3, MLOPS-5, MLOPS-6.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from components.tables import read_table

SERVING_RUNTIMES = Path(__file__).with_name("serving_runtimes.yaml")
MODELS = Path(__file__).with_name("models.yaml")


class ServingRuntime(BaseModel):
    """One server; the file's head says what each field means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str
    versions: Annotated[tuple[str, ...], Field(min_length=1)]
    image: str
    protocols: Annotated[tuple[str, ...], Field(min_length=1)]
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = Field(default_factory=dict[str, str])


class Model(BaseModel):
    """One model; the file's head says what each field means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str
    path: str


@cache
def serving_runtimes() -> Mapping[str, ServingRuntime]:
    """The servers by name."""
    return TypeAdapter(dict[str, ServingRuntime]).validate_python(read_table(SERVING_RUNTIMES))


@cache
def models() -> Mapping[str, Model]:
    """The models by name.

    Raises:
        ValueError: a model has a format that no server runs.
    """
    rows = TypeAdapter(dict[str, Model]).validate_python(read_table(MODELS))
    formats = {runtime.format for runtime in serving_runtimes().values()}
    for name, model in rows.items():
        if model.format not in formats:
            raise ValueError(f"{MODELS.name}: no server runs {name}: {model.format} is none of {sorted(formats)}")
    return rows
