"""Grafana's datasources as data, and the ConfigMaps that its sidecar reads them from.

Source: OBS-DASH-2.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import yaml

from components.base import Environment, SecretKey
from components.observability.pods import COMPONENT, NAMESPACE
from components.tables import read_table

DATASOURCES = Path(__file__).with_name("datasources.yaml")
# the sidecar takes ConfigMaps with this label
LABEL = {"grafana_datasource": "1"}


@dataclass(frozen=True)
class Datasource:
    """One row of the table; its head says what each field means."""

    name: str
    component: str
    datasource: Mapping[str, Any]
    credentials: Mapping[str, SecretKey]
    authorities: Mapping[str, str]


@cache
def _table() -> Sequence[Datasource]:
    rows = read_table(DATASOURCES)
    return [
        Datasource(
            name,
            row["component"],
            row["datasource"],
            {variable: SecretKey(**key) for variable, key in row.get("credentials", {}).items()},
            row.get("authorities", {}),
        )
        for name, row in rows.items()
    ]


def datasources_of(components: Collection[str]) -> Sequence[Datasource]:
    """The datasources that a stack has.

    Args:
        components: switches that are on.
    """
    return [row for row in _table() if row.component in components]


def datasource_config_map(
    row: Datasource, environment: Environment, opts: pulumi.ResourceOptions
) -> kubernetes.core.v1.ConfigMap:
    """The ConfigMap of a datasource.

    Args:
        row: of the table.
        environment: the stack that it is part of.
        opts: parent and gates.
    """
    name = f"grafana-datasource-{row.name}"
    provisioned = {"apiVersion": 1, "datasources": [{"access": "proxy", "editable": False, **row.datasource}]}
    return kubernetes.core.v1.ConfigMap(
        name,
        metadata={
            "name": name,
            "namespace": NAMESPACE,
            "labels": {**environment.labels(name, COMPONENT), **LABEL},
        },
        data={f"{row.name}.yaml": yaml.safe_dump(provisioned, sort_keys=False)},
        opts=opts,
    )
