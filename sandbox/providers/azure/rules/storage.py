"""Storage accounts and events: what a hierarchical namespace does not have, and what events may come from."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.providers.azure import arm, locations, paths
from sandbox.providers.azure.arm import ArmError
from sandbox.providers.azure.checks import Problem
from sandbox.providers.azure.rules.request import Request

# https://learn.microsoft.com/azure/storage/blobs/storage-feature-support-in-storage-accounts
_NOT_HIERARCHICAL: Final = ("isVersioningEnabled", "changeFeed.enabled", "restorePolicy.enabled")


def _account(inputs: Mapping[str, Any]) -> Iterator[Problem]:
    encryption = inputs.get("encryption")
    if isinstance(encryption, Mapping) and encryption.get("keySource") == "Microsoft.Keyvault":
        if encryption.get("keyVaultProperties") is None:
            yield (
                "encryption.keyVaultProperties",
                "encryption.keySource is Microsoft.Keyvault: keyVaultProperties is missing.",
            )
        if inputs.get("identity") is None:
            yield "identity", "encryption.keySource is Microsoft.Keyvault: an identity that may use the key is missing."
    if inputs.get("enableNfsV3") and not inputs.get("isHnsEnabled"):
        yield "enableNfsV3", "enableNfsV3 needs isHnsEnabled: NFS has directories."
    if paths.first(inputs, "sku.name", "").startswith("Premium") and inputs.get("accessTier") in (
        "Hot",
        "Cool",
        "Cold",
    ):
        yield "accessTier", f"accessTier is {inputs['accessTier']!r}; a Premium account has the tier Premium."


def _policy(inputs: Mapping[str, Any]) -> Iterator[Problem]:
    names = list(paths.values(inputs, "policy.rules.name"))
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield "policy.rules", f"policy.rules has two rules named {name!r}."


def _blob_features(request: Request) -> Iterator[ArmError]:
    account = request.there.get(arm.parent_of(request.id))
    for path in _NOT_HIERARCHICAL:
        if account["properties"].get("isHnsEnabled") and request.get(path):
            yield ArmError(
                400,
                "FeatureNotSupportedForAccount",
                f"{path} is true, but '{arm.name_of(account['id'])}' has a hierarchical namespace, which lacks that.",
            )


def _topic(request: Request) -> Iterator[ArmError]:
    source = request.there.find(str(request.get("source")))
    if source is None:
        return
    place = locations.canonical(source["properties"].get("location", "global"))
    if locations.canonical(request.get("location", "")) != place:
        yield ArmError(
            400, "InvalidRequest", f"location is {request.get('location')!r}, but the topic's source is in {place!r}."
        )
    for other in request.there.of_type("Microsoft.EventGrid/systemTopics"):
        if arm.key(other["id"]) != arm.key(request.id) and arm.key(other["properties"]["source"]) == arm.key(
            source["id"]
        ):
            yield ArmError(
                400,
                "InvalidRequest",
                f"Only one system topic is allowed per source; '{arm.name_of(other['id'])}' is that of this one.",
            )


INPUT_RULES = {"storage:StorageAccount": _account, "storage:ManagementPolicy": _policy}
REQUEST_RULES = {"storage:BlobServiceProperties": _blob_features, "eventgrid:SystemTopic": _topic}
DELETION_RULES: dict[str, Any] = {}
