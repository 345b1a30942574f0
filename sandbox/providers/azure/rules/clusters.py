"""AKS: what belongs together in a cluster, and in which steps versions and pools may change."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.providers.azure import arm, paths
from sandbox.providers.azure.arm import ArmError
from sandbox.providers.azure.checks import Problem
from sandbox.providers.azure.rules.request import Request
from sandbox.providers.stand_in import UNKNOWN, contains_unknown

_POOLS: Final = "Microsoft.ContainerService/managedClusters/agentPools"
_DELEGATE: Final = "Microsoft.ContainerService/managedClusters"
# https://learn.microsoft.com/azure/aks/planned-maintenance
_WINDOWS: Final = ("default", "aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule")
_DNS_LABEL: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,52}[A-Za-z0-9])?")


def _cluster(inputs: Mapping[str, Any]) -> Iterator[Problem]:
    for path, needed, reason in _needs():
        missing = all(paths.first(inputs, one) is None and not _may_come(inputs, one) for one in needed)
        if paths.first(inputs, path) not in (None, False, []) and missing:
            yield path, f"{path} is set, which needs {' or '.join(needed)}: {reason}."
    if inputs.get("dnsPrefix") is None and inputs.get("fqdnSubdomain") is None:
        yield "dnsPrefix", "dnsPrefix is missing; a cluster needs it (or fqdnSubdomain, with a private DNS zone)."
    prefix = inputs.get("dnsPrefix")
    if isinstance(prefix, str) and not _DNS_LABEL.fullmatch(prefix):
        yield "dnsPrefix", f"dnsPrefix is {prefix!r}; 1 to 54 letters, digits and inner hyphens are allowed."
    pools = inputs.get("agentPoolProfiles")
    if not contains_unknown(pools) and "System" not in list(paths.values(pools or [], "mode")):
        yield "agentPoolProfiles", "agentPoolProfiles has no pool with the mode System; a cluster needs one."
    for pool in pools if isinstance(pools, list) else []:
        yield from _pool(pool, "agentPoolProfiles.")
    private = paths.first(inputs, "apiServerAccessProfile.enablePrivateCluster")
    if private and paths.first(inputs, "apiServerAccessProfile.authorizedIPRanges"):
        yield (
            "apiServerAccessProfile.authorizedIPRanges",
            "authorizedIPRanges is set, but a private cluster takes none (enablePrivateCluster).",
        )


def _needs() -> tuple[tuple[str, tuple[str, ...], str], ...]:
    identity = "identity.userAssignedIdentities"
    return (
        ("securityProfile.workloadIdentity.enabled", ("oidcIssuerProfile.enabled",), "it signs the tokens"),
        ("securityProfile.azureKeyVaultKms.enabled", (identity,), "the identity that uses the key must exist before"),
        ("securityProfile.azureKeyVaultKms.enabled", ("securityProfile.azureKeyVaultKms.keyId",), "the key"),
        (
            "securityProfile.defender.securityMonitoring.enabled",
            ("securityProfile.defender.logAnalyticsWorkspaceResourceId",),
            "where it reports",
        ),
        ("disableLocalAccounts", ("aadProfile.managed",), "without local accounts only Entra ID is left"),
        ("aadProfile.enableAzureRBAC", ("aadProfile.managed",), "it is part of the Entra integration"),
        ("identityProfile.kubeletidentity", (identity,), "the control plane assigns it"),
    )


def _may_come(inputs: Mapping[str, Any], path: str) -> bool:
    """Tell whether a value on the way to a path is not known yet."""
    node: Any = inputs
    for step in path.split("."):
        node = node.get(step) if isinstance(node, Mapping) else None
        if node is UNKNOWN or (isinstance(node, list) and contains_unknown(node)):
            return True
    return False


def _pool(pool: Any, prefix: str = "") -> Iterator[Problem]:
    if not isinstance(pool, Mapping) or contains_unknown(pool):
        return
    lowest, highest, count = pool.get("minCount"), pool.get("maxCount"), pool.get("count", 1)
    if pool.get("enableAutoScaling"):
        if lowest is None or highest is None:
            yield f"{prefix}minCount", "enableAutoScaling needs minCount and maxCount."
        elif not lowest <= count <= highest:
            yield f"{prefix}count", f"count is {count} and must be from minCount {lowest} to maxCount {highest}."
    elif lowest is not None or highest is not None:
        yield f"{prefix}minCount", "minCount and maxCount need enableAutoScaling."
    if pool.get("mode") == "System" and (count < 1 or lowest == 0):
        yield f"{prefix}count", "A pool with the mode System has one node at least."
    if pool.get("mode") == "System" and pool.get("scaleSetPriority") == "Spot":
        yield f"{prefix}scaleSetPriority", "scaleSetPriority is Spot, which the mode System does not allow."


def _window(inputs: Mapping[str, Any]) -> Iterator[Problem]:
    name = inputs.get("configName")
    if isinstance(name, str) and name not in _WINDOWS:
        yield "configName", f"configName is {name!r} and must be one of {', '.join(_WINDOWS)}."


def _version_steps(request: Request) -> Iterator[ArmError]:
    old, new = _minor(request.earlier("kubernetesVersion")), _minor(request.get("kubernetesVersion"))
    if old is None or new is None:
        return
    if new < old:
        yield ArmError(400, "OperationNotAllowed", f"Downgrading a cluster from 1.{old} to 1.{new} is not allowed.")
    if new > old + 1:
        yield ArmError(
            400,
            "OperationNotAllowed",
            f"Upgrading a control plane from 1.{old} to 1.{new} is not allowed: minor versions cannot be skipped.",
        )


def _subnets_fit(request: Request) -> Iterator[ArmError]:
    """Refuse subnets that lack what the cluster's networking needs of them."""
    control_plane = request.there.find(str(request.get("apiServerAccessProfile.subnetId", "")))
    if control_plane and _DELEGATE not in list(paths.values(control_plane["properties"], "delegations.serviceName")):
        name = arm.name_of(control_plane["id"])
        yield ArmError(400, "SubnetIsNotDelegated", f"Subnet '{name}' must be delegated to {_DELEGATE}.")
    if request.get("networkProfile.outboundType") != "userAssignedNATGateway":
        return
    for subnet_id in paths.ids(request.inputs, "agentPoolProfiles.vnetSubnetID"):
        subnet = request.there.find(subnet_id)
        if subnet and paths.first(subnet["properties"], "natGateway.id") is None:
            name = arm.name_of(subnet_id)
            yield ArmError(
                400,
                "NatGatewayNotFound",
                f"outboundType is userAssignedNATGateway, but subnet '{name}' has no gateway.",
            )


