"""A third-party chart as the platform runs it.

Source: TGT-6, CLU-9, POL-2, POL-4.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.base.environment import Environment
from components.base.namespace import Namespace
from components.charts import Patch, chart_reference, conform, without_user_ids

_CHART = "kubernetes:helm.sh/v4:Chart"
_DEFINITION = "CustomResourceDefinition"
# the chart's own stay: selectors count on name and instance
_OWN_LABELS = frozenset({"app.kubernetes.io/part-of", "cost-center", "environment"})


@dataclass(frozen=True)
class PlatformChartArgs:
    """What a chart needs.

    Args:
        environment: the stack that it is part of.
        chart: its name in the bill of materials.
        namespace: where it is installed.
        values: what it is rendered with.
        component: its part in the platform, for labels and cost reports.
        release: name of the release, from which charts derive the names of their objects; the chart's where None.
        after: gates to wait for, beside the namespace's and the environment's ``monitors``.
        destinations: names of what its pods may call (see ``components/base/destinations.yaml``).
        pod_labels: further labels of all of its pods.
        patches: changes of rendered objects that no value can make.
        skip_crds: leave out the definitions in the chart's ``crds`` folder: another chart owns their API groups.
    """

    environment: Environment
    chart: str
    namespace: Namespace
    values: Mapping[str, Any]
    component: str
    release: str | None = None
    after: Sequence[pulumi.Resource] = ()
    destinations: Sequence[str] = ()
    pod_labels: Mapping[str, str] = field(default_factory=dict[str, str])
    patches: Sequence[Patch] = ()
    skip_crds: bool = False

    @property
    def labels_of_pods(self) -> Mapping[str, str]:
        """What all of its pods carry beside the chart's own labels and those of the stack."""
        return {**self.environment.client_labels(*self.destinations), **self.pod_labels}


class PlatformChart(pulumi.ComponentResource):
    """A chart of the bill of materials, with the platform's labels on every object and every pod.

    Its objects are resources of their own, so that previews show and policies judge them. Definitions
    (CustomResourceDefinition) stay in the cluster when the chart goes: with them would go every object of their kinds.

    Args:
        name: logical name.
        args: which chart, and its values.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: every object of the chart stands.

    Raises:
        ChartError: the bill of materials has no such chart; nothing of it is registered.

    Source: TGT-6, CLU-9, POL-2.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: PlatformChartArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        self._args, reference = args, chart_reference(args.chart)
        transforms = pulumi.ResourceOptions(transforms=[self._transform])
        super().__init__(
            "biz-automation:base:PlatformChart", name, None, pulumi.ResourceOptions.merge(opts, transforms)
        )
        mirror = args.environment.chart_mirror
        self._labels = args.environment.ownership.labels(args.chart, component=args.component)
        self.ready = kubernetes.helm.v4.Chart(
            name,
            name=args.release or args.chart,
            chart=str(mirror.archive(args.chart)) if mirror else reference.locator(args.chart),
            version=None if mirror else reference.version,
            repository_opts=None if mirror or reference.is_oci else {"repo": reference.repository},
            namespace=args.namespace.name,
            skip_crds=args.skip_crds,
            values=args.values,
            opts=pulumi.ResourceOptions(parent=self, depends_on=self._gates()),
        )
        self.register_outputs({})

    def _gates(self) -> list[pulumi.Resource]:
        """What it waits for; nearly every chart has a monitor, so each waits until the cluster knows them."""
        monitors = self._args.environment.monitors
        return [self._args.namespace.ready, *([monitors] if monitors else []), *self._args.after]

    def _transform(self, resource: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if resource.type_ == _CHART or not resource.type_.startswith("kubernetes:"):
            return None
        props = conform(
            resource.props,
            {key: value for key, value in self._labels.items() if key in _OWN_LABELS},
            self._args.labels_of_pods,
            self._args.patches,
        )
        if self._args.environment.assigns_user_ids:
            props = without_user_ids(props)
        if props.get("kind") == _DEFINITION:
            resource.opts.retain_on_delete = True
        elif props["metadata"].get("namespace") == self._args.namespace.name:
            resource.opts.deleted_with = self._args.namespace.resource
        return pulumi.ResourceTransformResult(props, resource.opts)
