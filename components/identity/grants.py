"""What a workload may do in the cloud, in words that hold on every cloud.

Source: CLU-5, SEC-5, SEC-6.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

import pulumi

# where the files among a workload's credentials are in its containers
CREDENTIAL_FILES = "/etc/object-store"
_VOLUME = "object-store"


class Access(StrEnum):
    """What a workload may do with a cloud resource."""

    READ = "read"
    WRITE = "write"


class GrantError(ValueError):
    """A grant names a resource that the cloud's foundation does not have."""


@dataclass(frozen=True)
class Grant:
    """Access of one workload to one named resource of the foundation; write access includes reading.

    ``resource`` is a lake zone (``lake/raw``), another bucket (``bucket/velero-backups``), the secrets below a prefix
    (``secret/airflow``), all of the stack's secrets (``secret``), the DNS records under the base domain (``dns``) or
    only the TXT records with this first label, by which a challenge is met (``dns/_acme-challenge``). ``prefix``
    narrows a lake zone or bucket to the objects whose names start with it; it ends in a slash.
    """

    resource: str
    access: Access
    prefix: str = ""


@dataclass(frozen=True)
class ServiceAccountReference:
    """A Kubernetes service account by namespace and name."""

    namespace: str
    name: str


@dataclass(frozen=True)
class Credentials:
    """Keys that a workload signs in with, where the cloud recognises no service accounts.

    Args:
        secret: what the Secret is called that its pods read them from.
        vault_name: what the vault calls the secret that has them.
        properties: environment variable -> property of that secret.
        variables: further environment variables: where to sign in, and how.
        files: key of the Secret -> contents of a file of that name below ``CREDENTIAL_FILES``, such as an authority's
            certificate; variables that name such a file count on it.
        annotations: of the Secret.
    """

    secret: str
    vault_name: str
    properties: Mapping[str, str]
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    annotations: Mapping[str, str] = field(default_factory=dict[str, str])

    def references(self) -> list[dict[str, Any]]:
        """Every environment variable as a reference to the Secret, for pods that cannot take all of its keys."""
        return [
            {"name": name, "valueFrom": {"secretKeyRef": {"name": self.secret, "key": name}}}
            for name in (*self.properties, *self.variables)
        ]

    def volumes(self) -> list[dict[str, Any]]:
        """The volume with the files, in Kubernetes' own form; none without files."""
        items = [{"key": name, "path": name} for name in self.files]
        return [{"name": _VOLUME, "secret": {"secretName": self.secret, "items": items}}] if items else []

    def mounts(self) -> list[dict[str, Any]]:
        """How a container mounts that volume."""
        return [{"name": _VOLUME, "mountPath": CREDENTIAL_FILES, "readOnly": True}] if self.files else []


@dataclass(frozen=True)
class IdentityBinding:
    """What the bound workload's objects carry so that the cloud recognises them, and what they must wait for.

    Where the cloud recognises no service accounts, ``credentials`` says what the workload signs in with; the Secret of
    that name holds it once ``ready`` stands, and its keys are environment variables of the workload's containers, which
    have its files mounted.
    """

    annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    pod_labels: Mapping[str, str] = field(default_factory=dict[str, str])
    ready: pulumi.Resource | None = None
    credentials: Credentials | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Names of the Secrets whose keys are environment variables of the workload; none or one."""
        return (self.credentials.secret,) if self.credentials else ()


class Identity(Protocol):
    """Binds a Kubernetes service account to cloud permissions. Source: CLU-5, SEC-5, SEC-6."""

    def bind(self, account: ServiceAccountReference, grants: Sequence[Grant]) -> IdentityBinding:
        """Give a service account the access that the grants name, and nothing else.

        Raises:
            GrantError: a grant names a resource that the foundation does not have.
        """
        ...


def require_grants(account: ServiceAccountReference, grants: Sequence[Grant]) -> None:
    """Refuse to bind a service account that needs nothing.

    Raises:
        GrantError: there are no grants.
    """
    if not grants:
        raise GrantError(f"{account.namespace}/{account.name}: no grants; bind only accounts that need some")


def require_known(grant: Grant, name: str, known: Collection[str]) -> None:
    """Refuse a grant of a lake zone or bucket that the foundation does not have.

    Raises:
        GrantError: names what it has.
    """
    if name not in known:
        raise GrantError(f"grant {grant.resource!r}: there is no {name!r}; allowed are {', '.join(sorted(known))}")


def require_reading(grant: Grant) -> None:
    """Refuse to let a workload write secrets.

    Raises:
        GrantError: the grant is for more than reading.
    """
    if grant.access is not Access.READ:
        raise GrantError(f"grant {grant.resource!r}: secrets can be read only; they are written by the stack")


def unknown_resource(grant: Grant) -> GrantError:
    """The error of a grant whose resource is none of the forms that :class:`Grant` lists."""
    return GrantError(
        f"grant {grant.resource!r}: allowed are lake/<zone>, bucket/<name>, secret/<prefix>, secret, dns/<label>, dns"
    )
