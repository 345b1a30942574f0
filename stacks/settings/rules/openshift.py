"""Rules on an OpenShift cluster: whether it exists or is made, what is its owner's, what the stack must say of it.

Source: CLU-3, A-31, CFG-2..6, NET-2, NET-6.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from stacks.settings.base_model import SettingsModel
from stacks.settings.component_model import GatewayController
from stacks.settings.model import CloudProvider, Settings
from stacks.settings.openshift_model import BUCKETS, OpenShiftSettings
from stacks.settings.problems import Path, Problem, dotted, refuse, shown
from stacks.settings.reference_tables import platform_namespaces
from stacks.settings.vault_model import StoreScope

# keys of clusters, networks and buckets that a stack makes; here their owner has made them
_OWNERS = (
    ("cloud", "accountId"),
    ("cloud", "subscriptionId"),
    ("cloud", "tenantId"),
    ("kubernetes", "administratorRoleArns"),
    ("kubernetes", "administratorGroupIds"),
    ("kubernetes", "publicAccessCidrs"),
    ("kubernetes", "logRetentionDays"),
    ("network", "natGateways"),
    ("network", "interfaceEndpoints"),
    ("network", "flowLogRetentionDays"),
    ("lake", "logRetentionDays"),
    ("lake", "raw"),
    ("lake", "curated"),
    ("lake", "archive"),
)
# of those, what a managed cluster needs
_OF_AZURE = frozenset({("cloud", "subscriptionId"), ("cloud", "tenantId")})
_OF_A_MANAGED_CLUSTER = (("openshiftClientSecret",), ("openshiftPullSecret",))
_OF_AN_EXISTING_CLUSTER = (
    ("openshift", "clusterId"),
    ("openshift", "apiServer"),
    ("openshift", "apiServerCidrs"),
    ("openshift", "certificateAuthority"),
    ("openshift", "kubeconfig"),
    ("openshiftToken",),
)
_ON_OPENSHIFT_ONLY = (("openshift",), ("openshiftToken",), *_OF_A_MANAGED_CLUSTER)
_PROVIDER = "cloud.provider is openshift"


def _is_openshift(settings: Settings) -> bool:
    return settings.cloud.provider is CloudProvider.OPENSHIFT


def _section(settings: Settings) -> OpenShiftSettings | None:
    return settings.openshift if _is_openshift(settings) else None


def _cluster_is_named(settings: Settings) -> Iterator[Problem]:
    if _is_openshift(settings):
        if settings.openshift is None:
            yield Problem(("openshift",), f"missing; describe the cluster, since {_PROVIDER}")
        return
    for path in _ON_OPENSHIFT_ONLY:
        if _given(settings, path) is not None:
            yield Problem(
                path, f"only with cloud.provider openshift; it is {settings.cloud.provider}; allowed: no value"
            )


def _cluster_exists_or_is_made(settings: Settings) -> Iterator[Problem]:
    section = _section(settings)
    if section is None:
        return
    if section.managed is None and section.cluster_id is None:
        yield Problem(
            ("openshift", "clusterId"),
            "missing; allowed: the cluster's own id, as `oc get clusterversion version -o jsonpath={.spec.clusterID}` "
            "shows it, or openshift.managed, with which the stack makes the cluster",
        )
    unused, reason = (
        (_OF_AN_EXISTING_CLUSTER, "the stack makes the cluster (openshift.managed)")
        if section.managed
        else (_OF_A_MANAGED_CLUSTER, "the cluster exists (there is no openshift.managed)")
    )
    for path in unused:
        if _given(settings, path) is not None:
            # of an encrypted key a message shows what is allowed alone
            yield Problem(path, f"is not allowed; allowed: no value, since {reason}")


def _authority_is_trusted(settings: Settings) -> Iterator[Problem]:
    section = _section(settings)
    if section and section.object_store.ca_certificate and settings.components.kestra:
        reason = "Kestra trusts public authorities alone, and openshift.objectStore.caCertificate names another"
        yield refuse(("components", "kestra"), True, "false", because=reason)


def _owner_keeps_what_is_theirs(settings: Settings) -> Iterator[Problem]:
    if not _is_openshift(settings):
        return
    managed = settings.managed_openshift is not None
    reason = f"{_PROVIDER}, " + (
        "whose buckets are not the stack's, and whose managed cluster has no use for it"
        if managed
        else "whose cluster, network and buckets exist and are not the stack's"
    )
    for path in _OWNERS:
        value = _given(settings, path)
        if value is not None and not (managed and path in _OF_AZURE):
            text = "an object" if isinstance(value, SettingsModel) else shown(_plain(value), path)
            yield Problem(path, f"{text} is not allowed: {reason}; allowed: no value")


def _given(settings: Settings, path: Path) -> object:
    """The value that the stack file itself has at the path."""
    model: object = settings
    for step in path:
        if not isinstance(model, SettingsModel):
            return None
        names = {field.alias or name: name for name, field in type(model).model_fields.items()}
        name = names[str(step)]
        model = getattr(model, name, None) if name in model.model_fields_set else None
    return model


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _token_has_an_address(settings: Settings) -> Iterator[Problem]:
    section = _section(settings)
    if section is None or section.managed is not None or settings.openshift_token is None:
        return
    if section.api_server is None:
        yield Problem(
            ("openshift", "apiServer"),
            "missing; the API server's address, such as https://api.example.com:6443, since openshiftToken signs in",
        )
    for key in ("path", "context"):
        if _given(settings, ("openshift", "kubeconfig", key)) is not None:
            yield Problem(
                ("openshift", "kubeconfig", key), "is not allowed: openshiftToken signs in; allowed: one of the two"
            )


def _control_plane_is_in_the_network(settings: Settings) -> Iterator[Problem]:
    section = _section(settings)
    for index, network in enumerate(section.api_server_cidrs if section else ()):
        if not network.subnet_of(settings.network.cidr):
            yield refuse(
                ("openshift", "apiServerCidrs", index),
                network,
                f"a network inside network.cidr ({settings.network.cidr}), which holds the cluster's machines",
            )


def _router_publishes(settings: Settings) -> Iterator[Problem]:
    path, router = ("edge", "controller"), GatewayController.OPENSHIFT_ROUTER
    controller = settings.edge.controller
    if _is_openshift(settings) and controller is not router:
        yield refuse(path, controller, router, because=f"{_PROVIDER}, which has a router of its own")
    elif not _is_openshift(settings) and controller is router:
        allowed = ", ".join(item for item in GatewayController if item is not router)
        yield refuse(path, controller, allowed, because=f"cloud.provider is {settings.cloud.provider}")


def _owner_keeps_dns(settings: Settings) -> Iterator[Problem]:
    if _is_openshift(settings) and settings.components.external_dns:
        yield refuse(
            ("components", "externalDns"),
            True,
            "false",
            because=f"{_PROVIDER}: one record, *.<organisation.baseDomain>, leads to its router",
        )


def _namespace_of_secrets_is_their_own(settings: Settings) -> Iterator[Problem]:
    section = _section(settings)
    if section is None or section.vault_server is not None:
        return
    path = ("openshift", "vaultNamespace")
    if section.vault_namespace in platform_namespaces():
        yield refuse(path, section.vault_namespace, "another name", because="a namespace of the platform is called so")
    if settings.vault.store_scope is StoreScope.NAMESPACE:
        yield refuse(
            ("vault", "storeScope"),
            StoreScope.NAMESPACE,
            StoreScope.CLUSTER,
            because=f"a SecretStore cannot read {dotted(path)}, and there is no openshift.vaultServer",
        )


def _buckets_differ(settings: Settings) -> Iterator[Problem]:
    section = _section(settings)
    if section is None:
        return
    buckets = section.object_store.buckets
    names = {
        str(type(buckets).model_fields[field].alias): getattr(buckets, field) or f"{settings.lake.name_prefix}-{bucket}"
        for field, bucket in BUCKETS.items()
    }
    first: dict[str, str] = {}
    for key, name in names.items():
        owner = first.setdefault(name, key)
        if owner != key:
            path = ("openshift", "objectStore", "buckets", key)
            yield refuse(path, name, "a bucket of its own", because=f"{owner} has it too")


def _monitoring_is_the_clusters(settings: Settings) -> Iterator[Problem]:
    section = _section(settings)
    if section is not None and settings.components.prometheus and not section.user_workload_monitoring:
        yield refuse(
            ("components", "prometheus"),
            True,
            "false",
            because=f"{_PROVIDER}, whose monitoring must scrape user projects (openshift.userWorkloadMonitoring), for "
            "a second Prometheus would fight with it",
        )


def _services_are_on_open_ports(settings: Settings) -> Iterator[Problem]:
    """Network policies open these ports and no others (components/base/destinations.yaml)."""
    section = _section(settings)
    if section is None:
        return
    vault = section.vault_server
    found: list[tuple[Path, str, tuple[int, ...]]] = [
        (("openshift", "objectStore", "endpoint"), section.object_store.endpoint, (443,)),
        *([(("openshift", "vaultServer", "address"), vault.address, (443, 8200))] if vault else []),
    ]
    for path, address, ports in found:
        if (urlsplit(address).port or 443) not in ports:
            yield refuse(
                path, address, f"port {' or '.join(map(str, ports))}", because="pods reach no other port of it"
            )


RULES = (
    _cluster_is_named,
    _cluster_exists_or_is_made,
    _owner_keeps_what_is_theirs,
    _token_has_an_address,
    _control_plane_is_in_the_network,
    _router_publishes,
    _owner_keeps_dns,
    _namespace_of_secrets_is_their_own,
    _buckets_differ,
    _monitoring_is_the_clusters,
    _services_are_on_open_ports,
    _authority_is_trusted,
)
