"""Kubernetes objects through the real engine: drift, replacements, secrets, charts, all asked of the API server."""

from pathlib import Path
from typing import Any

import pytest

from sandbox import event_log
from sandbox.cluster_api import ClusterApi
from sandbox.environment import KubernetesEndpoint
from sandbox.providers.kubernetes import helm
from sandbox.providers.kubernetes.helm import Rendering
from tests.engine.conftest import STACK, ProgramMaker
from tests.engine.engine import Engine

OBJECTS = """
import os

import pulumi
import pulumi_kubernetes as kubernetes

config = pulumi.Config()
cluster = kubernetes.Provider("cluster", kubeconfig=open(os.environ["KUBECONFIG"]).read())
there = pulumi.ResourceOptions(provider=cluster)
namespace = kubernetes.core.v1.Namespace("namespace", metadata={"name": "engine-objects"}, opts=there)
inside = namespace.metadata.name
token = pulumi.Output.secret("canary-in-a-config-map")
settings = {"name": "settings", "namespace": inside}
kubernetes.core.v1.ConfigMap("settings", metadata=settings, data={"colour": "blue"}, opts=there)
kubernetes.core.v1.ConfigMap("hidden", metadata={"namespace": inside}, data={"token": token}, opts=there)
key = {"key": "canary-in-a-secret"}
kubernetes.core.v1.Secret("login", metadata={"namespace": inside}, string_data=key, opts=there)
labels = {"app": "web"}
container = {"name": "web", "image": "nginx:1.29.1", "resources": {"requests": {"cpu": config.get("cpu") or "0.1"}}}
web = kubernetes.apps.v1.Deployment(
    "web",
    metadata={"name": "web", "namespace": inside},
    spec={
        "replicas": 1,
        "selector": {"match_labels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
    },
    opts=pulumi.ResourceOptions(provider=cluster, custom_timeouts=pulumi.CustomTimeouts(update="2s")),
)
service = kubernetes.core.v1.Service(
    "service",
    metadata={"name": "web", "namespace": inside},
    spec={"selector": labels, "ports": [{"port": 80}]},
    opts=there,
)
pulumi.export("address", service.spec.cluster_ip)
"""
CHART = """
import os

import pulumi
import pulumi_kubernetes as kubernetes

cluster = kubernetes.Provider("cluster", kubeconfig=open(os.environ["KUBECONFIG"]).read())
there = pulumi.ResourceOptions(provider=cluster)
namespace = kubernetes.core.v1.Namespace("namespace", metadata={"name": "engine-chart"}, opts=there)


def label(args):
    if args.type_ != "kubernetes:core/v1:ConfigMap":
        return None
    metadata = {**args.props["metadata"], "labels": {"transformed": "yes"}}
    return pulumi.ResourceTransformResult({**args.props, "metadata": metadata}, args.opts)


chart = kubernetes.helm.v4.Chart(
    "gear",
    chart="./chart",
    namespace=namespace.metadata.name,
    values={"colour": "blue"},
    opts=pulumi.ResourceOptions(provider=cluster, transforms=[label]),
)
kubernetes.helm.v4.Chart("absent", chart="oci://charts.example.com/absent", opts=there)
account = {"apiVersion": "v1", "kind": "ServiceAccount"}
kubernetes.yaml.v2.ConfigGroup(
    "group",
    yaml="{apiVersion: v1, kind: ConfigMap, metadata: {name: from-yaml, namespace: engine-chart}}",
    objs=[{**account, "metadata": {"name": "one", "namespace": namespace.metadata.name}}],
    opts=pulumi.ResourceOptions(provider=cluster, depends_on=[namespace]),
)
pulumi.export("count", chart.resources.apply(len))
"""
DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gears.engine.example.com}
spec:
  group: engine.example.com
  scope: Cluster
  names: {plural: gears, kind: Gear}
  versions:
  - {name: v1, served: true, storage: true,
     schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
"""
TEMPLATE = """
apiVersion: engine.example.com/v1
kind: Gear
metadata: {name: gear}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}}
data:
  colour: {{ .Values.colour }}
  found: {{ (lookup "v1" "Namespace" "" "default").metadata.name }}
