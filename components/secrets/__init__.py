"""The vault that holds the platform's credentials."""

from components.secrets.formats import SecretFormat
from components.secrets.generated import GeneratedSecret, random_values
from components.secrets.inventory import SecretRow, inventory, secrets_of, team_secrets
from components.secrets.store import SecretStoreSpecification

__all__ = [
    "GeneratedSecret",
    "SecretFormat",
    "SecretRow",
    "SecretStoreSpecification",
    "inventory",
    "random_values",
    "secrets_of",
    "team_secrets",
]
