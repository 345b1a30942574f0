"""Vaults, databases, diagnostics and budgets."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.providers.azure import arm, paths
from sandbox.providers.azure.arm import ArmError
from sandbox.providers.azure.checks import Problem
from sandbox.providers.azure.rules.request import Request

_FLEXIBLE: Final = "Microsoft.DBforPostgreSQL/flexibleServers"
_DESTINATIONS: Final = ("workspaceId", "storageAccountId", "eventHubAuthorizationRuleId", "marketplacePartnerId")
# https://learn.microsoft.com/azure/azure-monitor/reference/logs-index
_CATEGORIES: Final[Mapping[str, frozenset[str]]] = {
    "microsoft.containerservice/managedclusters": frozenset(
        {
            *("kube-apiserver", "kube-audit", "kube-audit-admin", "kube-controller-manager", "kube-scheduler"),
            *("cluster-autoscaler", "guard", "cloud-controller-manager", "fleet-member-agent", "fleet-member-net"),
            *("csi-azuredisk-controller", "csi-azurefile-controller", "csi-snapshot-controller"),
            *("fleet-mcs-controller-manager", "karpenter-events", "karpenter-apiserver"),
        }
    ),
    "microsoft.keyvault/vaults": frozenset({"AuditEvent", "AzurePolicyEvaluationDetails"}),
    "microsoft.containerregistry/registries": frozenset(
        {"ContainerRegistryLoginEvents", "ContainerRegistryRepositoryEvents"}
    ),
    "microsoft.network/networksecuritygroups": frozenset(
        {"NetworkSecurityGroupEvent", "NetworkSecurityGroupRuleCounter"}
    ),
    "microsoft.storage/storageaccounts": frozenset(),
    "microsoft.storage/storageaccounts/blobservices": frozenset({"StorageRead", "StorageWrite", "StorageDelete"}),
    "microsoft.storage/storageaccounts/queueservices": frozenset({"StorageRead", "StorageWrite", "StorageDelete"}),
    "microsoft.dbforpostgresql/flexibleservers": frozenset(
        {
            *("PostgreSQLLogs", "PostgreSQLFlexSessions", "PostgreSQLFlexQueryStoreRuntime"),
            *("PostgreSQLFlexQueryStoreWaitStats", "PostgreSQLFlexTableStats", "PostgreSQLFlexDatabaseXacts"),
        }
    ),
}


def _vault(inputs: Mapping[str, Any]) -> Iterator[Problem]:
    properties = inputs.get("properties")
    if not isinstance(properties, Mapping):
        return
    tenant = properties.get("tenantId")
    if isinstance(tenant, str) and tenant.lower() != arm.TENANT:
        yield "properties.tenantId", f"properties.tenantId is {tenant!r}, but the subscription is in {arm.TENANT!r}."
    if properties.get("enablePurgeProtection") is False:
        yield (
            "properties.enablePurgeProtection",
            "properties.enablePurgeProtection is false, which Azure refuses: leave it out, or make it true for good.",
        )
    if properties.get("enableSoftDelete") is False:
        yield "properties.enableSoftDelete", "properties.enableSoftDelete is false; every vault has soft delete."
    days = properties.get("softDeleteRetentionInDays")
    if isinstance(days, int) and not 7 <= days <= 90:
        yield "properties.softDeleteRetentionInDays", f"softDeleteRetentionInDays is {days} and must be from 7 to 90."


def _protection_stays(request: Request) -> Iterator[ArmError]:
    path = "properties.enablePurgeProtection"
    if request.earlier(path) and not request.get(path):
        yield ArmError(400, "BadRequest", "The property 'enablePurgeProtection' cannot be taken away once it is true.")


def _server(inputs: Mapping[str, Any]) -> Iterator[Problem]:
    network = inputs.get("network")
    if isinstance(network, Mapping) and network.get("delegatedSubnetResourceId"):
        if network.get("privateDnsZoneArmResourceId") is None:
            yield "network.privateDnsZoneArmResourceId", "A server in a subnet needs privateDnsZoneArmResourceId."
        if network.get("publicNetworkAccess") == "Enabled":
            yield "network.publicNetworkAccess", "A server in a subnet has no public access."
    tier, mode = paths.first(inputs, "sku.tier"), paths.first(inputs, "highAvailability.mode", "Disabled")
    if tier == "Burstable" and mode != "Disabled":
        yield "highAvailability.mode", f"highAvailability.mode is {mode!r}, which the tier Burstable does not have."
    passwords = paths.first(inputs, "authConfig.passwordAuth", "Enabled") != "Disabled"
    if passwords and inputs.get("createMode", "Default") in ("Default", "Create"):
        for name in ("administratorLogin", "administratorLoginPassword"):
            if inputs.get(name) is None:
                yield name, f"{name} is missing; a server with password authentication needs it."
    days = paths.first(inputs, "backup.backupRetentionDays", 7)
    if not 7 <= days <= 35:
        yield "backup.backupRetentionDays", f"backup.backupRetentionDays is {days} and must be from 7 to 35."


def _server_fits(request: Request) -> Iterator[ArmError]:
    subnet = request.there.find(str(request.get("network.delegatedSubnetResourceId", "")))
    if subnet and _FLEXIBLE not in list(paths.values(subnet["properties"], "delegations.serviceName")):
        yield ArmError(
            400,
            "SubnetNotDelegated",
            f"Subnet '{arm.name_of(subnet['id'])}' is not delegated to {_FLEXIBLE}.",
        )
    zone = arm.name_of(str(request.get("network.privateDnsZoneArmResourceId", "")))
    if zone and not zone.endswith(".postgres.database.azure.com"):
        yield ArmError(
            400, "InvalidParameterValue", f"Private DNS zone '{zone}' must end with .postgres.database.azure.com."
        )
    old, new = request.earlier("storage.storageSizeGB"), request.get("storage.storageSizeGB")
    if old and new and new < old:
        yield ArmError(400, "StorageSizeDecrease", f"Storage cannot shrink from {old} to {new} GiB.")


def _diagnostics(inputs: Mapping[str, Any]) -> Iterator[Problem]:
    if all(inputs.get(name) is None for name in _DESTINATIONS):
        yield "workspaceId", f"A diagnostic setting needs one of {', '.join(_DESTINATIONS)}."
    if not inputs.get("logs") and not inputs.get("metrics"):
        yield "logs", "A diagnostic setting needs logs or metrics."
    target = inputs.get("resourceUri")
    allowed = _CATEGORIES.get(arm.type_of(target).lower()) if isinstance(target, str) and arm.is_id(target) else None
    for category in paths.values(inputs, "logs.category"):
        if allowed is not None and category not in allowed:
            listed = ", ".join(sorted(allowed)) or "none"
            yield "logs.category", f"logs.category is {category!r}; {arm.type_of(str(target))} has {listed}."


def _budget(inputs: Mapping[str, Any]) -> Iterator[Problem]:
    start, end = paths.first(inputs, "timePeriod.startDate"), paths.first(inputs, "timePeriod.endDate")
    if isinstance(start, str) and start[8:10] != "01":
        yield "timePeriod.startDate", f"timePeriod.startDate is {start!r} and must be the first day of a month."
    if isinstance(start, str) and isinstance(end, str) and end <= start:
        yield "timePeriod.endDate", f"timePeriod.endDate is {end!r} and must be after {start!r}."
    notifications = inputs.get("notifications")
    if isinstance(notifications, Mapping) and len(notifications) > 5:
        yield "notifications", f"notifications has {len(notifications)} entries; 5 are allowed."


INPUT_RULES = {
    "keyvault:Vault": _vault,
    "dbforpostgresql:Server": _server,
    "monitor:DiagnosticSetting": _diagnostics,
    "consumption:Budget": _budget,
    "costmanagement:Budget": _budget,
}
REQUEST_RULES = {"keyvault:Vault": _protection_stays, "dbforpostgresql:Server": _server_fits}
DELETION_RULES: dict[str, Any] = {}
