"""Renders Helm charts with the helm program, as the vendor's provider does with the library."""

import asyncio
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pulumi

from sandbox.environment import write_private
from sandbox.providers.stand_in import StandInError

# names a folder in which the provider notes what it renders: the engine's log says nothing of a component's inputs
NOTES: Final = "SANDBOX_RENDERINGS"
_PROGRAM: Final = "helm"


@dataclass(frozen=True)
class Capabilities:
    """What a chart may ask of the cluster.

    Attributes:
        version: of Kubernetes; helm's own default where None.
        served: group versions, and kinds in the form ``apps/v1/Deployment``.
        kubeconfig: by which ``lookup`` finds existing objects; it finds none where None.
    """

    version: str | None = None
    served: Sequence[str] = ()
    kubeconfig: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Rendering:
    """What to render.

    Attributes:
        release: name of the release.
        chart: directory or archive of the chart.
        namespace: of the release.
        values: what the chart is to be rendered with, on top of the values files.
        values_files: assets with YAML.
        skip_definitions: leave out the CustomResourceDefinitions in the chart's ``crds`` folder.
    """

    release: str
    chart: str
    namespace: str
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    values_files: Sequence[pulumi.Asset] = ()
    skip_definitions: bool = False


async def render(rendering: Rendering, capabilities: Capabilities) -> str:
    """Return the manifests of a chart, without its hooks.

    Raises:
        StandInError: helm is missing or cannot render the chart.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = _command(rendering, capabilities, Path(folder))
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
            )
        except FileNotFoundError as error:
            raise StandInError("helm is not on PATH; work inside `make shell`, or install it.") from error
        output, complaint = await process.communicate()
    if process.returncode:
        reason = complaint.decode(errors="replace").strip().removeprefix("Error: ")
        raise StandInError(f"helm cannot render the chart {rendering.chart}: {reason}")
    return output.decode()


def note(name: str, rendering: Rendering) -> None:
    """Write down what a chart is rendered with, but for its values files, where `SANDBOX_RENDERINGS` names a folder.

    Args:
        name: what the program calls the chart.
        rendering: the chart and its values.
    """
    folder = os.environ.get(NOTES)
    if folder:
        fields = {key: value for key, value in vars(rendering).items() if key != "values_files"}
        write_private(Path(folder) / f"{name}.json", json.dumps(fields))


def noted(folder: Path) -> dict[str, Rendering]:
    """What was noted in a folder, by what the program calls each chart."""
    return {path.stem: Rendering(**json.loads(path.read_text())) for path in folder.glob("*.json")}


def _command(rendering: Rendering, capabilities: Capabilities, folder: Path) -> list[str]:
    command = [
        _PROGRAM,
        "template",
        rendering.release,
        rendering.chart,
        "--namespace",
        rendering.namespace,
        "--no-hooks",
    ]
    if not rendering.skip_definitions:
        command.append("--include-crds")
    for number, asset in enumerate(rendering.values_files):
        command += ["--values", _values_file(asset, folder / f"values-{number}.yaml")]
    values = folder / "values.json"
    values.write_text(json.dumps(rendering.values))
    command += ["--values", str(values)]
    if capabilities.version:
        command += ["--kube-version", capabilities.version]
    if capabilities.served:
        command += ["--api-versions", ",".join(capabilities.served)]
    if capabilities.kubeconfig:
        kubeconfig = folder / "kubeconfig"
        kubeconfig.write_text(json.dumps(capabilities.kubeconfig))
        command += ["--dry-run=server", "--kubeconfig", str(kubeconfig)]
    return command


def _values_file(asset: pulumi.Asset, path: Path) -> str:
    if isinstance(asset, pulumi.FileAsset):
        return str(asset.path)
    if isinstance(asset, pulumi.StringAsset):
        path.write_text(asset.text)
        return str(path)
    raise StandInError("valueYamlFiles has an asset that is neither a file nor a text; the sandbox reads no others.")
