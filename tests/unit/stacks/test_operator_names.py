"""Names, ports, labels and namespaces that operators rely on.

Source: CLU-7, CLU-8, CLU-18, CLU-19, NET-5, NET-9, NET-12, A-12, A-13, Annex C. DNS and outbound HTTPS of NET-9 are the
destinations that the tests of ``components/base`` judge.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.stacks.conftest import ObjectsIn
from tests.unit.stacks.references.hosts import published
from tests.unit.stacks.references.objects import CHART, Objects

Row = Mapping[str, Any]
STACKS = ("dev", "prod")
ROWS: list[Row] = yaml.safe_load(Path(__file__).with_name("operator_names.yaml").read_text(encoding="utf-8"))
CASES = [(stack, row) for stack in STACKS for row in ROWS if stack in row.get("stacks", STACKS)]


def title(value: object) -> str:
    if not isinstance(value, dict):
        return str(value)
    return "-".join(
        str(value[key]) for key in ("source", "namespace", "workload", "service", "app", "host") if key in value
    )


@pytest.mark.parametrize(("stack", "row"), CASES, ids=title)
def test_operators_find_it(stack: str, row: Row, objects_in: ObjectsIn) -> None:
    assert problem(objects_in(stack), row) is None


@pytest.mark.parametrize(
    ("row", "gone"),
    [
        ({"namespace": "workflows"}, ("Namespace", "workflows")),
        ({"workload": "Deployment workflows/camunda"}, ("Deployment", "camunda")),
        ({"service": "workflows/camunda", "port": 8080}, ("Service", "camunda")),
        ({"app": "camunda", "in": "workflows"}, ("Deployment", "camunda")),
        (
            {"app": "grafana", "in": "observability", "chart": "prometheus", "value": "grafana.podLabels.app"},
            (CHART, "prometheus"),
        ),
        ({"host": "camunda"}, ("HTTPRoute", "camunda")),
    ],
    ids=title,
)
def test_what_is_gone_is_missed(row: Row, gone: tuple[str, str], objects_in: ObjectsIn) -> None:
    objects = objects_in("dev")
    assert problem(objects, row) is None
    assert problem(objects.without(*gone), row) is not None


def test_another_port_is_missed(objects_in: ObjectsIn) -> None:
    objects = objects_in("dev").changed("Service", "camunda", "spec.ports.0.port", 80)
    assert problem(objects, {"service": "workflows/camunda", "port": 8080}) == "the ports are [80]"


def problem(objects: Objects, row: Row) -> str | None:
    """What is wrong with a row, None where all is as it says."""
    if "namespace" in row:
        return _namespace(objects, row["namespace"])
    if "workload" in row:
        kind, _, place = row["workload"].partition(" ")
        found = any(item.reference == f"{kind} {place}" for item in objects.pods)
        return None if found else f"there is no {row['workload']}"
    if "service" in row:
        return _service(objects, row["service"], row["port"])
    if "chart" in row:
        return _value(objects, row)
    if "app" in row:
        found = any((item.namespace, item.labels.get("app")) == (row["in"], row["app"]) for item in objects.pods)
        return None if found else f"no pods in {row['in']} have the label app={row['app']}"
    return None if row["host"] in published(objects) else f"no route leads from {row['host']}"


def _namespace(objects: Objects, name: str) -> str | None:
    namespace = objects.find("Namespace", "", name)
    labels = namespace["metadata"]["labels"] if namespace else {}
    return None if labels.get("name") == name else f"there is no namespace with the label name={name}"


def _service(objects: Objects, place: str, port: int) -> str | None:
    namespace, _, name = place.partition("/")
    service = objects.find("Service", namespace, name)
    if service is None:
        return f"there is no Service {place}"
    ports = [int(item["port"]) for item in service["spec"]["ports"]]
    return None if port in ports else f"the ports are {ports}"


def _value(objects: Objects, row: Row) -> str | None:
    chart = objects.find(CHART, row["in"], row["chart"])
    part: Any = chart["values"] if chart else {}
    for key in row["value"].split("."):
        part = part.get(key, {})
    return None if part == row["app"] else f"{row['value']} of {row['chart']} in {row['in']} is {part}"
