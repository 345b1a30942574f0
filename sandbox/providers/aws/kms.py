"""KMS: keys and aliases."""

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from typing_extensions import override

from sandbox.providers.aws import names, policy_grammar
from sandbox.providers.aws.cloud import Cloud
from sandbox.providers.aws.references import Reference
from sandbox.providers.aws.resource_type import Problem, Properties, ResourceType
from sandbox.providers.aws.shapes import given
from sandbox.providers.aws.tagging import TagCalls, as_properties, as_request

_SPECS = {
    "ENCRYPT_DECRYPT": ("SYMMETRIC_DEFAULT", "RSA_2048", "RSA_3072", "RSA_4096", "SM2"),
    "SIGN_VERIFY": (
        "RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1", "SM2",
    ),
    "GENERATE_VERIFY_MAC": ("HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512"),
}  # fmt: skip


class Key(ResourceType):
    """Resource ``aws.kms.Key``."""

    token = "aws:kms/key:Key"  # noqa: S105 - a type token
    service = "kms"
    label = "KMS Key"
    replaces = frozenset({"customKeyStoreId", "customerMasterKeySpec", "keyUsage", "multiRegion", "xksKeyId"})
    defaults: ClassVar = {
        "bypassPolicyLockoutSafetyCheck": False,
        "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "enableKeyRotation": False,
        "isEnabled": True,
        "keyUsage": "ENCRYPT_DECRYPT",
        "multiRegion": False,
    }
    policies: ClassVar = {"policy": policy_grammar.KEY}
    unread = frozenset({"bypassPolicyLockoutSafetyCheck", "deletionWindowInDays"})
    tag_calls = TagCalls("tag_resource", "untag_resource", "KeyId", shape="kms pairs")

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.within("deletionWindowInDays", inputs.get("deletionWindowInDays"), 7, 30)
        yield from names.within("rotationPeriodInDays", inputs.get("rotationPeriodInDays"), 90, 2560)
        usage, spec = self.wanted(inputs, "keyUsage"), self.wanted(inputs, "customerMasterKeySpec")
        yield from names.one_of("keyUsage", usage, (*_SPECS, "KEY_AGREEMENT"))
        if usage in _SPECS:
            yield from names.one_of("customerMasterKeySpec", spec, _SPECS[usage])
        if inputs.get("enableKeyRotation") is True and spec != "SYMMETRIC_DEFAULT":
            yield "enableKeyRotation", f"a key of the kind {spec} cannot rotate; only SYMMETRIC_DEFAULT can"
        if "rotationPeriodInDays" in inputs and inputs.get("enableKeyRotation") is False:
            yield "rotationPeriodInDays", "needs enableKeyRotation = true"
        if inputs.get("bypassPolicyLockoutSafetyCheck") is not True and _locks_out(inputs.get("policy")):
            yield (
                "policy",
                (
                    "lets nobody of the account change it again (kms:PutKeyPolicy), so AWS refuses it;"
                    " allow kms:* to the account's root, arn:aws:iam::<account>:root"
                ),
            )

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        client = cloud.client("kms")
        answer = client.create_key(
            KeySpec=self.wanted(inputs, "customerMasterKeySpec"),
            KeyUsage=self.wanted(inputs, "keyUsage"),
            MultiRegion=self.wanted(inputs, "multiRegion"),
            Tags=as_request(inputs.get("tags"), "kms pairs"),
            **given(inputs, ("description", "policy")),
        )
        identifier = answer["KeyMetadata"]["KeyId"]
        self._rotate(cloud, identifier, inputs)
        if inputs.get("isEnabled") is False:
            client.disable_key(KeyId=identifier)
        return identifier

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        client = cloud.client("kms")
        key = client.describe_key(KeyId=identifier)["KeyMetadata"]
        if key["KeyState"] == "PendingDeletion":
            return None
        rotation = client.get_key_rotation_status(KeyId=identifier)
        rotates = bool(rotation["KeyRotationEnabled"])
        return {
            "arn": key["Arn"],
            "customerMasterKeySpec": key["KeySpec"],
            "description": key.get("Description") or None,
            "enableKeyRotation": rotates,
            "isEnabled": key["Enabled"],
            "keyId": key["KeyId"],
            "keyUsage": key["KeyUsage"],
            "multiRegion": key["MultiRegion"],
            "policy": client.get_key_policy(KeyId=identifier, PolicyName="default")["Policy"],
            "rotationPeriodInDays": rotation.get("RotationPeriodInDays", 365) if rotates else None,
            "tags": as_properties(client.list_resource_tags(KeyId=identifier)["Tags"], "kms pairs"),
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        client = cloud.client("kms")
        if "policy" in changed and new.get("policy"):
            client.put_key_policy(KeyId=identifier, PolicyName="default", Policy=new["policy"])
        if "description" in changed:
            client.update_key_description(KeyId=identifier, Description=new.get("description") or "")
        if changed & {"enableKeyRotation", "rotationPeriodInDays"}:
            self._rotate(cloud, identifier, new)
        if "isEnabled" in changed:
            (client.enable_key if self.wanted(new, "isEnabled") else client.disable_key)(KeyId=identifier)

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        window = known.get("deletionWindowInDays") or 30
        cloud.client("kms").schedule_key_deletion(KeyId=identifier, PendingWindowInDays=window)

    @override
    def tag_target(self, identifier: str, known: Properties) -> str:
        return identifier

    def _rotate(self, cloud: Cloud, identifier: str, inputs: Properties) -> None:
        client = cloud.client("kms")
        if self.wanted(inputs, "enableKeyRotation"):
            period = given(inputs, ("rotationPeriodInDays",))
            client.enable_key_rotation(KeyId=identifier, **period)
        elif client.get_key_rotation_status(KeyId=identifier)["KeyRotationEnabled"]:
            client.disable_key_rotation(KeyId=identifier)


class Alias(ResourceType):
    """Resource ``aws.kms.Alias``."""

    token = "aws:kms/alias:Alias"  # noqa: S105 - a type token
    service = "kms"
    label = "KMS Alias"
    replaces = frozenset({"name", "namePrefix"})
    references = (Reference("targetKeyId", "KMS key"),)
    automatic_name = "name"
    name_length = 256

    @override
    def stem(self, name: str) -> str:
        return f"alias/{name}-"

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.KMS_ALIAS.problems("name", inputs.get("name"))

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        cloud.client("kms").create_alias(AliasName=inputs["name"], TargetKeyId=inputs["targetKeyId"])
        return inputs["name"]

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        client = cloud.client("kms")
        for page in client.get_paginator("list_aliases").paginate():
            for alias in page["Aliases"]:
                if alias["AliasName"] == identifier:
                    key = client.describe_key(KeyId=alias["TargetKeyId"])["KeyMetadata"]
                    same_key = known.get("targetKeyId") in (key["KeyId"], key["Arn"])
                    return {
                        "arn": alias["AliasArn"],
                        "name": identifier,
                        "targetKeyArn": key["Arn"],
                        "targetKeyId": known["targetKeyId"] if same_key else key["KeyId"],
                    }
        return None

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        cloud.client("kms").update_alias(AliasName=identifier, TargetKeyId=new["targetKeyId"])

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.client("kms").delete_alias(AliasName=identifier)


def _locks_out(policy: Any) -> bool:
    """Tell whether a valid key policy lets nobody of an account change it."""
    try:
        statements: Any = json.loads(policy)["Statement"] if isinstance(policy, str) else None
    except (json.JSONDecodeError, KeyError, TypeError):
        return False
    if statements is None:
        return False
    return not any(_administers(item) for item in (statements if isinstance(statements, list) else [statements]))


def _administers(statement: dict[str, Any]) -> bool:
    actions: Any = statement.get("Action", [])
    actions = [actions] if isinstance(actions, str) else actions
    principal: Any = statement.get("Principal", {})
    who = principal.get("AWS") if isinstance(principal, dict) else principal
    writes = {"*", "kms:*", "kms:put*", "kms:putkeypolicy"}
    return statement.get("Effect") == "Allow" and bool(who) and any(str(item).lower() in writes for item in actions)


TYPES = (Key(), Alias())