"""


@pytest.fixture
def api(control_plane: KubernetesEndpoint) -> ClusterApi:
    return ClusterApi(control_plane)


@pytest.fixture
def objects(program: ProgramMaker, control_plane: KubernetesEndpoint) -> Engine:
    assert control_plane
    return program(OBJECTS)


def data(api: ClusterApi, path: str) -> dict[str, Any]:
    live = api.get(path)
    assert live is not None
    return live["data"]


def test_objects_live_and_drift_and_end(objects: Engine, api: ClusterApi) -> None:
    assert objects.preview(STACK).check().changes == {"create": 8}
    objects.up(STACK).check()
    assert objects.outputs(STACK)["address"].startswith("172.20.")
    assert objects.up(STACK).check().changes == {"same": 8}
    assert not objects.refresh(STACK).check().changed

    state = next((objects.program.parent / "state").rglob("dev.json")).read_text()
    assert "canary" not in state

    settings = "/api/v1/namespaces/engine-objects/configmaps/settings"
    changed = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"colour": "green"}}
    api.apply(settings, changed)
    urn = "urn:pulumi:dev::small::kubernetes:core/v1:ConfigMap::settings"
    assert objects.refresh(STACK).check().changed == {urn: "update"}
    preview = objects.preview(STACK).check()
    assert preview.changed == {urn: "replace"}
    assert preview.detailed_diff(urn) == {"data.colour": "update-replace"}
    objects.up(STACK).check()
    assert data(api, settings) == {"colour": "blue"}

    objects.configure(STACK, cpu="64")
    failed = objects.up(STACK)
    assert failed.exit_code
    assert "0/3 nodes are available" in failed.output
    objects.configure(STACK, cpu="0.2")
    assert objects.up(STACK).check().changes == {"same": 7, "update": 1}

    objects.destroy(STACK).check()
    assert api.get("/api/v1/namespaces/engine-objects") is None


def test_the_log_of_a_preview_has_every_object_and_no_secret(objects: Engine) -> None:
    objects.preview(STACK, "--show-secrets").check()
    log = objects.program / f".events-{STACK}-preview.json"
    assert "canary" not in log.read_text()
    planned = {urn.rpartition("::")[2]: manifest for urn, manifest in event_log.read(log, {}).objects.items()}
    assert sorted(planned) == ["hidden", "login", "namespace", "service", "settings", "web"]
    assert planned["settings"]["data"] == {"colour": "blue"}
    assert planned["hidden"]["data"] == {}
    assert "stringData" not in planned["login"]


def test_the_objects_of_a_chart_are_resources(
    program: ProgramMaker, control_plane: KubernetesEndpoint, api: ClusterApi
) -> None:
    assert control_plane
    engine = program(CHART)
    write_chart(engine.program / "chart")
    foretold = engine.preview(STACK).check()
    assert any("absent" in item.message and item.severity == "warning" for item in foretold.diagnostics)
    engine.up(STACK).check()
    assert engine.outputs(STACK)["count"] == 3
    live = api.get("/api/v1/namespaces/engine-chart/configmaps/gear")
    assert live is not None
    assert live["data"] == {"colour": "blue", "found": "default"}
    assert live["metadata"]["labels"] == {"transformed": "yes"}
    assert api.get("/apis/engine.example.com/v1/gears/gear") is not None
    assert api.get("/api/v1/namespaces/engine-chart/serviceaccounts/one") is not None
    names = {item["urn"].rpartition("::")[2] for item in engine.resources(STACK)}
    assert {"gear:engine-chart/gear", "gear:gear", "group:engine-chart/from-yaml"} <= names
    assert set(engine.up(STACK).check().changes) == {"same"}
    assert of_charts(engine) == {"gear:gears.engine.example.com", "gear:engine-chart/gear", "gear:gear"}
    engine.destroy(STACK).check()
    assert api.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gears.engine.example.com") is None


def of_charts(engine: Engine) -> set[str]:
    """Which resources a preview's log and the provider's notes say to come from the chart, by logical name."""
    notes = engine.program / "notes"
    engine.preview(STACK, environment={helm.NOTES: str(notes)}).check()
    charts = helm.noted(notes)
    assert charts == {"gear": Rendering("gear", "./chart", "engine-chart", {"colour": "blue"})}
    plan = event_log.read(engine.program / f".events-{STACK}-preview.json", charts)
    return {urn.rpartition("::")[2] for urn in plan.objects if plan.chart_of(urn) == "chart"}


def write_chart(folder: Path) -> None:
    (folder / "templates").mkdir(parents=True)
    (folder / "crds").mkdir()
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: gear\nversion: 1.0.0\n")
    (folder / "values.yaml").write_text("colour: red\n")
    (folder / "crds" / "gears.yaml").write_text(DEFINITION)
    (folder / "templates" / "all.yaml").write_text(TEMPLATE)
