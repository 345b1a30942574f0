"""What the program asks an OpenShift cluster before it declares anything. Source: A-31, CFG-4, CFG-6."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from components.cluster.openshift import KubeconfigAccess
from components.cluster.openshift_api import AccessError, ForbiddenError, RefusedError, UnreachableError, connect
from stacks.openshift import build
from stacks.openshift_checks import check
from stacks.settings import Settings, SettingsError
from tests.unit.openshift_cluster import CONFIG, FakeCluster, cluster_of
from tests.unit.platform import settings_of
from tests.unit.recording import RecordingEngine

VERSION = f"{CONFIG}/clusterversions/version"


def problems_of(settings: Settings, change: Callable[[FakeCluster], object]) -> tuple[str, ...]:
    cluster = cluster_of(settings)
    change(cluster)
    assert settings.openshift is not None
    with pytest.raises(SettingsError) as refused:
        check(settings, settings.openshift, cluster)
    return refused.value.problems


def without(path: str) -> Callable[[FakeCluster], object]:
    return lambda cluster: cluster.answers.pop(path)


def answering(path: str, answer: dict[str, Any]) -> Callable[[FakeCluster], object]:
    return lambda cluster: cluster.answers.update({path: answer})


def failing(error: Exception) -> Callable[[FakeCluster], object]:
    return lambda cluster: setattr(cluster, "error", error)


def forbidding(*rights: tuple[str, str, str]) -> Callable[[FakeCluster], object]:
    return lambda cluster: setattr(cluster, "forbidden", frozenset(rights))


@pytest.mark.parametrize("stack", ["openshift-dev", "openshift-stg", "openshift-prod"])
def test_a_cluster_as_the_settings_say_is_taken(stack: str) -> None:
    settings = settings_of(stack)
    assert settings.openshift is not None
    check(settings, settings.openshift, cluster_of(settings))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            failing(UnreachableError("timed out")),
            (
                "openshift.kubeconfig.context: https://api.example.com:6443 does not answer (timed out); "
                "allowed: an API "
                "server that this machine reaches"
            ),
        ),
        (
            failing(RefusedError()),
            (
                "openshift.kubeconfig.context: https://api.example.com:6443 does not know who signs in; renew the "
                "credentials"
            ),
        ),
        (
            failing(ForbiddenError(VERSION)),
            f"openshift.kubeconfig.context: who signs in may not read {VERSION}; allowed: a cluster administrator",
        ),
        (
            without(VERSION),
            (
                'cloud.provider: "openshift" is not allowed: https://api.example.com:6443 has no ClusterVersion, so it '
                "is no OpenShift; allowed: a cluster of OpenShift 4"
            ),
        ),
        (
            answering(VERSION, {"spec": {"clusterID": "another"}}),
            (
                'openshift.clusterId: "00000000-0000-4000-8000-000000000000" is not allowed: '
                "https://api.example.com:6443 is "
                '"another"'
            ),
        ),
        (
            answering("/version", {"major": "1", "minor": "30"}),
            (
                'kubernetes.version: "1.33" is not allowed: OpenShift 4.21.3 has Kubernetes 1.30, which is too '
                "old; update "
                "the cluster first"
            ),
        ),
        (
            answering(f"{CONFIG}/networks/cluster", {"status": {"serviceNetwork": ["10.96.0.0/16"]}}),
            'network.serviceCidr: "172.30.0.0/16" is not allowed; allowed: "10.96.0.0/16", the cluster\'s own',
        ),
        (
            answering(f"{CONFIG}/networks/cluster", {"status": {"clusterNetwork": [{"cidr": "10.244.0.0/16"}]}}),
            'network.podCidr: "10.128.0.0/14" is not allowed; allowed: "10.244.0.0/16", the cluster\'s own',
        ),
        (
            without("/apis/storage.k8s.io/v1/storageclasses/ocs-storagecluster-ceph-rbd"),
            (
                'openshift.storage.standard: "ocs-storagecluster-ceph-rbd" is not allowed: the cluster has no '
                "such class; "
                "allowed: ocs-storagecluster-ceph-rbd, ocs-storagecluster-ceph-rbd-retain"
            ),
        ),
        (
            forbidding(("create", "", "namespaces"), ("escalate", "rbac.authorization.k8s.io", "clusterroles")),
            (
                "openshift.kubeconfig.context: who signs in has no right to create namespaces; escalate clusterroles; "
                "allowed: a cluster administrator"
            ),
        ),
    ],
)
def test_each_reason_to_refuse_is_one_message_that_names_the_key(
    change: Callable[[FakeCluster], object], message: str
) -> None:
    assert problems_of(settings_of("openshift-dev"), change) == (f"biz-automation:{message}",)


def test_credentials_in_an_etcd_in_the_clear_are_refused_but_in_dev() -> None:
    clear = answering(f"{CONFIG}/apiservers/cluster", {"spec": {}})
    prod, dev = settings_of("openshift-prod"), settings_of("openshift-dev")
    assert prod.openshift is not None
    assert dev.openshift is not None
    own = prod.model_copy(update={"openshift": prod.openshift.model_copy(update={"vault_server": None})})
    (problem,) = problems_of(own, clear)
    assert problem.startswith("biz-automation:openshift.vaultNamespace: credentials would stand in etcd in the clear")

    cluster = cluster_of(dev)
    clear(cluster)
    check(dev, dev.openshift, cluster)


def test_a_kubeconfig_that_leads_elsewhere_is_refused() -> None:
    settings = settings_of("openshift-dev")
    assert settings.openshift is not None
    section = settings.openshift.model_copy(update={"api_server": "https://api.other.com:6443"})
    with pytest.raises(SettingsError) as refused:
        check(settings, section, cluster_of(settings))
    assert refused.value.problems == (
        (
            'biz-automation:openshift.apiServer: "https://api.other.com:6443" is not allowed: the kubeconfig '
            "leads to another "
            'cluster; allowed: "https://api.example.com:6443"'
        ),
    )


def test_nothing_is_declared_on_a_cluster_that_is_refused(engine: RecordingEngine) -> None:
    settings = settings_of("openshift-dev")
    cluster = cluster_of(settings)
    cluster.error = UnreachableError("timed out")
    with pytest.raises(SettingsError, match="The OpenShift cluster cannot take the stack, 1 problem:"):
        engine.deploy(lambda: build(settings, lambda _: cluster))
    assert engine.registrations == []


def kubeconfig(server: str = "https://api.example.com:6443/", current: str = "one", **user: object) -> str:
    return yaml.safe_dump(
        {
            "current-context": current,
            "contexts": [{"name": "one", "context": {"cluster": "here", "user": "me"}}],
            "clusters": [{"name": "here", "cluster": {"server": server}}],
            "users": [{"name": "me", "user": user}],
        }
    )


def with_kubeconfig(settings: Settings, path: Path, context: str | None = None) -> Settings:
    assert settings.openshift is not None
    access = settings.openshift.kubeconfig.model_copy(update={"path": str(path), "context": context})
    return settings.model_copy(update={"openshift": settings.openshift.model_copy(update={"kubeconfig": access})})


def refused_before_anything(engine: RecordingEngine, settings: Settings) -> str:
    """The one problem that ends the program on its way to the cluster."""
    with pytest.raises(SettingsError) as refused:
        engine.deploy(lambda: build(settings))
    assert engine.registrations == []
    (problem,) = refused.value.problems
    return problem


def test_nobody_listens_where_the_kubeconfig_leads(engine: RecordingEngine, tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(kubeconfig("https://127.0.0.1:9", token="t"), encoding="utf-8")
    problem = refused_before_anything(engine, with_kubeconfig(settings_of("openshift-dev"), file))
    assert problem.startswith("biz-automation:openshift.kubeconfig.context: https://127.0.0.1:9 does not answer (")
    assert problem.endswith("; allowed: an API server that this machine reaches")


def test_nobody_listens_where_the_token_is_for(engine: RecordingEngine) -> None:
    settings = settings_of("openshift-dev")
    assert settings.openshift is not None
    section = settings.openshift.model_copy(update={"api_server": "https://127.0.0.1:9"})
    changed = settings.model_copy(update={"openshift": section, "openshift_token": SecretStr("t")})
    problem = refused_before_anything(engine, changed)
    assert problem.startswith("biz-automation:openshift.apiServer: https://127.0.0.1:9 does not answer (")


@pytest.mark.parametrize(
    ("content", "context", "message"),
    [
        (None, None, "path: {file} cannot be read (No such file or directory)"),
        (kubeconfig(token="t"), "two", "context: {file} has no context called two; allowed: one"),
        (
            kubeconfig(current="", token="t"),
            None,
            "context: missing; {file} has no current context, so name one of its contexts",
        ),
    ],
)
def test_a_kubeconfig_that_is_not_there_ends_the_program(
    engine: RecordingEngine, tmp_path: Path, content: str | None, context: str | None, message: str
) -> None:
    file = tmp_path / "kubeconfig"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    problem = refused_before_anything(engine, with_kubeconfig(settings_of("openshift-dev"), file, context))
    assert problem == f"biz-automation:openshift.kubeconfig.{message.format(file=file)}"


def test_a_kubeconfig_says_where_to_sign_in(tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(kubeconfig(token="t"), encoding="utf-8")
    assert connect(KubeconfigAccess(str(file), "one")).server == "https://api.example.com:6443"


@pytest.mark.parametrize(
    ("content", "context", "key", "message"),
    [
        ("[", None, "kubeconfig.path", "is no kubeconfig"),
        ("in plain words", None, "kubeconfig.path", "is no kubeconfig"),
        ("", None, "kubeconfig.path", "is no kubeconfig"),
        ("contexts: [one]", "one", "kubeconfig.context", "has no context called one; allowed: a file with a context"),
        (kubeconfig("http://api.example.com", token="t"), None, "kubeconfig.context", "allowed: one with https://"),
        (kubeconfig("", token="t"), None, "kubeconfig.context", "allowed: one with https://"),
        (kubeconfig(exec={"command": "aws"}), None, "kubeconfig.context", "signs in with a plug-in"),
        (kubeconfig(tokenFile="/nowhere/token"), None, "kubeconfig.path", "names a file that cannot be used"),
    ],
)
def test_a_kubeconfig_with_which_nobody_can_sign_in(
    tmp_path: Path, content: str, context: str | None, key: str, message: str
) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(AccessError, match=message) as refused:
        connect(KubeconfigAccess(str(file), context))
    assert refused.value.key == key
