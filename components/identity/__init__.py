"""Who may do what in the cloud."""

from components.identity.grants import (
    CREDENTIAL_FILES,
    Access,
    Credentials,
    Grant,
    GrantError,
    Identity,
    IdentityBinding,
    ServiceAccountReference,
)
from components.identity.host_access import HostAccess

__all__ = [
    "CREDENTIAL_FILES",
    "Access",
    "Credentials",
    "Grant",
    "GrantError",
    "HostAccess",
    "Identity",
    "IdentityBinding",
    "ServiceAccountReference",
]
