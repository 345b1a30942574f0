"""The platform's credentials as data, and which of them a stack has.

Source: SEC-5..8, A-7.
"""

from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from components.secrets.formats import SecretFormat
from components.tables import read_table

SECRETS = Path(__file__).with_name("secrets.yaml")


class SecretRow(BaseModel):
    """One credential; the file's head says what each field means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str
    components: tuple[str, ...] = ()
    generated: Mapping[str, SecretFormat] = Field(default_factory=dict[str, SecretFormat])
    fixed: Mapping[str, str] = Field(default_factory=dict[str, str])
    supplied: bool = False
    keys: tuple[str, ...] = ()
    kept: str = ""

    @model_validator(mode="after")
    def _is_generated_or_supplied(self) -> "SecretRow":
        if self.supplied == bool(self.generated) or (self.keys and not self.supplied):
            raise ValueError("give either generated, or supplied: true, with keys or without")
        return self

    @property
    def is_renewable(self) -> bool:
        """Whether a new value may take its place; a new Fernet key could not read what it encrypted. Source: SEC-11."""
        return not self.kept and SecretFormat.FERNET not in self.generated.values()

    @property
    def properties(self) -> frozenset[str]:
        """Keys that it has in the vault."""
        return frozenset((*self.generated, *self.fixed, *self.keys))


@cache
def inventory() -> Mapping[str, SecretRow]:
    """Every credential by its path."""
    rows = read_table(SECRETS)
    return TypeAdapter(dict[str, SecretRow]).validate_python(rows)


def secrets_of(components: Collection[str]) -> Mapping[str, SecretRow]:
    """The credentials that a stack has.

    Args:
        components: switches that are on.
    """
    return {
        path: row for path, row in inventory().items() if not row.components or set(row.components) & set(components)
    }


def team_secrets(teams: Collection[str]) -> Mapping[str, SecretRow]:
    """The credentials that each team has of its own.

    Args:
        teams: their names.
    """
    return {
        f"kafka/team-{team}": SecretRow(
            description=f"Team {team} at Kafka", generated={"password": SecretFormat.PASSWORD}
        )
        for team in teams
    }
