"""The simulated OpenShift: what a cluster's owner would have there, served by the real API server. Source: A-31."""

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.cluster.openshift import KubeconfigAccess, TokenAccess
from components.cluster.openshift_api import connect
from sandbox import openshift
from sandbox.cluster_api import ClusterApi
from sandbox.environment import CHECKOUT, KubernetesEndpoint
from stacks.openshift_checks import check
from stacks.settings import SettingsError
from tests.unit.platform import settings_of

STACK_FILE = CHECKOUT / "Pulumi.openshift-dev.yaml"


@pytest.fixture(scope="module")
def cluster(control_plane: KubernetesEndpoint) -> Iterator[ClusterApi]:
    """The session's cluster while it is an OpenShift."""
    api = ClusterApi(control_plane)
    openshift.provide(api, STACK_FILE)
    yield api
    openshift.remove(api)


def account(cluster: ClusterApi, name: str, *rules: dict[str, Any]) -> str:
    """Make a service account that may do what the rules say; gives its token."""
    metadata = {"name": name, "namespace": "default"}
    rbac = "rbac.authorization.k8s.io"
    manifests: dict[str, dict[str, Any]] = {
        f"/api/v1/namespaces/default/serviceaccounts/{name}": {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": metadata,
        },
        f"/api/v1/namespaces/default/secrets/{name}": {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/service-account-token",
            "metadata": {**metadata, "annotations": {"kubernetes.io/service-account.name": name}},
        },
        f"/apis/{rbac}/v1/clusterroles/{name}": {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": name},
            "rules": list(rules),
        },
        f"/apis/{rbac}/v1/clusterrolebindings/{name}": {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": name},
            "subjects": [{"kind": "ServiceAccount", **metadata}],
        },
    }
    for path, manifest in manifests.items():
        cluster.apply(path, manifest)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        secret = cluster.get(f"/api/v1/namespaces/default/secrets/{name}") or {}
        if token := (secret.get("data") or {}).get("token"):
            return base64.b64decode(token).decode()
        time.sleep(0.2)
    pytest.fail("the cluster made no token")


def look(access: KubeconfigAccess | TokenAccess, version: str | None = None) -> None:
    """The program's own look at the cluster."""
    settings = settings_of("openshift-dev")
    if version:
        kubernetes = settings.kubernetes.model_copy(update={"version": version})
        settings = settings.model_copy(update={"kubernetes": kubernetes})
    assert settings.openshift is not None
    check(settings, settings.openshift, connect(access))


def test_only_stacks_on_openshift_get_one(tmp_path: Path) -> None:
    assert openshift.is_openshift(STACK_FILE)
    assert not openshift.is_openshift(CHECKOUT / "Pulumi.dev.yaml")


@pytest.mark.usefixtures("cluster")
def test_the_program_takes_the_cluster_by_its_kubeconfig(control_plane: KubernetesEndpoint, tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(json.dumps(control_plane.kubeconfig()), encoding="utf-8")
    look(KubeconfigAccess(str(kubeconfig), "sandbox"))


def kubeconfig_of(endpoint: KubernetesEndpoint, token: str, folder: Path) -> KubeconfigAccess:
    file = folder / "kubeconfig"
    signed_in = KubernetesEndpoint(endpoint.server, endpoint.certificate_authority, token)
    file.write_text(json.dumps(signed_in.kubeconfig()), encoding="utf-8")
    return KubeconfigAccess(str(file))


def test_the_program_refuses_a_kubeconfig_without_rights(
    cluster: ClusterApi, control_plane: KubernetesEndpoint, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError) as refused:
        look(kubeconfig_of(control_plane, account(cluster, "nobody"), tmp_path))
    (problem,) = refused.value.problems
    assert problem == (
        "biz-automation:openshift.kubeconfig.context: who signs in may not read "
        "/apis/config.openshift.io/v1/clusterversions/version; allowed: a cluster administrator"
    )


def test_the_program_refuses_who_may_only_look(
    cluster: ClusterApi, control_plane: KubernetesEndpoint, tmp_path: Path
) -> None:
    """The API server itself judges, by SelfSubjectAccessReview."""
    groups = ["config.openshift.io", "storage.k8s.io"]
    reader = account(cluster, "reader", {"apiGroups": groups, "resources": ["*"], "verbs": ["get", "list"]})
    with pytest.raises(SettingsError) as refused:
        look(kubeconfig_of(control_plane, reader, tmp_path))
    (problem,) = refused.value.problems
    assert problem.startswith("biz-automation:openshift.kubeconfig.context: who signs in has no right to create, patch")
    assert "patch, delete namespaces; create, patch, delete secrets" in problem


@pytest.mark.usefixtures("cluster")
def test_the_program_refuses_a_cluster_that_is_too_old(control_plane: KubernetesEndpoint) -> None:
    newer = f"1.{int(ClusterApi(control_plane).version().split('.')[1]) + 1}"
    authority = base64.b64decode(control_plane.certificate_authority).decode()
    assert control_plane.token is not None
    with pytest.raises(SettingsError) as refused:
        look(TokenAccess(control_plane.server, control_plane.token, authority), newer)
    (problem,) = refused.value.problems
    assert problem.startswith(f'biz-automation:kubernetes.version: "{newer}" is not allowed: OpenShift 4.20.6 has ')
    assert problem.endswith("which is too old; update the cluster first")


@pytest.mark.usefixtures("cluster")
def test_the_program_refuses_whom_the_cluster_does_not_know(control_plane: KubernetesEndpoint) -> None:
    authority = base64.b64decode(control_plane.certificate_authority).decode()
    with pytest.raises(SettingsError, match="does not know who signs in"):
        look(TokenAccess(control_plane.server, "nobody", authority))


@pytest.mark.usefixtures("cluster")
def test_the_program_refuses_a_server_that_nobody_vouches_for(control_plane: KubernetesEndpoint) -> None:
    with pytest.raises(SettingsError, match=r"does not answer .*certificate"):
        look(TokenAccess(control_plane.server, "token"))


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/apis/route.openshift.io/v1", "Route"),
        ("/apis/security.openshift.io/v1", "SecurityContextConstraints"),
        ("/apis/project.openshift.io/v1", "Project"),
        ("/apis/image.openshift.io/v1", "ImageStream"),
        ("/apis/operators.coreos.com/v1alpha1", "Subscription"),
        ("/apis/operators.coreos.com/v1alpha1", "ClusterServiceVersion"),
        ("/apis/operators.coreos.com/v1", "OperatorGroup"),
        ("/apis/monitoring.coreos.com/v1", "ServiceMonitor"),
    ],
)
def test_kinds_of_openshift_are_served(cluster: ClusterApi, path: str, kind: str) -> None:
    assert kind in {item["kind"] for item in (cluster.get(path) or {}).get("resources", [])}


def test_what_was_provided_goes_again(control_plane: KubernetesEndpoint) -> None:
    api = ClusterApi(control_plane)
    openshift.provide(api, STACK_FILE)
    openshift.remove(api)
    names = [item["metadata"]["name"] for item in api.items("/apis/storage.k8s.io/v1/storageclasses")]
    assert "ocs-storagecluster-ceph-rbd" not in names
