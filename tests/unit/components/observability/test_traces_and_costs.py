"""Tempo, the OpenTelemetry collector and OpenCost. Source: A-28, COST-8, A-26."""

from typing import Any

import pytest
import yaml

from components.observability import OpenCost, OpenCostArgs, OpenTelemetry, OpenTelemetryArgs, Tempo, TempoArgs
from tests.unit.components.environment import gate
from tests.unit.components.observability.deployments import CHART, EXTERNAL_SECRET, by_name, deploy, values
from tests.unit.recording import RecordingEngine


def collector(engine: RecordingEngine, *, to_tempo: bool, to_loki: bool) -> dict[str, Any]:
    """Configuration of the collector."""
    deploy(
        engine,
        lambda environment: OpenTelemetry("opentelemetry", OpenTelemetryArgs(environment, to_tempo, to_loki)),
    )
    return values(engine, "opentelemetry-collector")["alternateConfig"]


def cost(engine: RecordingEngine, *, reads_bill: bool) -> dict[str, Any]:
    """Values of OpenCost's chart."""
    deploy(
        engine,
        lambda environment: OpenCost("opencost", OpenCostArgs(environment, gate("prometheus"), "biz-dev", reads_bill)),
    )
    return values(engine, "opencost")["opencost"]


def test_the_collector_takes_both_forms_of_otlp(engine: RecordingEngine) -> None:
    protocols = collector(engine, to_tempo=True, to_loki=True)["receivers"]["otlp"]["protocols"]
    assert {name: item["endpoint"].rpartition(":")[2] for name, item in protocols.items()} == {
        "grpc": "4317",
        "http": "4318",
    }


@pytest.mark.parametrize(
    ("to_tempo", "to_loki", "traces", "logs"),
    [
        (True, True, "otlp/tempo", "otlphttp/loki"),
        (True, False, "otlp/tempo", "nop"),
        (False, True, "nop", "otlphttp/loki"),
        (False, False, "nop", "nop"),
    ],
)
def test_telemetry_goes_where_something_takes_it(
    engine: RecordingEngine, to_tempo: bool, to_loki: bool, traces: str, logs: str
) -> None:
    configuration = collector(engine, to_tempo=to_tempo, to_loki=to_loki)
    pipelines = configuration["service"]["pipelines"]
    used = {exporter for pipeline in pipelines.values() for exporter in pipeline["exporters"]}

    assert {name: pipeline["exporters"] for name, pipeline in pipelines.items()} == {
        "metrics": ["prometheus"],
        "traces": [traces],
        "logs": [logs],
    }
    assert used == configuration["exporters"].keys()


def test_prometheus_scrapes_what_applications_send(engine: RecordingEngine) -> None:
    configuration = collector(engine, to_tempo=False, to_loki=False)
    told = values(engine, "opentelemetry-collector")
    port = int(configuration["exporters"]["prometheus"]["endpoint"].rpartition(":")[2])

    assert told["ports"]["prometheus"]["containerPort"] == port
    assert {"port": "prometheus"} in told["serviceMonitor"]["metricsEndpoints"]
    assert told["serviceMonitor"]["enabled"] is True


def test_nothing_is_scraped_where_monitors_are_unknown(engine: RecordingEngine) -> None:
    deploy(engine, lambda environment: Tempo("tempo", TempoArgs(environment)), monitored=False)
    assert values(engine, "tempo")["serviceMonitor"]["enabled"] is False


def test_tempo_listens_where_the_collector_sends(engine: RecordingEngine) -> None:
    exporter = collector(engine, to_tempo=True, to_loki=False)["exporters"]["otlp/tempo"]
    deploy(engine, lambda environment: Tempo("tempo", TempoArgs(environment)))
    told = values(engine, "tempo")
    listens = yaml.safe_load(told["config"])["distributor"]["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"]

    assert exporter["endpoint"] == "tempo.observability.svc:4317"
    assert listens.endswith(":4317")
    assert told["persistence"]["enabled"] is True


def test_opencost_asks_our_prometheus_from_its_own_namespace(engine: RecordingEngine) -> None:
    """Source: COST-8."""
    told = cost(engine, reads_bill=False)

    assert told["prometheus"]["internal"] == {
        "serviceName": "prometheus",
        "namespaceName": "observability",
        "port": 9090,
    }
    assert engine.only(CHART).inputs["namespace"] == "opencost"
    assert any("prometheus" in urn for urn in engine.only(CHART).dependencies)


def test_opencost_reads_the_bill_only_on_demand(engine: RecordingEngine) -> None:
    told = cost(engine, reads_bill=False)

    assert (told["cloudIntegrationSecret"], told["cloudCost"]["enabled"]) == ("", False)
    assert not by_name(engine, EXTERNAL_SECRET)


def test_opencost_has_its_access_to_the_bill_from_the_vault(engine: RecordingEngine) -> None:
    told = cost(engine, reads_bill=True)
    secret = by_name(engine, EXTERNAL_SECRET)[told["cloudIntegrationSecret"]].inputs["spec"]["data"][0]

    assert told["cloudCost"]["enabled"] is True
    assert secret["remoteRef"]["key"] == "opencost/cloud-integration"
    assert secret["secretKey"] == "cloud-integration.json"
