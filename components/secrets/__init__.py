"""The vault that holds the platform's credentials."""

from components.secrets.formats import SecretFormat
from components.secrets.inventory import SecretRow, inventory, secrets_of

__all__ = ["SecretFormat", "SecretRow", "inventory", "secrets_of"]
