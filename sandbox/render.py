"""Renders every chart of a stack with the stack's values, and has the API server judge every object: `make render`.

The engine itself renders, in a preview with the policy pack on; so the objects are exactly those of a deployment,
with the platform's labels, and the pack has judged them. Then each goes to an API server as a dry run: objects as they
are, and the pods of each workload to a namespace with its Pod Security level, where admission counts what it breaks.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from components.charts import containers, pod_template
from policies.rules.inspection import image_reference
from sandbox.cluster_api import ClusterApi
from sandbox.crds import COLLECTION
from sandbox.errors import SandboxError

_BOUNDS: Final = [(where, what) for where in ("requests", "limits") for what in ("cpu", "memory")]
_LEVEL: Final = "restricted"
_REFERENCES: Final = frozenset({"serviceAccountName", "serviceAccount", "priorityClassName"})
Manifest = dict[str, Any]


@dataclass
class Figures:
    """What was found in the objects of one chart, or of the program itself."""

    objects: int = 0
    containers: int = 0
    unbounded: list[str] = field(default_factory=list[str])
    floating: list[str] = field(default_factory=list[str])
    unlabelled: list[str] = field(default_factory=list[str])
    insecure: list[str] = field(default_factory=list[str])
    refused: list[str] = field(default_factory=list[str])

    @property
    def problems(self) -> list[str]:
        """Everything that is not as it must be."""
        return [*self.unbounded, *self.floating, *self.unlabelled, *self.insecure, *self.refused]


def planned_objects(events: Path) -> Iterator[tuple[str, Manifest]]:
    """The Kubernetes objects of a preview's event log, each with the chart that it comes from (empty: no chart)."""
    for line in events.read_text().splitlines():
        planned = json.loads(line).get("resourcePreEvent")
        metadata: Manifest = planned["metadata"] if planned else {}
        inputs = (metadata.get("new") or {}).get("inputs") or {}
        if not str(metadata.get("type")).startswith("kubernetes:") or "kind" not in inputs:
            continue
        logical_name = metadata["urn"].rpartition("::")[2]
        chart = logical_name.partition(":")[0] if "helm.sh/v4:Chart$" in metadata["urn"] else ""
        yield chart, cast("Manifest", inputs)


def judge(
    objects: Sequence[tuple[str, Manifest]], api: ClusterApi, exceptions: Mapping[str, str]
) -> Mapping[str, Figures]:
    """Judge objects one by one.

    Args:
        objects: chart and manifest.
        api: of a cluster that may be filled with namespaces and definitions.
        exceptions: namespaces whose pods need not be restricted, and why.

    Returns:
        Figures by chart.
    """
    _prepare([manifest for _, manifest in objects], api)
    figures: dict[str, Figures] = {}
    for chart, manifest in objects:
        found = figures.setdefault(chart or "(the program's own)", Figures())
        found.objects += 1
        name = _name(manifest)
        if "cost-center" not in (manifest["metadata"].get("labels") or {}):
            found.unlabelled.append(f"{name}: no label cost-center")
        refusal = _dry_run(manifest, api)
        if refusal:
            found.refused.append(f"{name}: {refusal}")
        template = pod_template(manifest)
        if template is not None:
            _judge_pods(name, manifest, template, found)
            if manifest["metadata"].get("namespace") not in exceptions:
                found.insecure += [f"{name}: {text}" for text in _insecurities(template, api)]
    return figures


def report(figures: Mapping[str, Figures], say: Callable[[str], None]) -> int:
    """Show a table and every problem; returns how many there are."""
    say(f"\n{'chart':<32} objects containers no limit latest no label  PSS refused")
    for chart, row in sorted(figures.items()):
        counts = (row.unbounded, row.floating, row.unlabelled, row.insecure, row.refused)
        widths = (9, 7, 9, 5, 8)
        cells = "".join(f"{len(found):>{width}}" for found, width in zip(counts, widths, strict=True))
        say(f"{chart:<32}{row.objects:>8}{row.containers:>11}{cells}")
    problems = [problem for row in figures.values() for problem in row.problems]
    for problem in problems:
        say(f"  {problem}")
    return len(problems)


def _prepare(manifests: Sequence[Manifest], api: ClusterApi) -> None:
    for manifest in manifests:
        if manifest["kind"] == "CustomResourceDefinition":
            api.apply(f"{COLLECTION}/{manifest['metadata']['name']}", manifest)
    metadata = {"name": _LEVEL, "labels": {"pod-security.kubernetes.io/enforce": _LEVEL}}
    api.apply(f"/api/v1/namespaces/{_LEVEL}", {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})


def _dry_run(manifest: Manifest, api: ClusterApi) -> str | None:
    """What the API server has against an object; None where it would take it."""
    if manifest["kind"].endswith("Patch") or manifest["kind"] == "CustomResourceDefinition":
        return None
    try:
        return None if api.dry_run(manifest) else f"the cluster does not serve {manifest['apiVersion']}"
    except SandboxError as error:
        return str(error)


def _judge_pods(name: str, manifest: Manifest, template: Manifest, found: Figures) -> None:
    if "cost-center" not in (template["metadata"].get("labels") or {}):
        found.unlabelled.append(f"{name}: no label cost-center on its pods")
    for container in containers(manifest):
        found.containers += 1
        where = f"{name}, container {container['name']}"
        bounds = container.get("resources") or {}
        missing = [f"{first}.{second}" for first, second in _BOUNDS if second not in (bounds.get(first) or {})]
        if missing:
            found.unbounded.append(f"{where}: no {', '.join(missing)}")
        floating = image_reference.problem(str(container.get("image")))
        if floating:
            found.floating.append(f"{where}: {floating}")


def _insecurities(template: Manifest, api: ClusterApi) -> Iterator[str]:
    # accounts and priority classes of the platform are not in this cluster; the level does not depend on them
    spec = {key: value for key, value in template["spec"].items() if key not in _REFERENCES}
    metadata = {"name": "judged", "namespace": _LEVEL, "labels": template["metadata"].get("labels") or {}}
    pod: Manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
    try:
        api.dry_run(pod)
    except SandboxError as error:
        yield str(error).partition("violates PodSecurity")[2] or str(error)


def _name(manifest: Manifest) -> str:
    metadata = manifest["metadata"]
    return "/".join(part for part in (manifest["kind"], metadata.get("namespace"), metadata.get("name")) if part)
