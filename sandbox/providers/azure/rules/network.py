"""Addresses of networks and subnets, what belongs together in front of a network, and network watchers."""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, ip_network
from typing import Any, Final

from sandbox.providers.azure import arm, locations, paths
from sandbox.providers.azure.arm import ArmError
from sandbox.providers.azure.checks import Problem
from sandbox.providers.azure.rules.request import Request

WATCHERS: Final = "NetworkWatcherRG"
# https://learn.microsoft.com/azure/private-link/private-endpoint-overview#private-link-resource
_GROUPS: Final[Mapping[str, frozenset[str]]] = {
    "microsoft.storage/storageaccounts": frozenset({"blob", "dfs", "file", "queue", "table", "web"}),
    "microsoft.keyvault/vaults": frozenset({"vault"}),
    "microsoft.containerregistry/registries": frozenset({"registry"}),
    "microsoft.dbforpostgresql/flexibleservers": frozenset({"postgresqlServer"}),
    "microsoft.containerservice/managedclusters": frozenset({"management"}),
    "microsoft.servicebus/namespaces": frozenset({"namespace"}),
}


def _networks(inputs: Mapping[str, Any]) -> Iterator[Problem]:
    for prefix in paths.values(inputs, "addressSpace.addressPrefixes"):
        yield from _prefix("addressSpace.addressPrefixes", prefix)


def _subnets(inputs: Mapping[str, Any]) -> Iterator[Problem]:
    if not inputs.get("addressPrefix") and not inputs.get("addressPrefixes"):
        yield "addressPrefix", "addressPrefix is missing; a subnet needs one, or addressPrefixes."
    for path in ("addressPrefix", "addressPrefixes"):
        for prefix in paths.values(inputs, path):
            yield from _prefix(path, prefix)


def _prefix(path: str, prefix: str) -> Iterator[Problem]:
    try:
        network = ip_network(prefix)
    except ValueError as error:
        yield path, f"{path} is {prefix!r}: InvalidCIDRNotation, {error}."
        return
    if network.version == 4 and network.prefixlen > 29:
        yield path, f"{path} is {prefix!r}; the smallest network of Azure is /29."


def _gateways(inputs: Mapping[str, Any]) -> Iterator[Problem]:
    if paths.first(inputs, "sku.name") is None and "sku" not in inputs:
        yield "sku", "sku is missing; a NAT gateway needs the name Standard or StandardV2."
    if len(list(paths.values(inputs, "zones"))) > 1:
        yield "zones", f"zones is {inputs['zones']}; a NAT gateway is in one zone at most."


def _addresses(inputs: Mapping[str, Any]) -> Iterator[Problem]:
    standard = paths.first(inputs, "sku.name", "Basic") != "Basic"
    if standard and inputs.get("publicIPAllocationMethod") == "Dynamic":
        yield "publicIPAllocationMethod", "publicIPAllocationMethod is Dynamic; addresses of a Standard SKU are Static."
    if not standard and "sku" in inputs:
        yield "sku.name", "sku.name is Basic, which Azure no longer sells; use Standard."


def _network_fits(request: Request) -> Iterator[ArmError]:
    spaces = _parsed(request.inputs, "addressSpace.addressPrefixes")
    for subnet in request.there.children(request.id, "Microsoft.Network/virtualNetworks/subnets"):
        for network in _subnet_networks(subnet["properties"]):
            if not any(network.subnet_of(space) for space in spaces):
                name = arm.name_of(subnet["id"])
                yield ArmError(
                    400, "NetcfgSubnetRangeOutsideVnet", f"Subnet '{name}' ({network}) is outside the address space."
                )


