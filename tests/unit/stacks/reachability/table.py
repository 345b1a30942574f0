"""The table of who may reach whom, and the pods that it speaks of."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from components.charts import conform, pod_template
from tests.unit.platform import Deployment
from tests.unit.stacks.reachability.cyclonus import Attempt, Peer

HERE = Path(__file__).parent
STACKS = ("dev", "prod")
# of pods: in the cluster's network, and in none that a policy names
POD_ADDRESS = "10.10.3.3"


class Pod(BaseModel):
    """One row of pods.yaml; its head says what each field means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    object: str | Mapping[str, str] = ""
    chart: str = ""
    path: str = ""
    namespace: str = ""
    address: str = ""
    account: str = ""
    labels: Mapping[str, str] = Field(default_factory=dict[str, str])

    def peer(self, platform: Deployment) -> Peer:
        """As it is in a platform.

        Raises:
            KeyError: the platform has no such object or chart.
        """
        if self.address:
            return Peer(self.address)
        if self.chart:
            return self._of_chart(platform)
        if self.object:
            return self._of_object(platform)
        return Peer(POD_ADDRESS, self.namespace, self.labels)

    def _of_chart(self, platform: Deployment) -> Peer:
        args = {args.chart: args for args in platform.charts.values()}[self.chart]
        labels = {**(_at(args.values, self.path) if self.path else {}), **self.labels}
        rendered = {"kind": "Deployment", "metadata": {}, "spec": {"template": {"metadata": {"labels": labels}}}}
        template = pod_template(conform(rendered, {}, args.labels_of_pods))
        assert template is not None
        return Peer(POD_ADDRESS, args.namespace.name, template["metadata"]["labels"])

    def _of_object(self, platform: Deployment) -> Peer:
        reference = self.object if isinstance(self.object, str) else self.object[platform.settings.profile]
        kind, namespace, name = reference.split("/")
        found = _at(platform.of_kind(kind)[f"{namespace}/{name}"], self.path or "spec.template.metadata.labels")
        return Peer(POD_ADDRESS, namespace, {**found, **self.labels})


@dataclass(frozen=True)
class Row:
    """One line of reachability.yaml."""

    rule: str
    source: str
    target: str
    port: int
    protocol: str
    allowed: bool
    stacks: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.source} {'->' if self.allowed else '-x'} {self.target}:{self.port}/{self.protocol}"

    def attempt(self, pods: Mapping[str, Pod], platform: Deployment) -> Attempt:
        """As it would be made in a platform."""
        source, target = (pods[name].peer(platform) for name in (self.source, self.target))
        return Attempt(source, target, self.port, self.protocol)


_Line = Annotated[tuple[str | int, ...], Field(min_length=3, max_length=4)]


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid")

    allowed: tuple[_Line, ...] = ()
    refused: tuple[_Line, ...] = ()


def pods() -> Mapping[str, Pod]:
    """Return the pods and addresses by name."""
    return TypeAdapter(dict[str, Pod]).validate_python(_read("pods.yaml"))


def rows() -> list[Row]:
    """Return every line of the table."""
    groups = TypeAdapter(dict[str, _Group]).validate_python(_read("reachability.yaml"))
    return [
        _row(rule, line, allowed=allowed)
        for rule, group in groups.items()
        for lines, allowed in ((group.allowed, True), (group.refused, False))
        for line in lines
    ]


def _row(rule: str, line: tuple[str | int, ...], *, allowed: bool) -> Row:
    source, target, port, *stacks = map(str, line)
    number, _, protocol = port.partition("/")
    return Row(rule, source, target, int(number), protocol or "TCP", allowed, tuple(stacks) or STACKS)


def _read(name: str) -> Any:
    return yaml.safe_load((HERE / name).read_text(encoding="utf-8"))


def _at(value: Any, path: str) -> Any:
    for step in path.split("."):
        value = value[int(step) if step.isdigit() else step]
    return value