def _cluster_fits(request: Request) -> Iterator[ArmError]:
    yield from _version_steps(request)
    yield from _subnets_fit(request)


def _pool_version(request: Request) -> Iterator[ArmError]:
    cluster = request.there.get(arm.parent_of(request.id))
    pool, control = _minor(request.get("orchestratorVersion")), _minor(cluster["properties"].get("kubernetesVersion"))
    if pool is not None and control is not None and not control - 3 <= pool <= control:
        yield ArmError(
            400,
            "NodePoolMcVersionIncompatible",
            f"Node pool version 1.{pool} and control plane version 1.{control} are incompatible: a pool is never ahead"
            " and at most three minor versions behind.",
        )


def _last_system_pool(request: Request) -> Iterator[ArmError]:
    pools = list(request.there.children(arm.parent_of(request.id), _POOLS))
    others = [pool for pool in pools if arm.key(pool["id"]) != arm.key(request.id)]
    if not any(pool["properties"].get("mode") == "System" for pool in others):
        yield ArmError(
            400, "OperationNotAllowed", "There has to be at least one system agent pool; delete the cluster to end it."
        )


def _minor(version: Any) -> int | None:
    match = re.match(r"1\.(\d+)", str(version))
    return int(match[1]) if match else None


INPUT_RULES = {
    "containerservice:ManagedCluster": _cluster,
    "containerservice:AgentPool": _pool,
    "containerservice:MaintenanceConfiguration": _window,
}
REQUEST_RULES = {
    "containerservice:ManagedCluster": _cluster_fits,
    "containerservice:AgentPool": _pool_version,
}
DELETION_RULES = {"containerservice:AgentPool": _last_system_pool}
