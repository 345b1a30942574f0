"""What must hold of an existing cluster, asked before anything is declared; in previews as well, for it only reads.

Source: CLU-3, A-31, CFG-4, CFG-6.
"""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from components.cluster.openshift_api import (
    AccessError,
    ClusterReader,
    ForbiddenError,
    RefusedError,
    UnreachableError,
)
from components.tables import read_table
from stacks.settings import OpenShiftSettings, Profile, Settings, SettingsError

PERMISSIONS = Path(__file__).with_name("openshift-permissions.yaml")
_CONFIG = "/apis/config.openshift.io/v1"
_STORAGE = "/apis/storage.k8s.io/v1/storageclasses"
_ENCRYPTED = frozenset({"aescbc", "aesgcm", "kms"})


def check(settings: Settings, openshift: OpenShiftSettings, cluster: ClusterReader) -> None:
    """Look at the cluster.

    Args:
        settings: the stack's.
        openshift: its section on the cluster.
        cluster: to ask.

    Raises:
        SettingsError: with every problem, each naming the key that is to blame.
    """
    try:
        problems = list(_problems(settings, openshift, cluster))
    except UnreachableError as error:
        reason = f"{cluster.server} does not answer ({error}); allowed: an API server that this machine reaches"
        problems = [f"{_address_key(settings)}: {reason}"]
    except RefusedError:
        problems = [f"{_sign_in_key(settings)}: {cluster.server} does not know who signs in; renew the credentials"]
    except ForbiddenError as error:
        problems = [
            f"{_sign_in_key(settings)}: who signs in may not read {error.path}; allowed: a cluster administrator"
        ]
    refuse(problems)


def unusable(error: AccessError) -> SettingsError:
    """The error of a kubeconfig with which nobody can sign in."""
    return SettingsError(_heading(1), [f"biz-automation:openshift.{error.key}: {error}"])


def refuse(problems: list[str]) -> None:
    """End the program where there are problems."""
    if problems:
        raise SettingsError(_heading(len(problems)), [f"biz-automation:{problem}" for problem in problems])


def _heading(count: int) -> str:
    return f"The OpenShift cluster cannot take the stack, {'1 problem' if count == 1 else f'{count} problems'}:"


def _problems(settings: Settings, openshift: OpenShiftSettings, cluster: ClusterReader) -> Iterator[str]:
    if openshift.api_server and openshift.api_server.rstrip("/") != cluster.server:
        yield (
            f'openshift.apiServer: "{openshift.api_server}" is not allowed: the kubeconfig leads to another cluster; '
            f'allowed: "{cluster.server}"'
        )
        return
    version = cluster.get("/version")
    identity = cluster.get(f"{_CONFIG}/clusterversions/version")
    if version is None or identity is None:
        yield (
            f'cloud.provider: "openshift" is not allowed: {cluster.server} has no ClusterVersion, so it is no '
            "OpenShift; allowed: a cluster of OpenShift 4"
        )
        return
    found = str(identity.get("spec", {}).get("clusterID", ""))
    if found != openshift.cluster_id:
        yield f'openshift.clusterId: "{openshift.cluster_id}" is not allowed: {cluster.server} is "{found}"'
        return
    yield from _version_problems(settings, version, identity)
    yield from _network_problems(settings, cluster.get(f"{_CONFIG}/networks/cluster"))
    yield from _storage_problems(openshift, cluster)
    yield from _encryption_problems(settings, openshift, cluster)
    yield from _permission_problems(settings, cluster)


def _version_problems(settings: Settings, version: Mapping[str, Any], identity: Mapping[str, Any]) -> Iterator[str]:
    wanted = settings.kubernetes.version
    minor = f"{version['major']}.{str(version['minor']).rstrip('+')}"
    if _number(minor) < _number(wanted):
        history = [item.get("version", "") for item in (identity.get("status") or {}).get("history") or []]
        name = f"OpenShift {history[0]}" if history else "the cluster"
        yield (
            f'kubernetes.version: "{wanted}" is not allowed: {name} has Kubernetes {minor}, which is too old; '
            "update the cluster first"
        )


def _number(minor: str) -> tuple[int, ...]:
    return tuple(int(part) for part in minor.split("."))


def _network_problems(settings: Settings, network: Mapping[str, Any] | None) -> Iterator[str]:
    status = (network or {}).get("status") or {}
    plan = settings.network
    services = [IPv4Network(cidr) for cidr in status.get("serviceNetwork") or [] if ":" not in cidr]
    if services and plan.service_cidr not in services:
        yield f'network.serviceCidr: "{plan.service_cidr}" is not allowed; allowed: "{services[0]}", the cluster\'s own'
    pods = [IPv4Network(item["cidr"]) for item in status.get("clusterNetwork") or [] if ":" not in item["cidr"]]
    if pods and plan.pod_cidr not in (None, *pods):
        yield f'network.podCidr: "{plan.pod_cidr}" is not allowed; allowed: "{pods[0]}", the cluster\'s own'


def _storage_problems(openshift: OpenShiftSettings, cluster: ClusterReader) -> Iterator[str]:
    for key, name in (("standard", openshift.storage.standard), ("retained", openshift.storage.retained)):
        if name and cluster.get(f"{_STORAGE}/{name}") is None:
            listed = [item["metadata"]["name"] for item in (cluster.get(_STORAGE) or {}).get("items") or []]
            allowed = ", ".join(sorted(listed)) or "a storage class that the cluster has"
            yield f'openshift.storage.{key}: "{name}" is not allowed: the cluster has no such class; allowed: {allowed}'


def _encryption_problems(settings: Settings, openshift: OpenShiftSettings, cluster: ClusterReader) -> Iterator[str]:
    """Secrets of a namespace are only as safe as etcd is."""
    if openshift.vault_server is not None or settings.profile is Profile.DEV:
        return
    server = cluster.get(f"{_CONFIG}/apiservers/cluster") or {}
    kind = ((server.get("spec") or {}).get("encryption") or {}).get("type") or "identity"
    if str(kind).lower() not in _ENCRYPTED:
        yield (
            f"openshift.vaultNamespace: credentials would stand in etcd in the clear (encryption is {kind}); have the "
            "cluster encrypt it, or name openshift.vaultServer"
        )


def _permission_problems(settings: Settings, cluster: ClusterReader) -> Iterator[str]:
    key = _sign_in_key(settings)
    missing: list[str] = []
    for row in read_table(PERMISSIONS):
        verbs = [verb for verb in row["verbs"] if not cluster.may(verb, row["group"], row["resource"])]
        if verbs:
            missing.append(f"{', '.join(verbs)} {row['resource']}")
    if missing:
        yield f"{key}: who signs in has no right to {'; '.join(missing)}; allowed: a cluster administrator"


def _sign_in_key(settings: Settings) -> str:
    return "openshiftToken" if settings.openshift_token is not None else "openshift.kubeconfig.context"


def _address_key(settings: Settings) -> str:
    return "openshift.apiServer" if settings.openshift_token is not None else "openshift.kubeconfig.context"
