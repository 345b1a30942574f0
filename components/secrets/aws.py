"""Generated credentials in AWS Secrets Manager, and how the cluster reads them.

Source: SEC-5, SEC-10, DB-2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.ownership import Ownership
from components.secrets import GeneratedSecret, SecretStoreSpecification, random_values


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
        name = self._logical_name(item)
        values = random_values(name, item, self._args.renewed_on, self._child)
        return aws.secretsmanager.SecretVersion(
            name,
            secret_id=secret.id,
            secret_string=pulumi.Output.json_dumps({**item.fixed, **values}),
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(after)),
        )

    def _logical_name(self, item: GeneratedSecret) -> str:
        return f"{self._name}-{item.path.replace('/', '-')}"
