"""Azure Red Hat OpenShift: what belongs together in a cluster, and what its network must be.

Source: https://github.com/Azure/ARO-RP/blob/master/pkg/api/v20231122/openshiftcluster_validatestatic.go and
https://github.com/Azure/ARO-RP/tree/master/pkg/validate/dynamic
"""

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any, Final

from sandbox.providers.azure import arm, locations, paths, references
from sandbox.providers.azure.arm import ArmError
from sandbox.providers.azure.checks import Problem
from sandbox.providers.azure.rules import access
from sandbox.providers.azure.rules.request import Request
from sandbox.providers.stand_in import contains_unknown

_PROVIDER: Final = "f1dd0a37-89c6-4e07-bcd1-ffd3d43d8875"
_NEEDED: Final = (
    "apiserverProfile.visibility",
    "clusterProfile.domain",
    "clusterProfile.resourceGroupId",
    "clusterProfile.version",
    "masterProfile.subnetId",
    "masterProfile.vmSize",
    "networkProfile.podCidr",
    "networkProfile.serviceCidr",
    "servicePrincipalProfile.clientId",
    "servicePrincipalProfile.clientSecret",
)
# the largest prefix of each network
_PREFIXES: Final[Mapping[str, int]] = {"networkProfile.podCidr": 18, "networkProfile.serviceCidr": 22}
_LONGEST_SUBNET_PREFIX: Final = 27
_OWN_NETWORKS: Final = tuple(map(ip_network, ("100.64.0.0/16", "100.88.0.0/16", "169.254.169.0/29")))
_WORKERS: Final = range(2, 51)
_LEAST_DISK: Final = 128
_DOMAIN: Final = re.compile(r"[a-z]([a-z0-9-]{0,28}[a-z0-9])?")


def _cluster(inputs: Mapping[str, Any]) -> Iterator[Problem]:
    for path in _NEEDED:
        if not _has(inputs, path):
            yield path, f"{path} is missing; a cluster needs it."
    domain = paths.first(inputs, "clusterProfile.domain")
    if domain is not None and not _DOMAIN.fullmatch(domain):
        yield (
            "clusterProfile.domain",
            f"clusterProfile.domain is {domain!r}; it must be one label of up to 30 a-z, 0-9 and inner hyphens.",
        )
    yield from _networks(inputs)
    yield from _outbound(inputs)
    yield from _one("workerProfiles", "worker", inputs)
    yield from _one("ingressProfiles", "default", inputs)
    for count in paths.values(inputs, "workerProfiles.count"):
        if count not in _WORKERS:
            yield "workerProfiles.count", f"workerProfiles.count is {count}; 2 to 50 workers are allowed."
    for size in paths.values(inputs, "workerProfiles.diskSizeGB"):
        if size < _LEAST_DISK:
            yield "workerProfiles.diskSizeGB", f"workerProfiles.diskSizeGB is {size} and must be {_LEAST_DISK} or more."


def _has(inputs: Mapping[str, Any], path: str) -> bool:
    """Tell whether there is something at a path, or it may come."""
    section, _, key = path.partition(".")
    value = inputs.get(section)
    if isinstance(value, Mapping):
        return value.get(key) is not None
    return contains_unknown(value)


def _networks(inputs: Mapping[str, Any]) -> Iterator[Problem]:
    for path, longest in _PREFIXES.items():
        text = paths.first(inputs, path)
        if text is None:
            continue
        try:
            network = ip_network(text)
        except ValueError as error:
            yield path, f"{path} is {text!r}: InvalidNetworkAddress, {error}."
            continue
        if network.prefixlen > longest:
            yield path, f"{path} is {text!r} and must be /{longest} or larger."
        if any(network.overlaps(own) for own in _OWN_NETWORKS):
            listed = ", ".join(map(str, _OWN_NETWORKS))
            yield path, f"{path} is {text!r}: InvalidCIDRRange, OpenShift uses {listed} internally."


