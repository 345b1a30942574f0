"""Each component with what it needs and nothing else, in a first preview: it works, and leaves no trace of the rest.

Source: ARCH-12, ARCH-14, CFG-7, TGT-6.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from components.charts import bill_of_materials
from stacks.settings import ComponentSettings, Settings
from stacks.settings.loading import parse
from stacks.settings.reference_tables import component_needs
from tests.unit.platform import Deployment, deploy
from tests.unit.recording import RecordingEngine
from tests.unit.settings.configuration import stack_values

SWITCHES = tuple(field.alias or name for name, field in ComponentSettings.model_fields.items())
# what every stack has, whatever it runs
BASE = frozenset(
    f"base:{name}"
    for name in ("Access", "Destinations", "IntegrationIsolation", "Namespace", "PriorityClasses", "StorageClasses")
)
BASE_OUTPUTS = frozenset({"clusterName", "namespaces", "objectStoreEndpoint"})
# an engine's metrics need something that reads them
PROCESS_METRICS, METRICS_READER = "workflows:ProcessMetrics", "prometheus"
INTEGRATIONS = {
    "uipath": {"orchestratorUrl": "https://orchestrator.example.org"},
    "servicenow": {"instanceUrl": "https://servicenow.example.org"},
}
# Kubernetes' own API groups
KUBERNETES_GROUPS = frozenset(
    {
        *("", "apps", "autoscaling", "batch", "policy"),
        *("admissionregistration.k8s.io", "apiextensions.k8s.io", "networking.k8s.io"),
        *("rbac.authorization.k8s.io", "scheduling.k8s.io", "storage.k8s.io"),
    }
)
ADDRESS = re.compile(r"\b([a-z0-9-]+)\.([a-z0-9-]+)\.svc\b")


@dataclass(frozen=True)
class Made:
    """What a component makes: a row of ``components.yaml``."""

    classes: tuple[str, ...]
    outputs: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    dev: tuple[str, ...] = ()
    prod: tuple[str, ...] = ()

    def classes_in(self, stack: str) -> set[str]:
        return {*self.classes, *(self.dev if stack == "dev" else self.prod)}


MADE = {
    switch: Made(**{key: tuple(values) for key, values in row.items()})
    for switch, row in yaml.safe_load(Path(__file__).with_name("components.yaml").read_text(encoding="utf-8")).items()
}


def with_needs(switches: Iterable[str]) -> set[str]:
    """The components, what they need, and what that needs."""
    found: set[str] = set()
    wanted = list(switches)
    while wanted:
        switch = wanted.pop()
        if switch not in found:
            found.add(switch)
            wanted += component_needs().get(switch, [])
    return found


def settings_with(stack: str, on: set[str]) -> Settings:
    """A committed stack's settings with exactly these components on; what is off has no settings either."""
    values = {key: value for key, value in stack_values(stack).items() if key not in INTEGRATIONS}
    values["components"] = {switch: switch in on for switch in SWITCHES}
    settings, problems = parse(values | {key: INTEGRATIONS[key] for key in INTEGRATIONS if key in on}, stack)
    assert settings is not None, problems
    return settings


def owners(platform: Deployment) -> set[str]:
    """Classes, with their folder, of the components at the top that have an object in the cluster."""
    return {platform.top(item) for item in platform.objects}


def expected_owners(stack: str, on: set[str]) -> set[str]:
    """Classes of the components that these switches make."""
    made = set(BASE).union(*(MADE[switch].classes_in(stack) for switch in on))
    has_metrics = METRICS_READER in on and {"camunda", "flowable"} & on
    return made | ({PROCESS_METRICS} if has_metrics else set())


def undefined_groups(platform: Deployment, on: set[str]) -> set[str]:
    """API groups of custom resources whose definitions nothing in the stack brings."""
    defined = {group for chart in bill_of_materials().values() if chart.component in on for group in chart.crd_groups}
    defined |= {item["spec"]["group"] for item in platform.of_kind("CustomResourceDefinition").values()}
    groups = {item.inputs.get("apiVersion", "").rpartition("/")[0] for item in platform.objects}
    return groups - KUBERNETES_GROUPS - defined


def dead_addresses(platform: Deployment, on: set[str]) -> set[str]:
    """Services that an object names by their address in the cluster and that nothing in the stack makes."""
    made = set(platform.of_kind("Service")).union(*(MADE[switch].services for switch in on))
    text = json.dumps([item.inputs for item in platform.objects], default=str)
    return {f"{namespace}/{name}" for name, namespace in ADDRESS.findall(text)} - made


@pytest.mark.parametrize("stack", ["dev", "prod"])
@pytest.mark.parametrize("switch", SWITCHES)
def test_a_component_runs_with_what_it_needs_and_nothing_else(engine: RecordingEngine, switch: str, stack: str) -> None:
    on = with_needs([switch])
    engine.stack, engine.preview = stack, True

    platform = deploy(engine, settings_with(stack, on))

    assert owners(platform) == expected_owners(stack, on)
    assert set(platform.outputs) == BASE_OUTPUTS.union(*(MADE[name].outputs for name in on))
    assert undefined_groups(platform, on) == set()
    assert dead_addresses(platform, on) == set()


def test_every_component_has_a_row() -> None:
    assert set(MADE) == set(SWITCHES)
