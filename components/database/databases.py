"""The platform's databases as data, and which of them a stack has.

Source: DB-1, A-35.
"""

from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from components.base import SecretKey
from components.tables import read_table

DATABASES = Path(__file__).with_name("databases.yaml")


class DatabaseRow(BaseModel):
    """One database; the file's head says what each field means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    owner: str
    component: str | None = None

    @property
    def secret_path(self) -> str:
        """Where the vault has the owner's credentials."""
        return f"postgres/{self.owner}"

    @property
    def credentials(self) -> Mapping[str, SecretKey]:
        """``username`` and ``password`` of the owner, as an ExternalSecret reads them."""
        return {key: SecretKey(self.secret_path, key) for key in ("username", "password")}


@cache
def databases() -> Mapping[str, DatabaseRow]:
    """Every database by its name."""
    rows = read_table(DATABASES)
    return TypeAdapter(dict[str, DatabaseRow]).validate_python(rows)


def databases_of(components: Collection[str]) -> Mapping[str, DatabaseRow]:
    """The databases that a stack has.

    Args:
        components: switches that are on.
    """
    return {name: row for name, row in databases().items() if row.component is None or row.component in components}
