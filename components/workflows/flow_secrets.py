"""Secrets that Kestra's flows read, as data.

Source: WF-KESTRA-7, SEC-8, A-7.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from components.base import SecretKey
from components.tables import read_table

FLOW_SECRETS = Path(__file__).with_name("flow_secrets.yaml")
Name = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]


class FlowSecret(BaseModel):
    """One of them; the file's head says what each field means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    secret: str
    path: str
    key: str

    @property
    def source(self) -> SecretKey:
        """Where the vault has it."""
        return SecretKey(self.path, self.key)


@cache
def flow_secrets() -> Mapping[str, FlowSecret]:
    """The secrets by the name that flows read."""
    rows = read_table(FLOW_SECRETS)
    return TypeAdapter(dict[Name, FlowSecret]).validate_python(rows)