def _subnet_fits(request: Request) -> Iterator[ArmError]:
    network_id = arm.parent_of(request.id)
    spaces = _parsed(request.there.get(network_id)["properties"], "addressSpace.addressPrefixes")
    others = [
        other
        for other in request.there.children(network_id, "Microsoft.Network/virtualNetworks/subnets")
        if arm.key(other["id"]) != arm.key(request.id)
    ]
    for network in _subnet_networks(request.inputs):
        name = arm.name_of(request.id)
        if not any(network.subnet_of(space) for space in spaces):
            listed = ", ".join(map(str, spaces))
            yield ArmError(
                400,
                "NetcfgInvalidSubnet",
                f"Subnet '{name}' is not valid in virtual network '{arm.name_of(network_id)}': {network} is outside"
                f" {listed}.",
            )
        for other in others:
            if any(network.overlaps(theirs) for theirs in _subnet_networks(other["properties"])):
                theirs = arm.name_of(other["id"])
                yield ArmError(400, "NetcfgSubnetRangesOverlap", f"Subnet '{name}' overlaps with subnet '{theirs}'.")


def _subnet_networks(properties: Mapping[str, Any]) -> list[IPv4Network]:
    return [*_parsed(properties, "addressPrefix"), *_parsed(properties, "addressPrefixes")]


def _parsed(properties: Mapping[str, Any], path: str) -> list[IPv4Network]:
    networks = (ip_network(prefix) for prefix in paths.values(properties, path))
    return [network for network in networks if isinstance(network, IPv4Network)]


def _endpoint_fits(request: Request) -> Iterator[ArmError]:
    for connection in request.inputs.get("privateLinkServiceConnections") or []:
        target = connection.get("privateLinkServiceId", "")
        allowed = _GROUPS.get(arm.type_of(target).lower()) if arm.is_id(target) else None
        for group in connection.get("groupIds") or []:
            if allowed is not None and group.removesuffix("_secondary") not in allowed:
                yield ArmError(
                    400,
                    "PrivateLinkServiceIdInvalidGroupId",
                    f"groupIds has '{group}', but a {arm.type_of(target)} has {', '.join(sorted(allowed))}.",
                )


def _one_watcher(request: Request) -> Iterator[ArmError]:
    location = locations.canonical(request.get("location", ""))
    for other in request.there.of_type("Microsoft.Network/networkWatchers"):
        same_place = locations.canonical(other["properties"].get("location", "")) == location
        if request.before is None and same_place:
            yield ArmError(
                400,
                "NetworkWatcherCountLimitReached",
                f"Cannot create more than 1 network watchers in {location}: Azure has made"
                f" '{arm.name_of(other['id'])}' in '{arm.group_of(other['id'])}'; use that one.",
            )


def _flow_log_fits(request: Request) -> Iterator[ArmError]:
    watcher = request.there.get(arm.parent_of(request.id))
    place = locations.canonical(watcher["properties"]["location"])
    target = request.there.find(str(request.get("targetResourceId")))
    if target and locations.canonical(target["properties"].get("location", place)) != place:
        yield ArmError(
            400, "InvalidRequestFormat", f"The target of a flow log must be in the watcher's location {place}."
        )
    for other in request.there.of_type("Microsoft.Network/networkWatchers/flowLogs"):
        same_target = arm.key(str(other["properties"]["targetResourceId"])) == arm.key(
            str(request.get("targetResourceId"))
        )
        if same_target and arm.key(other["id"]) != arm.key(request.id):
            yield ArmError(
                400, "FlowLogAlreadyExists", f"The target already has the flow log '{arm.name_of(other['id'])}'."
            )


INPUT_RULES = {
    "network:VirtualNetwork": _networks,
    "network:Subnet": _subnets,
    "network:NatGateway": _gateways,
    "network:PublicIPAddress": _addresses,
}
REQUEST_RULES = {
    "network:VirtualNetwork": _network_fits,
    "network:Subnet": _subnet_fits,
    "network:PrivateEndpoint": _endpoint_fits,
    "network:NetworkWatcher": _one_watcher,
    "network:FlowLog": _flow_log_fits,
}
DELETION_RULES: dict[str, Any] = {}
