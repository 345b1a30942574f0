"""The bill of materials: exact versions, one owner per API group. Source: TGT-6, CLU-9."""

import re
from pathlib import Path

import pytest

from components.charts import ChartError, ChartReference, bill_of_materials, chart_reference, charts_of
from stacks.settings import ComponentSettings

ROW = """\
{name}:
  repository: {repository}
  version: "1.0.0"
  appVersion: "1.0.0"
  license: Apache-2.0
  component: kafka
"""


def write(directory: Path, *rows: str) -> Path:
    """A bill of these rows."""
    path = directory / "charts.yaml"
    path.write_text("".join(rows), encoding="utf-8")
    return path


def row(name: str, further: str = "", repository: str = "https://charts.example") -> str:
    """One chart."""
    return ROW.format(name=name, repository=repository) + further


@pytest.mark.parametrize(("name", "chart"), bill_of_materials().items(), ids=list(bill_of_materials()))
def test_every_chart_is_pinned_and_belongs_to_a_switch(name: str, chart: ChartReference) -> None:
    assert re.fullmatch(r"v?\d+\.\d+\.\d+", chart.version), f"{name}: {chart.version} is no exact version"
    assert chart.component in {field.alias for field in ComponentSettings.model_fields.values()}


def test_two_owners_of_a_group_are_refused_all_at_once(tmp_path: Path) -> None:
    bill = write(
        tmp_path,
        row("first", "  crdGroups: [a.example, b.example, own.example]\n"),
        row("second", "  crdGroups: [a.example]\n"),
        row("third", "  crdGroups: [b.example, a.example]\n"),
    )
    with pytest.raises(ChartError) as refused:
        bill_of_materials(bill)

    assert str(refused.value).splitlines() == [
        "charts.yaml: the API group a.example has 3 owners: first, second, third; leave it with one chart",
        "charts.yaml: the API group b.example has 2 owners: first, third; leave it with one chart",
    ]


def test_malformed_rows_are_refused_all_at_once(tmp_path: Path) -> None:
    bill = write(
        tmp_path,
        row("first", "  digest: abc\n"),
        row("second", "  unknown: 1\n"),
        row("third", repository="http://charts.example"),
    )
    with pytest.raises(ChartError) as refused:
        bill_of_materials(bill)

    assert [problem.split(": ")[1] for problem in refused.value.problems] == [
        "first.digest",
        "second.unknown",
        "third.repository",
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cert-manger", "charts.yaml has no chart 'cert-manger'; is cert-manager meant?"),
        ("zzz", "charts.yaml has no chart 'zzz'; add a row"),
    ],
)
def test_a_chart_without_a_row_is_refused(name: str, message: str) -> None:
    with pytest.raises(ChartError) as refused:
        chart_reference(name)

    assert str(refused.value) == message


def test_a_registry_is_part_of_what_helm_calls_the_chart(tmp_path: Path) -> None:
    bill = bill_of_materials(write(tmp_path, row("one", repository="oci://registry.example/charts"), row("two")))

    assert {name: chart.locator(name) for name, chart in bill.items()} == {
        "one": "oci://registry.example/charts/one",
        "two": "two",
    }


def test_only_what_is_on_needs_its_charts() -> None:
    assert charts_of(["certManager", "reloader"]) == ["cert-manager", "reloader"]
    assert charts_of([]) == []
