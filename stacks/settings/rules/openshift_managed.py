"""Rules on an OpenShift cluster that the stack makes: what Azure Red Hat OpenShift takes.

A module of its own, which only such a stack's run imports: it needs Azure's rules, and with them their tables.

Source: CLU-3, CLU-4, NET-1, SEC-5; https://learn.microsoft.com/azure/openshift/create-cluster and
https://learn.microsoft.com/azure/openshift/support-policies-v4
"""

import json
from collections.abc import Iterator
from ipaddress import IPv4Network

from stacks.settings.model import NodePoolSettings, Profile, Settings
from stacks.settings.openshift_managed_model import ManagedClusterSettings, Visibility
from stacks.settings.openshift_model import OpenShiftSettings
from stacks.settings.problems import Path, Problem, closest, refuse
from stacks.settings.reference_tables import openshift_vm_sizes
from stacks.settings.rules import azure
from stacks.settings.rules.partial import readable

_MANAGED = ("openshift", "managed")
# OpenShift 4.20 is Kubernetes 1.33, 4.21 is 1.34, ... https://access.redhat.com/solutions/4870701
_KUBERNETES_AHEAD = 13
_WORKERS = range(3, 51)
_CONTROL_PLANE_MACHINES = 3
_LEAST_DISK_GIB = 128
_LONGEST_POD_PREFIX = 18
# each machine takes 512 addresses of the pods' network
_MACHINE_PREFIX = 23
# https://learn.microsoft.com/azure/openshift/concepts-networking
_RESERVED = tuple(map(IPv4Network, ("100.64.0.0/16", "100.88.0.0/16", "169.254.169.0/29")))


def _sections(settings: Settings) -> tuple[OpenShiftSettings, ManagedClusterSettings]:
    section = settings.openshift
    managed = section.managed if section else None
    if section is None or managed is None:
        raise ValueError("these rules are for stacks with openshift.managed")
    return section, managed


def _somebody_is_the_cluster(settings: Settings) -> Iterator[Problem]:
    if settings.openshift_client_secret is None:
        yield Problem(
            ("openshiftClientSecret",),
            "missing; allowed: the secret of openshift.managed.servicePrincipal, encrypted: "
            "`pulumi config set --secret biz-automation:openshiftClientSecret`",
        )


def _ids_are_of_their_kind(settings: Settings) -> Iterator[Problem]:
    _, managed = _sections(settings)
    principal = managed.service_principal
    path = (*_MANAGED, "servicePrincipal", "objectId")
    if principal.object_id == principal.client_id:
        what = f"what `az ad sp show --id {principal.client_id} --query id` shows"
        yield refuse(path, principal.object_id, what, because="it is the client id")
    if managed.resource_provider_object_id == principal.object_id:
        what = "what `az ad sp list --display-name 'Azure Red Hat OpenShift RP' --query '[0].id'` shows"
        path = (*_MANAGED, "resourceProviderObjectId")
        yield refuse(path, managed.resource_provider_object_id, what, because="the cluster's service principal has it")


def _version_belongs_to_kubernetes(settings: Settings) -> Iterator[Problem]:
    _, managed = _sections(settings)
    minor = int(settings.kubernetes.version.partition(".")[2]) - _KUBERNETES_AHEAD
    if int(managed.version.split(".")[1]) != minor:
        because = f"kubernetes.version is {settings.kubernetes.version}"
        yield refuse((*_MANAGED, "version"), managed.version, f"a version 4.{minor}.x", because=because)


def _only_dev_is_public(settings: Settings) -> Iterator[Problem]:
    _, managed = _sections(settings)
    if settings.profile is Profile.DEV:
        return
    for key, visibility in (
        ("apiServerVisibility", managed.api_server_visibility),
        ("ingressVisibility", managed.ingress_visibility),
    ):
        if visibility is Visibility.PUBLIC:
            because = f"in {settings.profile} nothing is reached from outside the network"
            yield refuse((*_MANAGED, key), visibility, Visibility.PRIVATE, because=because)


def _control_plane_is_large_enough(settings: Settings) -> Iterator[Problem]:
    _, managed = _sections(settings)
    yield from _size((*_MANAGED, "controlPlaneVmSize"), managed.control_plane_vm_size, "control-plane")


