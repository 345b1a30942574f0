"""Which credentials a stack has, from its settings.

Source: SEC-5..8, SEC-10, DB-2.
"""

from collections.abc import Collection, Mapping

from components.secrets import GeneratedSecret, SecretRow, secrets_of, team_secrets
from stacks.settings import Settings


def secret_rows(settings: Settings) -> Mapping[str, SecretRow]:
    """Every credential of a stack by its path, those of its teams among them."""
    teams = [team.name for team in settings.teams] if settings.components.kafka else []
    return {**secrets_of(settings.components_on), **team_secrets(teams)}


def generated_secrets(settings: Settings, *, made_by_cloud: Collection[str] = ()) -> list[GeneratedSecret]:
    """The credentials that the program makes.

    Args:
        settings: the stack's.
        made_by_cloud: paths of those that a service of the cloud makes itself.
    """
    return [
        GeneratedSecret(path, row.description, row.generated, row.fixed, row.is_renewable)
        for path, row in secret_rows(settings).items()
        if row.generated and path not in made_by_cloud
    ]


def supplied_secrets(settings: Settings) -> list[str]:
    """Paths of the credentials that people put into the vault."""
    return [path for path, row in secrets_of(settings.components_on).items() if row.supplied]
