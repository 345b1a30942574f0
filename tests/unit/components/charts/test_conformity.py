"""What every object of a chart is given. Source: POL-2, CLU-18, COST-9."""

from typing import Any

import pytest

from components.charts import RESTART, Manifest, conform, containers, named, pod_template

LABELS = {"cost-center": "cc-platform", "app.kubernetes.io/part-of": "biz-automation"}
POD_LABELS = {"app": "broker"}
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job")


def workload(kind: str, labels: dict[str, str] | None = None) -> Manifest:
    """A workload with an init container and a container, as charts render them."""
    template: Manifest = {"spec": {"initContainers": [{"name": "first"}], "containers": [{"name": "main"}]}}
    if labels is not None:
        template["metadata"] = {"labels": labels}
    spec: Manifest = {"selector": {"matchLabels": {"app": "chart"}}, "template": template}
    return {"kind": kind, "metadata": {"name": "broker"}, "spec": spec}


def cron_job() -> Manifest:
    """Likewise, twice as deep."""
    return {
        "kind": "CronJob",
        "metadata": {"name": "broker"},
        "spec": {"jobTemplate": {"spec": {"template": workload("Job")["spec"]["template"]}}},
    }


@pytest.mark.parametrize("kind", WORKLOADS)
def test_object_and_pods_are_labelled_and_the_selector_stays(kind: str) -> None:
    changed = conform(workload(kind), LABELS, POD_LABELS)

    assert changed["metadata"]["labels"] == LABELS
    assert changed["spec"]["template"]["metadata"]["labels"] == {**LABELS, **POD_LABELS}
    assert changed["spec"]["selector"] == {"matchLabels": {"app": "chart"}}


def test_labels_of_the_chart_win_since_selectors_count_on_them() -> None:
    changed = conform(workload("Deployment", {"app": "chart"}), LABELS, POD_LABELS)
    assert changed["spec"]["template"]["metadata"]["labels"]["app"] == "chart"


def test_a_cron_job_its_jobs_and_their_pods_are_labelled() -> None:
    changed = conform(cron_job(), LABELS, POD_LABELS)
    job = changed["spec"]["jobTemplate"]

    assert changed["metadata"]["labels"] == job["metadata"]["labels"] == LABELS
    assert job["spec"]["template"]["metadata"]["labels"] == {**LABELS, **POD_LABELS}


def test_claims_are_labelled_since_they_cost() -> None:
    manifest = workload("StatefulSet")
    manifest["spec"]["volumeClaimTemplates"] = [{"metadata": {"name": "data"}}]
    assert conform(manifest, LABELS, {})["spec"]["volumeClaimTemplates"][0]["metadata"] == {
        "name": "data",
        "labels": LABELS,
    }


@pytest.mark.parametrize(
    "manifest",
    [
        {"kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {}},
        {"kind": "ServiceAccount", "metadata": {"name": "account", "labels": None}},
        {"kind": "Certificate", "metadata": {"name": "tls"}, "spec": None},
    ],
)
def test_objects_without_pods_are_labelled_too(manifest: dict[str, Any]) -> None:
    assert conform(manifest, LABELS, POD_LABELS)["metadata"]["labels"] == LABELS
    assert pod_template(manifest) is None
    assert list(containers(manifest)) == []


def test_the_charts_own_manifest_stays_as_it_is() -> None:
    manifest = workload("Deployment")
    conform(manifest, LABELS, POD_LABELS, [lambda it: it["spec"].clear()])
    assert manifest == workload("Deployment")


def test_what_a_secret_holds_is_left_alone() -> None:
    """It is an Output, which cannot be copied."""

    class Secret:
        def __deepcopy__(self, memo: object) -> None:
            raise AssertionError("copied")

    data = Secret()
    manifest: Manifest = {"kind": "Secret", "metadata": {"name": "key"}, "data": data}
    changed = conform(manifest, LABELS, {})

    assert changed["data"] is data
    assert changed["metadata"] == {"name": "key", "labels": LABELS}
    assert manifest["metadata"] == {"name": "key"}


@pytest.mark.parametrize(
    "reading",
    [
        {"containers": [{"name": "main", "env": [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "key"}}}]}]},
        {"initContainers": [{"name": "first", "envFrom": [{"secretRef": {"name": "key"}}]}]},
        {"volumes": [{"name": "key", "secret": {"secretName": "key"}}]},
        {"volumes": [{"name": "key", "projected": {"sources": [{"secret": {"name": "key"}}]}}]},
    ],
    ids=["variable", "variables", "volume", "projected"],
)
def test_what_reads_a_secret_is_restarted_when_it_changes(reading: Manifest) -> None:
    """Source: SEC-11."""
    for kind in WORKLOADS:
        manifest = workload(kind)
        manifest["metadata"]["annotations"] = {"chart": "own"}
        manifest["spec"]["template"]["spec"] |= reading
        restarted = RESTART if kind in {"Deployment", "StatefulSet", "DaemonSet"} else {}
        assert conform(manifest, LABELS, {})["metadata"]["annotations"] == {"chart": "own", **restarted}


@pytest.mark.parametrize("kind", WORKLOADS)
def test_what_reads_no_secret_is_not_restarted(kind: str) -> None:
    manifest = workload(kind)
    template = manifest["spec"]["template"]["spec"]
    template |= {"volumes": [{"name": "settings", "configMap": {"name": "settings"}, "secret": None}]}
    assert "annotations" not in conform(manifest, LABELS, POD_LABELS)["metadata"]


def test_a_patch_changes_the_one_object_that_it_is_about() -> None:
    def scale(manifest: Manifest) -> None:
        manifest["spec"]["replicas"] = 2

    patches = [named("Deployment", "broker", scale)]
    other = {**workload("Deployment"), "metadata": {"name": "other"}}

    assert conform(workload("Deployment"), {}, {}, patches)["spec"]["replicas"] == 2
    assert "replicas" not in conform(workload("StatefulSet"), {}, {}, patches)["spec"]
    assert "replicas" not in conform(other, {}, {}, patches)["spec"]


@pytest.mark.parametrize("manifest", [workload("DaemonSet"), cron_job()], ids=["DaemonSet", "CronJob"])
def test_finds_every_container_the_first_to_run_first(manifest: Manifest) -> None:
    assert [container["name"] for container in containers(manifest)] == ["first", "main"]
