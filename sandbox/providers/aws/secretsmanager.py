"""Secrets Manager: secrets, their versions and policies."""

from collections.abc import Iterator
from typing import Any, ClassVar

from typing_extensions import override

from sandbox.providers.aws import names, policy_grammar
from sandbox.providers.aws.cloud import Cloud
from sandbox.providers.aws.references import Reference
from sandbox.providers.aws.resource_type import Problem, Properties, ResourceType, Setting
from sandbox.providers.aws.shapes import given
from sandbox.providers.aws.tagging import TagCalls, as_properties, as_request

_LONGEST = 65536


class Secret(ResourceType):
    """Resource ``aws.secretsmanager.Secret``; its identifier is its ARN."""

    token = "aws:secretsmanager/secret:Secret"  # noqa: S105 - a type token
    service = "secretsmanager"
    label = "Secrets Manager Secret"
    replaces = frozenset({"name", "namePrefix"})
    defaults: ClassVar = {"forceOverwriteReplicaSecret": False, "recoveryWindowInDays": 30}
    policies: ClassVar = {"policy": policy_grammar.SECRET}
    references = (Reference("kmsKeyId", "KMS key"),)
    automatic_name = "name"
    name_length = 512
    unread = frozenset({"forceOverwriteReplicaSecret", "recoveryWindowInDays"})
    tag_calls = TagCalls("tag_resource", "untag_resource", "SecretId")

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.SECRET.problems("name", inputs.get("name"))
        days = inputs.get("recoveryWindowInDays")
        if isinstance(days, int) and days != 0 and not 7 <= days <= 30:
            yield "recoveryWindowInDays", f"{days} is not 0 (delete at once) or 7 to 30"

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        client = cloud.client("secretsmanager")
        answer = client.create_secret(
            Name=inputs["name"], Tags=as_request(inputs.get("tags")), **given(inputs, ("description", "kmsKeyId"))
        )
        if inputs.get("policy"):
            client.put_resource_policy(SecretId=answer["ARN"], ResourcePolicy=inputs["policy"])
        return answer["ARN"]

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        secret = cloud.client("secretsmanager").describe_secret(SecretId=identifier)
        if secret.get("DeletedDate"):
            return None
        return {
            "arn": secret["ARN"],
            "description": secret.get("Description") or None,
            "kmsKeyId": secret.get("KmsKeyId"),
            "name": secret["Name"],
            "policy": _policy(cloud, identifier) or "",
            "tags": as_properties(secret.get("Tags")),
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        client = cloud.client("secretsmanager")
        if changed & {"description", "kmsKeyId"}:
            key = given(new, ("kmsKeyId",))
            client.update_secret(SecretId=identifier, Description=new.get("description") or "", **key)
        if "policy" in changed and new.get("policy"):
            client.put_resource_policy(SecretId=identifier, ResourcePolicy=new["policy"])
        elif "policy" in changed:
            client.delete_resource_policy(SecretId=identifier)

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        days: Any = known.get("recoveryWindowInDays")
        how = {"ForceDeleteWithoutRecovery": True} if days == 0 else {"RecoveryWindowInDays": days or 30}
        cloud.client("secretsmanager").delete_secret(SecretId=identifier, **how)


class SecretVersion(ResourceType):
    """Resource ``aws.secretsmanager.SecretVersion``."""

    token = "aws:secretsmanager/secretVersion:SecretVersion"  # noqa: S105 - a type token
    service = "secretsmanager"
    label = "Secrets Manager Secret Version"
    replaces = frozenset({"secretBinary", "secretId", "secretString"})
    references = (Reference("secretId", "secret"),)
    secrets = frozenset({"secretBinary", "secretString"})

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        if ("secretString" in inputs) == ("secretBinary" in inputs):
            yield "secretString", "give exactly one of secretString and secretBinary"
        text = inputs.get("secretString")
        if isinstance(text, str) and not 1 <= len(text.encode()) <= _LONGEST:
            yield "secretString", f"has {len(text.encode())} bytes; 1 to {_LONGEST} are allowed"

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        answer = cloud.client("secretsmanager").put_secret_value(
            SecretId=inputs["secretId"], **given(inputs, ("secretString", "secretBinary", "versionStages"))
        )
        return f"{answer['ARN']}|{answer['VersionId']}"

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        secret, version = identifier.split("|")
        answer = cloud.client("secretsmanager").get_secret_value(SecretId=secret, VersionId=version)
        return {
            "arn": answer["ARN"],
            "hasSecretStringWo": False,
            "secretArn": answer["ARN"],
            "secretBinary": answer.get("SecretBinary"),
            "secretId": known.get("secretId") or secret,
            "secretString": answer.get("SecretString"),
            "versionId": version,
            "versionStages": answer["VersionStages"],
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        secret, version = identifier.split("|")
        for stage in set(new.get("versionStages") or []) - set(old.get("versionStages") or []):
            cloud.client("secretsmanager").update_secret_version_stage(
                SecretId=secret, VersionStage=stage, MoveToVersionId=version
            )

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        """Leave the value to its secret, as the provider does: AWS deletes no current version."""


class SecretPolicy(Setting):
    """Resource ``aws.secretsmanager.SecretPolicy``."""

    token = "aws:secretsmanager/secretPolicy:SecretPolicy"  # noqa: S105 - a type token
    service = "secretsmanager"
    label = "Secrets Manager Secret Policy"
    replaces = frozenset({"secretArn"})
    policies: ClassVar = {"policy": policy_grammar.SECRET}
    references = (Reference("secretArn", "secret"),)
    unread = frozenset({"blockPublicPolicy"})

    @override
    def identify(self, cloud: Cloud, inputs: Properties) -> str:
        return inputs["secretArn"]

    @override
    def put(self, cloud: Cloud, identifier: str, inputs: Properties) -> None:
        cloud.client("secretsmanager").put_resource_policy(
            SecretId=identifier, ResourcePolicy=inputs["policy"], **given(inputs, ("blockPublicPolicy",))
        )

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        policy = _policy(cloud, identifier)
        return {"secretArn": identifier, "policy": policy} if policy else None

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.client("secretsmanager").delete_resource_policy(SecretId=identifier)


def _policy(cloud: Cloud, secret: str) -> str | None:
    return cloud.client("secretsmanager").get_resource_policy(SecretId=secret).get("ResourcePolicy")


TYPES = (Secret(), SecretVersion(), SecretPolicy())
