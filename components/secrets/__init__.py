"""The vault that holds the platform's credentials."""

from components.secrets.formats import SecretFormat
from components.secrets.inventory import SecretRow, inventory, secrets_of, team_secrets
from components.secrets.store import SecretStoreSpecification

__all__ = ["SecretFormat", "SecretRow", "SecretStoreSpecification", "inventory", "secrets_of", "team_secrets"]
