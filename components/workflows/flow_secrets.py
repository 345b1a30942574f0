"""Secrets that Kestra's flows read, as data.

Source: WF-KESTRA-7, SEC-7, SEC-8, A-7.
"""

from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from components.base import SecretKey
from components.tables import read_table

FLOW_SECRETS = Path(__file__).with_name("flow_secrets.yaml")


class FlowSecretKey(BaseModel):
    """One value of a Secret; the file's head says what each field means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
    path: str
    key: str | None = None

    @property
    def source(self) -> SecretKey:
        """Where the vault has it."""
        return SecretKey(self.path, self.key)

    @property
    def variable(self) -> str:
        """In which Kestra looks for it, in base64."""
        return f"SECRET_{self.name}"


class FlowSecret(BaseModel):
    """One Secret; the file's head says what each field means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    component: str | None = None
    keys: Mapping[str, FlowSecretKey]


@cache
def flow_secrets() -> Mapping[str, FlowSecret]:
    """Every Secret by its name."""
    rows = read_table(FLOW_SECRETS)
    return TypeAdapter(dict[str, FlowSecret]).validate_python(rows)


def flow_secrets_of(components: Collection[str]) -> Mapping[str, FlowSecret]:
    """The Secrets that a stack has.

    Args:
        components: switches that are on.
    """
    return {name: row for name, row in flow_secrets().items() if row.component is None or row.component in components}
