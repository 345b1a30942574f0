"""`make render` reports each thing that is wrong with a chart, and nothing that is not. Source: POL-1..4, SEC-17.

Small charts are rendered by helm, judged by the running policy pack, and written down as the engine does in its log.
"""

import asyncio
import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox import event_log, render, toolchain
from sandbox.cluster_api import FIELD_MANAGER, ClusterApi
from sandbox.crds import COLLECTION
from sandbox.environment import KubernetesEndpoint
from sandbox.event_log import Plan
from sandbox.providers.kubernetes import helm
from sandbox.providers.kubernetes.helm import Capabilities, Rendering
from sandbox.providers.values import SECRET_SIGNATURE, SIGNATURE_KEY
from sandbox.repeated_rendering import changes
from tests.policies.pack import Pack, running

PARENTS = "biz-automation:base:PlatformChart$kubernetes:helm.sh/v4:Chart"
LABELS = {"cost-center": "cc-platform"}
IDENTITY = "azure.workload.identity/client-id"
AMOUNTS = {"cpu": "10m", "memory": "16Mi"}
CONTAINER: Mapping[str, Any] = {
    "name": "main",
    "image": "registry.example/gear:1.2.3",
    "resources": {"requests": AMOUNTS, "limits": AMOUNTS},
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    },
}
DEFINITION: Mapping[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "gears.render.example", "labels": LABELS},
    "spec": {
        "group": "render.example",
        "names": {"kind": "Gear", "plural": "gears"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {"spec": {"type": "object", "properties": {"teeth": {"type": "integer"}}}},
                    }
                },
            }
        ],
    },
}

Rendered = Callable[..., Plan]


def deployment(*, labels: Mapping[str, str] = LABELS, namespace: str = "default", **container: Any) -> dict[str, Any]:
    """A workload as it must be, but for the container's fields."""
    content = {key: value for key, value in {**CONTAINER, **container}.items() if value is not None}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "gear", "namespace": namespace, "labels": dict(labels)},
        "spec": {
            "selector": {"matchLabels": {"app": "gear"}},
            "template": {"metadata": {"labels": {"app": "gear", **labels}}, "spec": {"containers": [content]}},
        },
    }


def gear(teeth: object) -> dict[str, Any]:
    """An object of a kind that its chart defines."""
    return {
        "apiVersion": "render.example/v1",
        "kind": "Gear",
        "metadata": {"name": "gear", "namespace": "default", "labels": LABELS},
        "spec": {"teeth": teeth},
    }


@pytest.fixture(scope="module")
def pack() -> Iterator[Pack]:
    with running() as started:
        started.configure_stack({"name": "example", "costCenters": list(LABELS.values())})
        yield started


@pytest.fixture
def rendered(tmp_path: Path, pack: Pack, monkeypatch: pytest.MonkeyPatch) -> Rendered:
    """Makes a plan of charts by name, each with its templates."""
    program = toolchain.provide(["helm"])["helm"]
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")

    def make(**charts: list[Mapping[str, Any] | str]) -> Plan:
        lines: list[dict[str, Any]] = []
        renderings: dict[str, Rendering] = {}
        for name, templates in charts.items():
            archive = packed(tmp_path, program, name, templates)
            renderings[name] = Rendering(name, str(archive), "default")
            text = asyncio.run(helm.render(renderings[name], Capabilities()))
            for manifest in filter(None, yaml.safe_load_all(text)):
                lines += planned(pack, name, manifest)
        log = tmp_path / "events.json"
        log.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        return event_log.read(log, renderings)

    return make