def _size(path: Path, size: str, role: str) -> Iterator[Problem]:
    known = openshift_vm_sizes()[role]
    if size not in known:
        allowed = f"a size that stacks/settings/reference/openshift-vm-sizes.yaml lists under {role}"
        yield refuse(path, size, allowed, hint=closest(size, known))


def _workers_are_one_pool(settings: Settings) -> Iterator[Problem]:
    pools = settings.node_pools
    if len(pools) != 1:
        yield Problem(
            ("nodePools",),
            f"{len(pools)} pools are not allowed: a managed OpenShift cluster is made with one group of workers; "
            "allowed: one pool",
        )
    for index, pool in enumerate(pools):
        path = ("nodePools", index)
        yield from readable(_size((*path, "instanceType"), pool.instance_type, "worker"))
        yield from readable(_disk(path, pool))
        yield from readable(_count(path, pool))


def _disk(path: Path, pool: NodePoolSettings) -> Iterator[Problem]:
    if pool.disk_size_gib < _LEAST_DISK_GIB:
        yield refuse((*path, "diskSizeGib"), pool.disk_size_gib, f"{_LEAST_DISK_GIB} or more")


def _count(path: Path, pool: NodePoolSettings) -> Iterator[Problem]:
    if pool.desired_size not in _WORKERS:
        allowed = f"an integer from {_WORKERS[0]} to {_WORKERS[-1]}"
        yield refuse((*path, "desiredSize"), pool.desired_size, allowed)
    for key, size in (("minSize", pool.min_size), ("maxSize", pool.max_size)):
        if size != pool.desired_size:
            because = "nothing scales a managed OpenShift cluster's machines"
            yield refuse((*path, key), size, f"desiredSize, {pool.desired_size}", because=because)


def _pods_have_addresses(settings: Settings) -> Iterator[Problem]:
    network, path = settings.network.pod_cidr, ("network", "podCidr")
    if network is None:
        yield Problem(path, "missing; allowed: an IPv4 network that overlaps no other, such as 10.128.0.0/14")
        return
    if network.prefixlen > _LONGEST_POD_PREFIX:
        yield refuse(path, network, f"/{_LONGEST_POD_PREFIX} or larger")
        return
    machines = _CONTROL_PLANE_MACHINES + sum(pool.max_size for pool in settings.node_pools)
    if machines > 2 ** (_MACHINE_PREFIX - network.prefixlen):
        because = f"each machine takes a /{_MACHINE_PREFIX} of it, and there are {machines}"
        yield refuse(path, network, "a larger network, or fewer workers", because=because)


def _networks_leave_openshifts_own(settings: Settings) -> Iterator[Problem]:
    plan = settings.network
    for key, network in (("cidr", plan.cidr), ("serviceCidr", plan.service_cidr), ("podCidr", plan.pod_cidr)):
        for reserved in _RESERVED:
            if network is not None and network.overlaps(reserved):
                because = f"OpenShift uses {reserved} itself"
                yield refuse(("network", key), network, "another network", because=because)


def _credentials_are_encrypted(settings: Settings) -> Iterator[Problem]:
    """The etcd of a new cluster is not encrypted; of a cluster that exists the program asks."""
    section, _ = _sections(settings)
    if section.vault_server is None and settings.profile is not Profile.DEV:
        yield Problem(
            ("openshift", "vaultServer"),
            f"missing; the Vault with the credentials, since in {settings.profile} they must not stand in the clear in "
            "the etcd of a new cluster",
        )


def _pull_secret_is_one(settings: Settings) -> Iterator[Problem]:
    secret = settings.openshift_pull_secret
    if secret is None:
        return
    try:
        document = json.loads(secret.get_secret_value())
    except ValueError:
        document = None
    if not (isinstance(document, dict) and isinstance(document.get("auths"), dict)):
        yield Problem(
            ("openshiftPullSecret",),
            "[hidden] is not allowed; allowed: a JSON object with auths, as "
            "https://console.redhat.com/openshift/install/azure/aro-provisioned hands it out",
        )


RULES = (
    azure.location_exists,
    azure.location_has_zones,
    azure.ids_are_named,
    _somebody_is_the_cluster,
    _ids_are_of_their_kind,
    _version_belongs_to_kubernetes,
    _only_dev_is_public,
    _control_plane_is_large_enough,
    _workers_are_one_pool,
    _pods_have_addresses,
    _networks_leave_openshifts_own,
    _credentials_are_encrypted,
    _pull_secret_is_one,
)