def _outbound(inputs: Mapping[str, Any]) -> Iterator[Problem]:
    kind = paths.first(inputs, "networkProfile.outboundType")
    visibilities = {
        paths.first(inputs, "apiserverProfile.visibility"),
        *paths.values(inputs, "ingressProfiles.visibility"),
    }
    if kind == "UserDefinedRouting" and "Public" in visibilities:
        yield (
            "networkProfile.outboundType",
            "networkProfile.outboundType is UserDefinedRouting, which needs API server and ingress to be Private.",
        )


def _one(path: str, name: str, inputs: Mapping[str, Any]) -> Iterator[Problem]:
    profiles = inputs.get(path)
    if contains_unknown(profiles):
        return
    if not isinstance(profiles, list) or len(profiles) != 1:
        yield path, f"{path} must have exactly one profile."
    elif profiles[0].get("name") != name:
        yield f"{path}.name", f"{path}.name is {profiles[0].get('name')!r} and must be {name!r}."


def _cluster_fits(request: Request) -> Iterator[ArmError]:
    subnets = [
        request.get("masterProfile.subnetId"),
        *paths.values(request.inputs, "workerProfiles.subnetId"),
    ]
    networks = {arm.key(arm.parent_of(subnet)) for subnet in subnets}
    if len(networks) > 1:
        yield ArmError(400, "InvalidParameter", "The worker VM subnet must be in the same vnet as master VM subnet.")
    if len(set(map(arm.key, subnets))) < len(subnets):
        yield ArmError(400, "InvalidParameter", "The worker VM subnet must be different to master VM subnet.")
    for network_id in sorted(networks):
        yield from _network_fits(request, network_id)
    if request.before is None:
        yield from _is_new(request, subnets)


def _network_fits(request: Request, network_id: str) -> Iterator[ArmError]:
    network = request.there.get(network_id)
    place, own = (locations.canonical(each) for each in (network["properties"]["location"], request.get("location")))
    if place != own:
        yield ArmError(
            400, "InvalidLinkedVNet", f"The vnet location '{place}' must match the cluster location '{own}'."
        )
    client = request.get("servicePrincipalProfile.clientId")
    principals = access.tenant_principals()
    if client not in principals:
        message = f"The provided service principal credentials are invalid: no application is called '{client}'."
        yield ArmError(400, "InvalidServicePrincipalCredentials", message)
        return
    for who, code, application in (
        ("cluster", "InvalidServicePrincipalPermissions", client),
        ("resource provider", "InvalidResourceProviderPermissions", _PROVIDER),
    ):
        roles = access.roles_at(request.there, principals[application], network["id"])
        if not any(references.built_in_roles().get(role, {}).get("changes_networks") for role in roles):
            yield ArmError(
                400,
                code,
                f"The {who} service principal ({principals[application]}) does not have Network Contributor permission"
                f" on vnet '{network['id']}'.",
            )


def _is_new(request: Request, subnets: list[str]) -> Iterator[ArmError]:
    """Say what speaks against the creation: afterwards the cluster has changed some of it itself."""
    group = request.get("clusterProfile.resourceGroupId")
    if request.there.find(group) is not None:
        message = f"Resource group '{arm.name_of(group)}' must not already exist: it is the cluster's own."
        yield ArmError(400, "ClusterResourceGroupAlreadyExists", message)
    for subnet_id in subnets:
        subnet = request.there.get(subnet_id)["properties"]
        name = arm.name_of(subnet_id)
        guarded = paths.first(subnet, "networkSecurityGroup.id") is not None
        if guarded and request.get("networkProfile.preconfiguredNSG") != "Enabled":
            message = f"The provided subnet '{name}' must not have a network security group attached."
            yield ArmError(400, "InvalidLinkedVNet", message)
        for prefix in (*paths.values(subnet, "addressPrefix"), *paths.values(subnet, "addressPrefixes")):
            if ip_network(prefix).prefixlen > _LONGEST_SUBNET_PREFIX:
                message = f"The provided subnet '{name}' must be /{_LONGEST_SUBNET_PREFIX} or larger."
                yield ArmError(400, "InvalidLinkedVNet", message)


INPUT_RULES = {"redhatopenshift:OpenShiftCluster": _cluster}
REQUEST_RULES = {"redhatopenshift:OpenShiftCluster": _cluster_fits}
DELETION_RULES: dict[str, Any] = {}
