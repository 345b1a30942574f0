"""Which definitions (CRDs) a stack's cluster needs before the program runs.

A chart brings its own; where the stack renders no archives, its operator is absent and the sandbox stands in for it.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from components.tables import read_table
from sandbox.cluster_api import ClusterApi
from sandbox.crds import COLLECTION, PROVIDED, CustomKind, apply_crds
from sandbox.stack_files import NAMESPACE, cloud_of, configuration

if TYPE_CHECKING:
    from components.charts import ChartReference

VARIABLE = "PLATFORM_CRDS"
_KINDS = Path(__file__).with_name("custom_kinds.yaml")


def provide(api: ClusterApi, project: Path, stack_file: Path, say: Callable[[str], None] = print) -> list[str]:
    """Give the cluster the definitions of every chart that the stack needs and does not render.

    Args:
        api: of the cluster.
        project: folder of the Pulumi project.
        stack_file: the stack's settings.
        say: shows one line to the user.

    Returns:
        The names of the definitions.
    """
    config = configuration(stack_file)
    if (config.get(f"{NAMESPACE}:charts") or {}).get("mirror"):
        remove(api, PROVIDED)
        return []
    charts = needed_charts(config.get(f"{NAMESPACE}:components") or {})
    if cloud_of(stack_file) == "openshift":
        # the cluster itself has them
        charts = [chart for chart in charts if "monitoring.coreos.com" not in chart.crd_groups]
    folders = [folder for chart in charts for folder in chart.crds]
    if not folders:
        return []
    groups = {group for chart in charts for group in chart.crd_groups}
    kinds = [kind for kind in used_kinds() if kind.group in groups]
    source = Path(os.environ.get(VARIABLE) or project.parent / "shared" / "crds")
    return apply_crds(api, source, folders, kinds, say)


def remove(api: ClusterApi, labels: Mapping[str, str]) -> None:
    """Remove the definitions with these labels, and with them every object of their kinds.

    Args:
        api: of a cluster that is the sandbox's own.
        labels: e.g. those of definitions that a stack keeps when it goes.
    """
    selector = ",".join(f"{name}%3D{value}" for name, value in labels.items())
    for definition in api.items(f"{COLLECTION}?labelSelector={selector}"):
        api.delete(f"{COLLECTION}/{definition['metadata']['name']}")


def needed_charts(components: Mapping[str, bool]) -> "Sequence[ChartReference]":
    """Charts of the bill of materials whose component is on."""
    # an import of the SDK, which commands without a stack need not wait for
    from components.charts import bill_of_materials, charts_of  # noqa: PLC0415

    return [bill_of_materials()[name] for name in charts_of([name for name, on in components.items() if on])]


def used_kinds() -> Sequence[CustomKind]:
    """Every custom kind that the program uses."""
    rows = cast("list[dict[str, Any]]", read_table(_KINDS))
    return [CustomKind(**row) for row in rows]
