"""Manifests are read as Kubernetes tools read them, and ordered by what needs what; charts are rendered by helm."""

import asyncio
from pathlib import Path
from typing import Any

import pulumi
import pytest

from sandbox import toolchain
from sandbox.providers.kubernetes import helm, manifests
from sandbox.providers.kubernetes.helm import Capabilities, Rendering
from sandbox.providers.kubernetes.manifests import Identity
from sandbox.providers.stand_in import StandInError

NAMED = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}


def test_yaml_is_read_as_kubernetes_reads_it() -> None:
    text = """
# an empty document is skipped
---
apiVersion: v1
kind: ConfigMapList
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {day: 2024-01-01, equals: =, 80: port, true: yes}}
- apiVersion: v1
  kind: List
  items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}]
---
"""
    first, second = manifests.parse(text, "test")
    assert first["data"] == {"day": "2024-01-01", "equals": "=", "80": "port", "true": True}
    assert second["metadata"]["name"] == "b"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "test is no YAML"),
        ("kind: ConfigMap", "object without apiVersion and metadata.name"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: x}", "object without metadata.name"),
        ("- 1", "object without apiVersion and kind and metadata.name"),
    ],
)
def test_manifests_that_are_none_are_named(text: str, message: str) -> None:
    with pytest.raises(StandInError, match=message):
        manifests.parse(text, "test")


def test_files_are_read_by_pattern(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.yaml").write_text(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n")
    found = manifests.read([f"{tmp_path}/*.yaml"])
    assert [one["metadata"]["name"] for one in found] == ["a", "b"]
    with pytest.raises(StandInError, match=r"c\.yaml cannot be read"):
        manifests.read([f"{tmp_path}/c.yaml"])
    with pytest.raises(StandInError, match="no manifests from the network"):
        manifests.read(["https://example.com/a.yaml"])


def test_objects_come_after_what_they_need() -> None:
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {"group": "example.com", "names": {"kind": "Widget"}},
    }
    needing = {
        "name": "w",
        "namespace": "n",
        "annotations": {"config.kubernetes.io/depends-on": "/namespaces/n/ConfigMap/c"},
    }
    widget = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": needing}
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "n"}}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}
    ordered = manifests.dependencies([widget, settings, definition, namespace])
    keys = [manifests.identity(one) for one in (widget, settings, definition, namespace)]
    widget_key, settings_key, definition_key, namespace_key = keys
    assert set(ordered[widget_key]) == {namespace_key, settings_key, definition_key}
    assert ordered[settings_key] == [namespace_key]
    places = {key: place for place, key in enumerate(ordered)}
    assert all(places[other] < places[key] for key, needed in ordered.items() for other in needed)


def test_a_circle_is_named() -> None:
    def needing(name: str, other: str) -> dict[str, Any]:
        annotations = {"config.kubernetes.io/depends-on": f"/ConfigMap/{other}"}
        return {**NAMED, "metadata": {"name": name, "annotations": annotations}}

    with pytest.raises(StandInError, match="circle: ConfigMap a, ConfigMap b"):
        manifests.dependencies([needing("a", "b"), needing("b", "a")])


def test_a_group_is_part_of_what_tells_objects_apart() -> None:
    apps = manifests.identity({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}})
    assert apps == Identity("apps", "Deployment", "", "a")
    assert manifests.identity(NAMED).group == ""


@pytest.fixture
def chart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A chart with a definition, a hook, and a template that tells what it was rendered with."""
    program = toolchain.provide(["helm"])["helm"]
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    folder = tmp_path / "chart"
    (folder / "templates").mkdir(parents=True)
    (folder / "crds").mkdir()
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: gear\nversion: 1.2.3\n")
    (folder / "values.yaml").write_text("colour: red\nsize: 1\nshape: round\n")
    (folder / "crds" / "gears.yaml").write_text("kind: CustomResourceDefinition\n")
    hook = "kind: Job\nmetadata: {annotations: {helm.sh/hook: pre-install}}\n"
    (folder / "templates" / "hook.yaml").write_text(hook)
    (folder / "templates" / "told.yaml").write_text(
        "told: {{ .Release.Name }} {{ .Release.Namespace }} {{ .Values.colour }} {{ .Values.size }} {{ .Values.shape }}"
        ' {{ .Capabilities.KubeVersion.Version }} {{ .Capabilities.APIVersions.Has "x.example.com/v1/X" }}\n'
    )
    return folder


@pytest.mark.sandbox
def test_a_chart_is_rendered_with_values_and_capabilities(chart: Path) -> None:
    rendering = Rendering(
        release="web",
        chart=str(chart),
        namespace="front",
        values={"colour": "blue"},
        values_files=[pulumi.StringAsset("colour: green\nsize: 2\n")],
    )
    rendered = asyncio.run(helm.render(rendering, Capabilities("v1.37.2", ["x.example.com/v1/X"])))
    assert "told: web front blue 2 round v1.37.2 true" in rendered
    assert "CustomResourceDefinition" in rendered
    assert "Job" not in rendered
    without = Rendering("web", str(chart), "front", skip_definitions=True)
    assert "CustomResourceDefinition" not in asyncio.run(helm.render(without, Capabilities()))


@pytest.mark.sandbox
def test_a_chart_that_cannot_be_rendered_is_named(chart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (chart / "templates" / "broken.yaml").write_text("{{ fail `the colour is missing` }}")
    with pytest.raises(StandInError, match=r"helm cannot render the chart .*the colour is missing"):
        asyncio.run(helm.render(Rendering("web", str(chart), "front"), Capabilities()))
    monkeypatch.setenv("PATH", str(chart))
    with pytest.raises(StandInError, match="helm is not on PATH"):
        asyncio.run(helm.render(Rendering("web", str(chart), "front"), Capabilities()))
