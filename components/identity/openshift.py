"""What service accounts may do outside a cluster that no cloud recognises: keys of the object store, from the vault.

Source: A-31, CLU-5, SEC-5.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import pulumi

from components.datalake.object_store import ACCESS_KEY, SECRET_KEY, S3Store
from components.identity.grants import (
    CREDENTIAL_FILES,
    Credentials,
    Grant,
    IdentityBinding,
    ServiceAccountReference,
    require_grants,
    require_known,
    require_reading,
    unknown_resource,
)

# properties of the vault's secret, by the environment variables that every S3 client reads
PROPERTIES = {ACCESS_KEY: "access-key-id", SECRET_KEY: "secret-access-key"}
AUTHORITY_FILE = "ca.crt"
_AUTHORITY = f"{CREDENTIAL_FILES}/{AUTHORITY_FILE}"
# AWS's SDKs for Python and Go read the first, and Node.js the second
_AUTHORITY_VARIABLES = ("AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")


@dataclass(frozen=True)
class IdentityArgs:
    """What service accounts can be given.

    Args:
        object_store: where lake and buckets are.
        zones: names of the lake's zones.
        buckets: names of the other buckets.
        vault_path: of the keys; with ``keys_per_account`` those of an account are at ``<path>/<namespace>-<account>``.
        vault_name: what the vault calls the secret at a path.
        keys_per_account: whether each service account has keys of its own, with its grants and no more.
    """

    object_store: S3Store
    zones: Collection[str]
    buckets: Collection[str]
    vault_path: str
    vault_name: Callable[[str], str]
    keys_per_account: bool = False


class Identity(pulumi.ComponentResource):
    """Gives a bound service account keys of the object store; the store itself judges what they may do.

    Grants of secrets need no keys: the vault knows External Secrets by its service account. Nor do those of DNS
    records: hosts are proved over HTTP.

    Args:
        name: logical name.
        args: what can be given.
        opts: usual options.

    Source: A-31, CLU-5, SEC-5.
    """

    def __init__(self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:identity:Identity", name, None, opts)
        self._args = args
        self.register_outputs({})

    def bind(self, account: ServiceAccountReference, grants: Sequence[Grant]) -> IdentityBinding:
        """Give a service account the access that the grants name.

        Args:
            account: the service account; it need not exist yet.
            grants: at least one.

        Raises:
            GrantError: a grant names a resource that the foundation does not have.
        """
        require_grants(account, grants)
        needs_keys = [grant for grant in grants if self._needs_keys(grant)]
        return IdentityBinding(credentials=self._credentials(account)) if needs_keys else IdentityBinding()

    def _needs_keys(self, grant: Grant) -> bool:
        family, _, name = grant.resource.partition("/")
        known = {"lake": self._args.zones, "bucket": self._args.buckets}
        if family in known:
            require_known(grant, name, known[family])
            return True
        if family == "secret":
            require_reading(grant)
        if family not in {"secret", "dns"} or grant.prefix:
            raise unknown_resource(grant)
        return False

    def _credentials(self, account: ServiceAccountReference) -> Credentials:
        args, store = self._args, self._args.object_store
        path = f"{args.vault_path}/{account.namespace}-{account.name}" if args.keys_per_account else args.vault_path
        return Credentials(
            secret=secret_name(account.name),
            vault_name=args.vault_name(path),
            properties=PROPERTIES,
            variables={
                "AWS_ENDPOINT_URL_S3": f"https://{store.host}",
                # SDKs of several languages, and boto3
                "AWS_REGION": store.region,
                "AWS_DEFAULT_REGION": store.region,
                # variables of Kestra's configuration and of MLflow
                "LAKE_PATH_STYLE": str(store.path_style).lower(),
                "MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE": "path" if store.path_style else "virtual",
                **(dict.fromkeys(_AUTHORITY_VARIABLES, _AUTHORITY) if store.authority else {}),
            },
            files={AUTHORITY_FILE: store.authority} if store.authority else {},
            annotations={
                # what KServe reads of a Secret that belongs to a service account
                "serving.kserve.io/s3-endpoint": store.host,
                "serving.kserve.io/s3-region": store.region,
                "serving.kserve.io/s3-usehttps": "1",
                **({"serving.kserve.io/s3-cabundle-configmap": secret_name(account.name)} if store.authority else {}),
            },
        )


def secret_name(account: str) -> str:
    """Name of the Secret with the keys of a service account, in its namespace."""
    return f"{account}-object-store"
