"""Who may do what in the cloud."""

from components.identity.grants import (
    Access,
    Grant,
    GrantError,
    Identity,
    IdentityBinding,
    ServiceAccountReference,
)

__all__ = ["Access", "Grant", "GrantError", "Identity", "IdentityBinding", "ServiceAccountReference"]