def packed(folder: Path, helm_program: Path, name: str, templates: list[Mapping[str, Any] | str]) -> Path:
    """The archive of a chart."""
    source = folder / name
    (source / "templates").mkdir(parents=True, exist_ok=True)
    (source / "Chart.yaml").write_text(f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n")
    for number, template in enumerate(templates):
        text = template if isinstance(template, str) else yaml.safe_dump(template)
        (source / "templates" / f"{number}.yaml").write_text(text)
    subprocess.run([helm_program, "package", source, "--destination", folder], check=True, capture_output=True)
    return folder / f"{name}-1.0.0.tgz"


def planned(pack: Pack, chart: str, manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What the engine's log says of an object of a chart, and of what the pack has against it."""
    token = f"kubernetes:{manifest['apiVersion']}:{manifest['kind']}"
    name = f"{chart}:default/{manifest['metadata']['name']}"
    hidden = {"data": {SIGNATURE_KEY: SECRET_SIGNATURE, "ciphertext": "[secret]"}} if "data" in manifest else {}
    line = step(token, f"{PARENTS}${token}", name, {**manifest, **hidden})
    yield line
    for found in pack.analyze(token, name, manifest):
        event = {
            "resourceUrn": line["resourcePreEvent"]["metadata"]["urn"],
            "policyName": found.policy,
            "message": found.message,
            "enforcementLevel": "mandatory" if found.mandatory else "advisory",
        }
        yield {"policyEvent": event}


def step(token: str, types: str, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    urn = f"urn:pulumi:dev::biz-automation::{types}::{name}"
    return {"resourcePreEvent": {"metadata": {"op": "create", "urn": urn, "type": token, "new": {"inputs": inputs}}}}


@pytest.fixture(scope="module")
def api(control_plane: KubernetesEndpoint) -> Iterator[ClusterApi]:
    """The session's cluster, which other tests look at afterwards."""
    cluster = ClusterApi(control_plane)
    yield cluster
    cluster.delete(f"/api/v1/namespaces/{render.SECURITY}")
    cluster.delete(f"{COLLECTION}/{DEFINITION['metadata']['name']}")


def problems(plan: Plan, api: ClusterApi) -> dict[str, dict[str, list[str]]]:
    """What is wrong, by chart and by what found it."""
    figures = render.judge(plan, changes(plan.renderings(), Capabilities()), api, {"kube-public"})
    return {
        chart: {judge: texts for judge, texts in found.problems.items() if texts} for chart, found in figures.items()
    }


def test_a_chart_that_is_as_it_must_be_has_no_problem(rendered: Rendered, api: ClusterApi) -> None:
    plan = rendered(good=[deployment(), DEFINITION, gear(12)])
    figures = render.judge(plan, [], api, {})
    said: list[str] = []

    assert {chart: (found.objects, found.containers) for chart, found in figures.items()} == {"good-1.0.0": (3, 1)}
    assert render.report(figures, said.append) == 0
    assert said[-1].split() == ["good-1.0.0", "3", "1", *["0"] * 8]


def test_no_controller_is_waited_for_to_judge_pods(rendered: Rendered, api: ClusterApi) -> None:
    render.judge(rendered(), [], api, {})
    account = api.get(f"/api/v1/namespaces/{render.SECURITY}/serviceaccounts/default") or {"metadata": {}}

    assert FIELD_MANAGER in {field["manager"] for field in account["metadata"].get("managedFields", [])}


def test_pods_have_the_volumes_that_their_set_claims(rendered: Rendered, api: ClusterApi) -> None:
    workload = deployment(volumeMounts=[{"name": "data", "mountPath": "/data"}])
    claim = {
        "metadata": {"name": "data", "labels": LABELS},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    spec = {**workload["spec"], "serviceName": "gear", "volumeClaimTemplates": [claim]}
    assert problems(rendered(good=[{**workload, "kind": "StatefulSet", "spec": spec}]), api) == {"good-1.0.0": {}}


@pytest.mark.parametrize(
    ("wrong", "judge", "text"),
    [
        (deployment(resources=None), "limits", "has no requests.cpu, requests.memory, limits.cpu, limits.memory"),
        (deployment(image="registry.example/gear:latest"), "images", "has the moving tag latest"),
        (deployment(image="registry.example/gear"), "images", "registry.example/gear"),
        (deployment(labels={}), "cost-center", "metadata.labels has no cost-center"),
        (deployment(securityContext={"privileged": True}), render.SECURITY, "privileged"),
        (deployment(namespace="nowhere"), render.REFUSED, "no namespace nowhere"),
        (deployment(ports=[{"containerPort": 0}]), render.REFUSED, "ports[0].containerPort"),
        (gear(12), render.REFUSED, "Gear/default/gear: the cluster does not serve render.example/v2 Gear"),
    ],
    ids=["no-limits", "latest", "no-tag", "no-label", "privileged", "no-namespace", "no-port", "no-kind"],
)
def test_each_fault_is_reported_with_its_chart(
    rendered: Rendered, api: ClusterApi, wrong: dict[str, Any], judge: str, text: str
) -> None:
    if wrong["kind"] == "Gear":
        wrong = {**wrong, "apiVersion": "render.example/v2"}
    found = problems(rendered(bad=[wrong], good=[deployment()]), api)

    assert found["good-1.0.0"] == {}
    assert set(found["bad-1.0.0"]) == {judge}
    assert all(text in problem for problem in found["bad-1.0.0"][judge])


@pytest.mark.parametrize(
    ("annotations", "labels", "text"),
    [
        ({IDENTITY: "client"}, {}, "lack the label azure.workload.identity/use"),
        ({}, {"azure.workload.identity/use": "true"}, "its account gear has no azure.workload.identity/client-id"),
        ({IDENTITY: "client"}, {"azure.workload.identity/use": "true"}, None),
        ({}, {}, None),
    ],
    ids=["no-label", "no-annotation", "identity", "none"],
)
def test_pods_and_their_account_agree_on_the_identity(
    rendered: Rendered, api: ClusterApi, annotations: Mapping[str, str], labels: Mapping[str, str], text: str | None
) -> None:
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "gear", "namespace": "default", "labels": LABELS, "annotations": annotations},
    }
    workload = deployment()
    template = workload["spec"]["template"]
    template["metadata"]["labels"] |= labels
    template["spec"]["serviceAccountName"] = "gear"

    found = problems(rendered(chart=[account, workload]), api)["chart-1.0.0"]

    assert set(found) == ({render.IDENTITY} if text else set())
    assert text is None or text in found[render.IDENTITY][0]


def test_an_object_that_its_charts_own_definition_refuses_is_reported(rendered: Rendered, api: ClusterApi) -> None:
    found = problems(rendered(bad=[DEFINITION, gear("twelve")]), api)["bad-1.0.0"]
    assert set(found) == {render.REFUSED}
    assert "spec.teeth" in found[render.REFUSED][0]


def test_what_is_not_restricted_is_counted_where_it_need_not_be(rendered: Rendered, api: ClusterApi) -> None:
    plan = rendered(node=[deployment(namespace="kube-public", securityContext={"privileged": True})])
    (figures,) = render.judge(plan, [], api, {"kube-public"}).values()
    assert figures.excepted == 1
    assert not figures.problems[render.SECURITY]


def test_what_is_another_at_each_rendering_is_named_but_not_shown(rendered: Rendered, api: ClusterApi) -> None:
    secret = (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: key, namespace: default, labels: {cost-center: cc-platform}}\n"
        "data: {key: {{ randAlphaNum 32 | b64enc }}, name: Zml4ZWQ=}\n"
    )
    assert problems(rendered(bad=[secret], good=[deployment()]), api) == {
        "bad-1.0.0": {render.CHANGING: ["Secret/default/key: data.key is another at each rendering"]},
        "good-1.0.0": {},
    }


def test_patches_are_not_judged_and_underscores_become_dashes(tmp_path: Path) -> None:
    token = "kubernetes:core/v1:ServiceAccountPatch"
    patch = {"kind": "ServiceAccount", "apiVersion": "v1", "metadata": {"name": "default"}}
    definition = {**DEFINITION, "spec": {"x_kubernetes_validations": [], "absent": None}}
    kind = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
    log = tmp_path / "events.json"
    lines = [step(token, token, "default", patch), step(kind, kind, "gears", definition)]
    log.write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    assert [found["spec"] for found in event_log.read(log, {}).objects.values()] == [{"x-kubernetes-validations": []}]


def test_what_only_one_rendering_has_is_named(rendered: Rendered) -> None:
    plan = rendered(bad=["kind: Gear\napiVersion: v1\nmetadata: {name: gear-{{ randNumeric 9 }}, labels: {}}\n"])
    texts = [text for _, text in changes(plan.renderings(), Capabilities())]
    assert len(texts) == 2
    assert all(text.endswith(": the object is another at each rendering") for text in texts)


def test_a_chart_is_rendered_with_what_the_cluster_serves(rendered: Rendered, api: ClusterApi) -> None:
    assert {"v1", "v1/Pod", "apps/v1", "apps/v1/Deployment"} <= set(api.served())
    template = (
        "kind: Gear\napiVersion: v1\nmetadata: {name: {{ .Capabilities.KubeVersion.Version }}, labels: {}}\n"
        '{{- if .Capabilities.APIVersions.Has "apps/v1/Deployment" }}\nspec: {{ randNumeric 9 }}\n{{- end }}\n'
    )
    plan = rendered(bad=[template])
    expected = [("bad-1.0.0", f"Gear/{api.version()}: spec is another at each rendering")]
    assert list(changes(plan.renderings(), Capabilities(api.version(), api.served()))) == expected
