"""Prometheus, Alertmanager and Grafana: names, selectors, secrets by reference, roles.

Source: OBS-METRICS-1, OBS-ALERT-1, OBS-DASH-1.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from components.base import Environment
from components.observability import (
    EmailReceiver,
    MetricsAdapter,
    MetricsAdapterArgs,
    Prometheus,
    PrometheusArgs,
    Receivers,
    SignOn,
    datasources_of,
)
from components.observability.prometheus import name_operator_pods
from tests.unit.components.environment import NotedEdge, gate
from tests.unit.components.observability.deployments import (
    CHART,
    CONFIG_MAP,
    EXTERNAL_SECRET,
    SERVICE,
    by_name,
    deploy,
    selects,
    values,
)
from tests.unit.recording import RecordingEngine, recording

EMAIL = EmailReceiver(["ops@example.com", "data@example.com"], "alerts@example.com", "smtp.example.com", "alerts")
SIGN_ON = SignOn("biz", "https://idp/auth", "https://idp/token", "https://idp/user", "admins", "editors", "viewers")
STATEFUL = ("postgres", "elasticsearch", "loki", "tempo")


def prometheus(environment: Environment) -> Prometheus:
    """With everything on."""
    return Prometheus(
        "prometheus",
        PrometheusArgs(
            environment,
            gate("certificates"),
            "biz-dev",
            Receivers("#alerts", pagerduty=True, email=EMAIL),
            datasources_of(STATEFUL),
            SIGN_ON,
        ),
    )


def bare(environment: Environment) -> Prometheus:
    """With nothing that it can be without."""
    return Prometheus("prometheus", PrometheusArgs(environment, gate("certificates"), "biz-dev"))


@pytest.fixture(scope="module")
def full() -> Iterator[tuple[RecordingEngine, Environment]]:
    with recording() as engine:
        yield engine, deploy(engine, prometheus)


@pytest.fixture(scope="module")
def engine_of_all(full: tuple[RecordingEngine, Environment]) -> RecordingEngine:
    return full[0]


@pytest.fixture(scope="module")
def told(engine_of_all: RecordingEngine) -> dict[str, Any]:
    return values(engine_of_all, "prometheus")


def test_services_have_the_names_that_people_use(engine_of_all: RecordingEngine) -> None:
    """Source: A-12, NET-9."""
    services = by_name(engine_of_all, SERVICE)

    assert selects(services["prometheus"]) == ({"app.kubernetes.io/name": "prometheus"}, [9090])
    assert selects(services["grafana"])[0]["app.kubernetes.io/name"] == "grafana"
    assert selects(services["grafana"])[1] == [80]


def test_no_service_waits_for_pods_that_the_operator_makes(engine_of_all: RecordingEngine) -> None:
    for service in by_name(engine_of_all, SERVICE).values():
        assert service.inputs["metadata"]["annotations"]["pulumi.com/skipAwait"] == "true"


def test_pods_have_the_labels_that_operators_query(told: dict[str, Any]) -> None:
    """Source: CLU-18."""
    assert told["prometheus"]["prometheusSpec"]["podMetadata"]["labels"]["app"] == "prometheus"
    assert told["alertmanager"]["alertmanagerSpec"]["podMetadata"]["labels"]["app"] == "alertmanager"
    assert told["grafana"]["podLabels"]["app"] == "grafana"


def test_pods_of_the_operator_say_who_pays(told: dict[str, Any]) -> None:
    for labels in (
        told["prometheus"]["prometheusSpec"]["podMetadata"]["labels"],
        told["alertmanager"]["alertmanagerSpec"]["podMetadata"]["labels"],
    ):
        assert {"cost-center", "environment", "app.kubernetes.io/part-of"} <= labels.keys()


def test_the_operators_pods_are_found_by_their_name() -> None:
    """Source: OBS-METRICS-8: the chart names them otherwise."""
    labels = {"app": "kube-prometheus-stack-operator", "app.kubernetes.io/name": "kube-prometheus-stack-operator"}
    operator = {
        "kind": "Deployment",
        "metadata": {"name": "prometheus-kube-prometheus-operator"},
        "spec": {"template": {"metadata": {"labels": labels}}},
    }
    name_operator_pods(operator)

    assert labels == {"app": "kube-prometheus-stack-operator", "app.kubernetes.io/name": "prometheus-operator"}


def test_every_monitor_and_rule_is_picked_up(told: dict[str, Any]) -> None:
    """Source: OBS-METRICS-2."""
    specification = told["prometheus"]["prometheusSpec"]
    for kind in ("serviceMonitor", "podMonitor", "rule", "probe", "scrapeConfig"):
        assert specification[f"{kind}SelectorNilUsesHelmValues"] is False


def test_metrics_and_alerts_say_where_they_are_from(told: dict[str, Any]) -> None:
    assert told["prometheus"]["prometheusSpec"]["externalLabels"] == {"cluster": "biz-dev", "environment": "dev"}


def test_definitions_have_another_owner(told: dict[str, Any]) -> None:
    assert told["crds"]["enabled"] is False


def test_what_a_cloud_runs_itself_is_not_scraped(told: dict[str, Any]) -> None:
    for part in ("kubeControllerManager", "kubeScheduler", "kubeEtcd", "kubeProxy"):
        assert told[part]["enabled"] is False
    assert told["defaultRules"]["rules"]["etcd"] is False


def test_webhooks_have_certificates_without_hooks(told: dict[str, Any]) -> None:
    webhooks = told["prometheusOperator"]["admissionWebhooks"]
    assert webhooks["patch"]["enabled"] is False
    assert webhooks["certManager"]["issuerRef"]["name"] == "platform-internal"


def test_the_volume_is_never_full(told: dict[str, Any]) -> None:
    specification = told["prometheus"]["prometheusSpec"]
    claim = specification["storageSpec"]["volumeClaimTemplate"]["spec"]["resources"]["requests"]["storage"]
    assert int(specification["retentionSize"].removesuffix("GiB")) < int(claim.removesuffix("Gi"))


def test_the_chart_waits_for_definitions_certificates_and_secrets(engine_of_all: RecordingEngine) -> None:
    chart = next(item for item in engine_of_all.of_type(CHART) if item.inputs["name"] == "prometheus")
    secrets = by_name(engine_of_all, EXTERNAL_SECRET).values()

    assert all(item.urn in chart.dependencies for item in secrets)
    assert any("monitors" in urn for urn in chart.dependencies)
    assert any("certificates" in urn for urn in chart.dependencies)


def test_alerts_reach_slack_mail_and_for_critical_ones_pagerduty(told: dict[str, Any]) -> None:
    """Source: OBS-ALERT-17."""
    configuration = told["alertmanager"]["config"]
    receivers = {item["name"]: item for item in configuration["receivers"]}
    critical = next(route for route in configuration["route"]["routes"] if "critical" in route["matchers"][0])

    assert receivers["everybody"].keys() == {"name", "slack_configs", "email_configs"}
    assert receivers["everybody"]["email_configs"][0]["to"] == "ops@example.com, data@example.com"
    assert (critical["receiver"], critical["continue"]) == ("on-call", True)
    assert "pagerduty_configs" in receivers["on-call"]
    assert {route["receiver"] for route in configuration["route"]["routes"]} == receivers.keys()


def test_credentials_of_receivers_are_files_from_the_vault(
    told: dict[str, Any], engine_of_all: RecordingEngine
) -> None:
    secret = by_name(engine_of_all, EXTERNAL_SECRET)["alertmanager-credentials"].inputs["spec"]
    files = {item["secretKey"] for item in secret["data"]}
    configuration = json.dumps(told["alertmanager"]["config"])

    assert told["alertmanager"]["alertmanagerSpec"]["secrets"] == ["alertmanager-credentials"]
    assert files == {"slack", "pagerduty", "smtp"}
    for file in files:
        assert f'_file": "/etc/alertmanager/secrets/alertmanager-credentials/{file}"' in configuration
    for field in ("api_url", "routing_key", "auth_password"):
        assert f'"{field}":' not in configuration


def test_without_receivers_nobody_is_told(engine: RecordingEngine) -> None:
    deploy(engine, bare)
    alertmanager = values(engine, "prometheus")["alertmanager"]

    assert alertmanager["config"]["receivers"] == [{"name": "nobody"}]
    assert {route["receiver"] for route in alertmanager["config"]["route"]["routes"]} == {"nobody"}
    assert alertmanager["alertmanagerSpec"]["secrets"] == []
    assert "alertmanager-credentials" not in by_name(engine, EXTERNAL_SECRET)


def test_the_administrator_has_a_generated_password(told: dict[str, Any], engine_of_all: RecordingEngine) -> None:
    """Source: A-20."""
    secret = by_name(engine_of_all, EXTERNAL_SECRET)[told["grafana"]["admin"]["existingSecret"]]
    keys = {item["secretKey"]: item["remoteRef"]["key"] for item in secret.inputs["spec"]["data"]}
    assert keys == dict.fromkeys(("admin-user", "admin-password"), "biz/grafana/administrator")


def test_groups_of_the_identity_provider_become_roles(told: dict[str, Any]) -> None:
    """Source: SEC-20."""
    sign_on = told["grafana"]["grafana.ini"]["auth.generic_oauth"]

    assert sign_on["role_attribute_path"] == (
        "contains(groups[*], 'admins') && 'GrafanaAdmin' || contains(groups[*], 'editors') && 'Editor' || "
        "contains(groups[*], 'viewers') && 'Viewer'"
    )
    assert sign_on["role_attribute_strict"] is True
    assert sign_on["client_secret"] == "$__env{SIGN_ON_CLIENT_SECRET}"


def test_every_variable_of_a_datasource_is_in_grafanas_environment(
    told: dict[str, Any], engine_of_all: RecordingEngine
) -> None:
    """Source: OBS-DASH-2."""
    given = {
        item["secretKey"]
        for item in by_name(engine_of_all, EXTERNAL_SECRET)["grafana-credentials"].inputs["spec"]["data"]
    }
    given |= told["grafana"]["envValueFrom"].keys()
    maps = by_name(engine_of_all, CONFIG_MAP)
    for name in STATEFUL:
        config_map = maps[f"grafana-datasource-{name}"].inputs
        text = config_map["data"][f"{name}.yaml"]
        assert config_map["metadata"]["labels"]["grafana_datasource"] == "1"
        wanted = {word.strip("'\"},").removeprefix("$") for word in text.split() if "$" in word}
        assert wanted <= given, name
        assert len(yaml.safe_load(text)["datasources"]) == 1


def test_only_what_is_on_is_a_datasource() -> None:
    assert [row.name for row in datasources_of(["loki", "kafka"])] == ["loki"]


def test_without_datasources_and_sign_on_grafana_has_no_further_secret(engine: RecordingEngine) -> None:
    deploy(engine, bare)
    grafana = values(engine, "prometheus")["grafana"]

    assert grafana["envFromSecrets"] == []
    assert "auth.generic_oauth" not in grafana["grafana.ini"]
    assert by_name(engine, EXTERNAL_SECRET).keys() == {"grafana-administrator"}


def test_hosts_are_published(full: tuple[RecordingEngine, Environment]) -> None:
    """Source: NET-5."""
    edge = full[1].edge
    assert isinstance(edge, NotedEdge)
    assert {name: (item.service, item.port) for name, item in edge.exposures.items()} == {
        "grafana": ("grafana", 80),
        "prometheus": ("prometheus", 9090),
    }


def test_prod_survives_the_loss_of_a_zone(engine: RecordingEngine) -> None:
    deploy(engine, bare, "prod")
    told = values(engine, "prometheus")

    for part, specification in (("prometheus", "prometheusSpec"), ("alertmanager", "alertmanagerSpec")):
        assert told[part][specification]["replicas"] >= 2
        assert told[part]["podDisruptionBudget"]["enabled"] is True
        assert told[part][specification]["topologySpreadConstraints"]


def test_the_adapter_serves_pending_tasks_and_no_other_metric(engine: RecordingEngine) -> None:
    """Source: CLU-11."""
    deploy(engine, lambda environment: MetricsAdapter("adapter", MetricsAdapterArgs(environment, [gate("prometheus")])))
    told = values(engine, "prometheus-adapter")

    assert told["rules"].keys() == {"default", "custom"}
    assert told["rules"]["default"] is False
    assert [rule["name"]["as"] for rule in told["rules"]["custom"]] == ["external_tasks_pending"]
    assert told["prometheus"] == {"url": "http://prometheus.observability.svc", "port": 9090}
