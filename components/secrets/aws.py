"""Generated credentials in AWS Secrets Manager, and how the cluster reads them.

Source: SEC-5, SEC-10, DB-2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_random as random

from components.ownership import Ownership
from components.secrets import SecretFormat, SecretStoreSpecification

_LENGTH = 32


@dataclass(frozen=True)
class GeneratedSecret:
    """A secret with random values.

    Args:
        path: name below the stack's prefix, e.g. ``postgres/analytics``.
        description: what it opens.
        generated: keys that are made here, and their form.
        fixed: further keys, e.g. the user name.
        is_renewable: whether it gets new values when the others do.
    """

    path: str
    description: str
    generated: Mapping[str, SecretFormat]
    fixed: Mapping[str, str]
    is_renewable: bool = True


@dataclass(frozen=True)
class SecretsArgs:
    """Which secrets a stack has.

    Args:
        prefix: first part of their names.
        generated: secrets to make, at least one.
        key_arn: KMS key that encrypts them.
        recovery_window_days: days that a deleted secret can be brought back, 0 or 7 to 30; 0 frees its name at once.
        region: AWS region.
        ownership: tags.
        renewed_on: day of the last renewal; another one makes new values.
    """

    prefix: str
    generated: Sequence[GeneratedSecret]
    key_arn: pulumi.Input[str]
    recovery_window_days: int
    region: str
    ownership: Ownership
    renewed_on: str


class Secrets(pulumi.ComponentResource):
    """The stack's vault: secrets called ``<prefix>/<path>``, encrypted with a key of their own.

    Passwords are made here and go nowhere but into the vault; pods get them through External Secrets.

    Args:
        name: logical name.
        args: which secrets.
        opts: carries the AWS provider.

    Source: SEC-5, SEC-10, SEC-11, DB-2.
    """

    names: Mapping[str, pulumi.Output[str]]
    store: SecretStoreSpecification
    ready: pulumi.Resource

    def __init__(self, name: str, args: SecretsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:secrets:Secrets", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        secrets = {item.path: self._secret(item) for item in args.generated}
        versions: list[pulumi.Resource] = []
        for item in args.generated:
            versions.append(self._version_of(item, secrets[item.path], after=versions[-1:]))
        self.ready = versions[-1]
        self.names = {path: secret.name for path, secret in secrets.items()}
        # no credentials in the store: the operator's own pod identity reads, and only this stack's secrets
        self.store = SecretStoreSpecification(
            "aws-secrets-manager", {"aws": {"service": "SecretsManager", "region": args.region}}
        )
        self.register_outputs({"names": dict(self.names)})

    def _secret(self, item: GeneratedSecret) -> aws.secretsmanager.Secret:
        return aws.secretsmanager.Secret(
            self._logical_name(item),
            name=f"{self._args.prefix}/{item.path}",
            description=item.description,
            kms_key_id=self._args.key_arn,
            recovery_window_in_days=self._args.recovery_window_days,
            tags=self._args.ownership.tags("secrets"),
            opts=self._child,
        )

    def _version_of(
        self, item: GeneratedSecret, secret: aws.secretsmanager.Secret, *, after: Sequence[pulumi.Resource]
    ) -> aws.secretsmanager.SecretVersion:
        return aws.secretsmanager.SecretVersion(
            self._logical_name(item),
            secret_id=secret.id,
            secret_string=pulumi.Output.json_dumps({**item.fixed, **self._values(item)}),
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(after)),
        )

    def _values(self, item: GeneratedSecret) -> Mapping[str, pulumi.Output[str]]:
        values: dict[str, pulumi.Output[str]] = {}
        for key, form in item.generated.items():
            # no special characters: passwords also stand in connection URLs
            made = random.RandomPassword(
                f"{self._logical_name(item)}-{key}",
                length=_LENGTH,
                special=False,
                keepers={"renewedOn": self._args.renewed_on} if item.is_renewable else None,
                # some applications refuse a password that lacks one of these
                min_lower=1,
                min_numeric=1,
                min_upper=1,
                opts=self._child,
            )
            values[key] = made.result.apply(form.shape)
        return values

    def _logical_name(self, item: GeneratedSecret) -> str:
        return f"{self._name}-{item.path.replace('/', '-')}"
