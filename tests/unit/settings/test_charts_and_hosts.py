"""What the charts and the host names have against a stack is told before anything is registered, all of it at once.

Source: CFG-1, CLU-9, POL-4, NET-5.
"""

from pathlib import Path

import pytest

from components.charts import bill_of_materials, charts_of
from stacks.settings import SettingsError
from stacks.settings.rules import charts, hosts
from tests.unit.settings.configuration import Values, as_handed_over, load_from, patch, stack_values

ROW = """\
{name}:
  repository: https://charts.example
  version: "1.0.0"
  appVersion: "1.0.0"
  license: Apache-2.0
  component: {component}
  crdGroups: [{group}]
"""
ISSUER = (
    'biz-automation:singleSignOn.issuerUrl: "https://auth.dev.automation.example.com" is not allowed: '
    "components.oauth2Proxy publishes this host; allowed: an address outside the platform"
)
TWO_OWNERS = (
    "biz-automation:charts: charts.yaml: the API group a.example has 2 owners: first, second; leave it with one chart"
)


def refusal(values: Values) -> list[str]:
    """The problems of these settings."""
    with pytest.raises(SettingsError) as refused:
        load_from(as_handed_over(values), "dev")
    return list(refused.value.problems)


def use_bill(monkeypatch: pytest.MonkeyPatch, directory: Path, *rows: str) -> None:
    """Judge by a bill of materials of these rows."""
    path = directory / "charts.yaml"
    path.write_text("".join(rows), encoding="utf-8")
    monkeypatch.setattr(charts, "bill_of_materials", lambda: bill_of_materials(path))


def test_a_mirror_without_archives_is_told_chart_by_chart(tmp_path: Path) -> None:
    values = patch(stack_values("dev"), {"charts": {"mirror": str(tmp_path)}}, [])
    on = [switch for switch, is_on in values["components"].items() if is_on]

    problems = refusal(values)

    assert [line.split(" ")[1].rpartition("/")[2] for line in problems] == [
        f"{name}-{bill_of_materials()[name].version}.tgz" for name in charts_of(on)
    ]
    assert problems[0] == (
        f"biz-automation:charts.mirror: {tmp_path}/prometheus-operator-crds-31.0.1.tgz is missing; run `make charts`, "
        "or copy the archive there"
    )


def test_two_owners_of_one_group_are_told_before_anything_is_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rows = (ROW.format(name=name, component="kafka", group="a.example") for name in ("first", "second"))
    use_bill(monkeypatch, tmp_path, *rows)

    assert refusal(stack_values("dev")) == [TWO_OWNERS]


def test_a_chart_of_a_component_that_nobody_can_switch_on_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_bill(monkeypatch, tmp_path, ROW.format(name="first", component="kafak", group="a.example"))

    assert refusal(stack_values("dev")) == [
        "biz-automation:charts: charts.yaml: first.component: no switch is called kafak"
    ]


def test_two_components_that_publish_one_host_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "component_hosts", lambda: {"kestra": ["flows"], "airflow": ["flows"]})

    (problem,) = refusal(stack_values("dev"))

    assert problem == (
        'biz-automation:components.airflow: "true" is not allowed: components.kestra publishes '
        "flows.dev.automation.example.com as well; allowed: false"
    )


def test_everything_that_is_wrong_is_told_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rows = (ROW.format(name=name, component="kafka", group="a.example") for name in ("first", "second"))
    use_bill(monkeypatch, tmp_path, *rows)
    change = {
        "components.certManager": False,
        "singleSignOn.issuerUrl": "https://auth.dev.automation.example.com",
        "charts": {"mirror": str(tmp_path)},
    }

    problems = refusal(patch(stack_values("dev"), change, []))

    missing = [line for line in problems if line.startswith("biz-automation:charts.mirror: ")]
    assert len(missing) > 20
    assert [line for line in problems if line not in missing] == [problems[0], ISSUER, TWO_OWNERS]
    assert problems[0].startswith("biz-automation:components.certManager: false is not allowed: needed by components.")
