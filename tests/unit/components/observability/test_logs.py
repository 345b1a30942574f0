"""Elasticsearch, Kibana, Fluent Bit and Loki: names, users, fields, targets. Source: OBS-LOGS-1..8."""

import json
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest
import yaml

from components.base import Environment
from components.observability import (
    Elasticsearch,
    ElasticsearchArgs,
    FluentBit,
    FluentBitArgs,
    Logstash,
    LogstashArgs,
    LogStore,
    LogStoreArgs,
    Loki,
    LokiArgs,
)
from tests.unit.components.environment import gate
from tests.unit.components.observability.deployments import (
    CHART,
    CONFIG_MAP,
    EXTERNAL_SECRET,
    SERVICE,
    SERVICE_MONITOR,
    by_name,
    deploy,
    selects,
    values,
)
from tests.unit.recording import RecordingEngine, Registration, recording

ELASTICSEARCH = "kubernetes:elasticsearch.k8s.elastic.co/v1:Elasticsearch"
KIBANA = "kubernetes:kibana.k8s.elastic.co/v1:Kibana"
CERTIFICATE = "kubernetes:cert-manager.io/v1:Certificate"
LOGSTASH = "kubernetes:logstash.k8s.elastic.co/v1alpha1:Logstash"
JOB = "kubernetes:batch/v1:Job"
SECRET = "kubernetes:core/v1:Secret"


def logs(environment: Environment) -> pulumi.Resource:
    """The log store, and what fills it."""
    elasticsearch = Elasticsearch("elasticsearch", ElasticsearchArgs(environment, gate("certificates")))
    store = LogStore("log-store", LogStoreArgs(environment, elasticsearch.ready))
    Loki("loki", LokiArgs(environment, shown=True))
    Logstash("logstash", LogstashArgs(environment, store.ready))
    return FluentBit("fluent-bit", FluentBitArgs(environment, store.ready, to_loki=True))


@pytest.fixture(scope="module")
def dev() -> Iterator[RecordingEngine]:
    with recording() as engine:
        deploy(engine, logs)
        yield engine


@pytest.fixture(scope="module")
def prod() -> Iterator[RecordingEngine]:
    with recording() as engine:
        deploy(engine, logs, "prod")
        yield engine


def pipeline(engine: RecordingEngine) -> dict[str, Any]:
    """Fluent Bit's configuration."""
    return yaml.safe_load(by_name(engine, CONFIG_MAP)["fluent-bit-config"].inputs["data"]["fluent-bit.yaml"])


def pod(registration: Registration) -> dict[str, Any]:
    """Pod template of what the operator runs."""
    spec = registration.inputs["spec"]
    return spec["nodeSets"][0]["podTemplate"] if "nodeSets" in spec else spec["podTemplate"]


def roles_of(engine: RecordingEngine) -> dict[str, Any]:
    """Elasticsearch's roles of our own; the provider marks all of a Secret as secret."""
    return yaml.safe_load(engine.only(SECRET).inputs["stringData"]["value"]["roles.yml"])


def files(engine: RecordingEngine) -> dict[str, str]:
    """What the log store's Job works with."""
    return by_name(engine, CONFIG_MAP)["elasticsearch-setup"].inputs["data"]


def test_services_have_the_names_that_workloads_and_people_use(dev: RecordingEngine) -> None:
    """Source: NET-9, NET-12, OBS-LOGS-2."""
    services = by_name(dev, SERVICE)
    selected, ports = selects(services["elasticsearch"])

    assert ports == [9200]
    assert selected["elasticsearch.k8s.elastic.co/cluster-name"] == "elasticsearch"
    assert selects(services["kibana-kibana"]) == (
        {"common.k8s.elastic.co/type": "kibana", "kibana.k8s.elastic.co/name": "kibana"},
        [5601],
    )


def test_the_certificate_is_for_the_name_that_workloads_use(dev: RecordingEngine) -> None:
    certificate = dev.only(CERTIFICATE).inputs["spec"]
    elasticsearch = dev.only(ELASTICSEARCH).inputs["spec"]

    assert "elasticsearch.observability.svc" in certificate["dnsNames"]
    assert elasticsearch["http"]["tls"]["certificate"]["secretName"] == certificate["secretName"]


def test_elasticsearch_waits_for_operator_certificate_users_and_roles(dev: RecordingEngine) -> None:
    elasticsearch = dev.only(ELASTICSEARCH)
    operator = next(item for item in dev.of_type(CHART) if item.inputs["name"] == "eck-operator")
    gates = [operator, dev.only(CERTIFICATE), dev.only(SECRET), *by_name(dev, EXTERNAL_SECRET).values()]

    assert {item.urn for item in gates} <= set(elasticsearch.dependencies)
    assert elasticsearch.urn in dev.only(KIBANA).dependencies


def test_every_user_has_a_role_that_exists(dev: RecordingEngine) -> None:
    own = roles_of(dev)
    users = by_name(dev, EXTERNAL_SECRET)
    listed = {item["secretName"] for item in dev.only(ELASTICSEARCH).inputs["spec"]["auth"]["fileRealm"]}

    assert listed == users.keys()
    for user in users.values():
        roles = user.inputs["spec"]["target"]["template"]["data"]["roles"].split(",")
        assert set(roles) <= {*own, "kibana_admin"}


def test_what_ships_logs_can_only_add_them(dev: RecordingEngine) -> None:
    roles = roles_of(dev)
    assert roles["platform_shipper"]["indices"] == [
        {"names": ["platform-logs*"], "privileges": ["auto_configure", "create_doc"]}
    ]


@pytest.mark.parametrize("kind", [ELASTICSEARCH, KIBANA, LOGSTASH])
def test_pods_of_the_operator_are_bounded_hardened_and_labelled(dev: RecordingEngine, kind: str) -> None:
    template = pod(dev.only(kind))
    spec = template["spec"]

    assert template["metadata"]["labels"].keys() >= {"app", "cost-center"}
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["automountServiceAccountToken"] is False
    for container in (*spec["initContainers"], *spec["containers"]):
        assert container["resources"].keys() == {"requests", "limits"}
        assert container["securityContext"]["allowPrivilegeEscalation"] is False


def test_init_containers_have_the_operators_own_names(dev: RecordingEngine) -> None:
    """By another name it would be a container of its own, without an image."""
    names = {
        kind: [item["name"] for item in pod(dev.only(kind))["spec"]["initContainers"]]
        for kind in (ELASTICSEARCH, KIBANA, LOGSTASH)
    }
    assert names == {
        ELASTICSEARCH: ["elastic-internal-init-filesystem", "elastic-internal-suspend"],
        KIBANA: ["elastic-internal-init"],
        LOGSTASH: ["logstash-internal-init-config"],
    }


def test_no_container_has_to_change_the_kernel(dev: RecordingEngine) -> None:
    assert dev.only(ELASTICSEARCH).inputs["spec"]["nodeSets"][0]["config"]["node.store.allow_mmap"] is False


def test_prod_has_three_nodes_and_keeps_their_volumes(dev: RecordingEngine, prod: RecordingEngine) -> None:
    counts = [item.only(ELASTICSEARCH).inputs["spec"]["nodeSets"][0]["count"] for item in (dev, prod)]
    kept = [item.only(ELASTICSEARCH).inputs["spec"]["volumeClaimDeletePolicy"] for item in (dev, prod)]

    assert counts == [1, 3]
    assert kept == ["DeleteOnScaledownAndClusterDeletion", "DeleteOnScaledownOnly"]


def test_logs_are_hot_for_thirty_days_and_then_gone(dev: RecordingEngine) -> None:
    """Source: OBS-LOGS-1."""
    phases = json.loads(files(dev)["lifecycle.json"])["policy"]["phases"]
    assert phases.keys() == {"hot", "delete"}
    assert phases["delete"]["min_age"] == "30d"


def test_the_fields_of_the_searches_are_keywords(dev: RecordingEngine) -> None:
    """Source: OBS-LOGS-6."""
    fields = json.loads(files(dev)["template.json"])["template"]["mappings"]["properties"]
    kubernetes = fields["kubernetes"]["properties"]

    for field in ("automation_type", "level", "state", "status"):
        assert fields[field]["type"] == "keyword"
    assert kubernetes["namespace_name"]["type"] == "keyword"
    assert kubernetes["labels"]["type"] == "flattened"


def test_indices_have_a_copy_where_there_is_another_node(dev: RecordingEngine, prod: RecordingEngine) -> None:
    copies = [
        json.loads(files(engine)["template.json"])["template"]["settings"]["index.number_of_replicas"]
        for engine in (dev, prod)
    ]
    assert copies == [0, 1]


def test_kibana_gets_the_documented_searches(dev: RecordingEngine) -> None:
    """Source: OBS-LOGS-7."""
    saved = [json.loads(line) for line in files(dev)["searches.ndjson"].splitlines()]
    queries = {
        item["id"]: json.loads(item["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])["query"]["query"]
        for item in saved
        if item["type"] == "search"
    }

    assert queries == {
        "airflow-errors": 'kubernetes.namespace_name : "data" and automation_type : "airflow" and level : "ERROR"',
        "failed-workflows": 'automation_type : "workflow" and state : ("FAILED" or "ERROR")',
        "components": 'kubernetes.labels.app : ("airflow" or "kestra")',
    }
    assert {item["references"][0]["id"] for item in saved if item["type"] == "search"} == {
        item["id"] for item in saved if item["type"] == "index-pattern"
    }


def test_the_job_has_its_password_by_reference(dev: RecordingEngine) -> None:
    container = dev.only(JOB).inputs["spec"]["template"]["spec"]["containers"][0]
    references = {
        item["name"]: item["valueFrom"]["secretKeyRef"]["name"] for item in container["env"] if "valueFrom" in item
    }
    assert references == {"USERNAME": "elasticsearch-setup", "PASSWORD": "elasticsearch-setup"}


def test_another_policy_makes_another_run(dev: RecordingEngine, prod: RecordingEngine) -> None:
    digests = {
        engine.only(JOB).inputs["spec"]["template"]["metadata"]["annotations"]["checksum/setup"]
        for engine in (dev, prod)
    }
    assert len(digests) == 2, "one has copies of indices, the other has none"


def test_fluent_bit_ships_to_elasticsearch_over_tls(dev: RecordingEngine) -> None:
    """Source: OBS-LOGS-3."""
    output = next(item for item in pipeline(dev)["pipeline"]["outputs"] if item["name"] == "es")

    assert (output["host"], output["port"], output["index"]) == (
        "elasticsearch.observability.svc",
        9200,
        "platform-logs",
    )
    assert (output["tls"], output["tls.verify"]) == (True, True)
    assert output["http_passwd"] == "${ELASTICSEARCH_PASSWORD}"


def test_fluent_bit_has_its_credentials_by_reference(dev: RecordingEngine) -> None:
    references = {item["name"]: item["valueFrom"]["secretKeyRef"]["name"] for item in values(dev, "fluent-bit")["env"]}
    assert references == dict.fromkeys(("ELASTICSEARCH_USERNAME", "ELASTICSEARCH_PASSWORD"), "elasticsearch-shipper")


def test_fluent_bit_uses_the_named_config_map_and_the_script_in_it(dev: RecordingEngine) -> None:
    told, files_of_it = values(dev, "fluent-bit"), by_name(dev, CONFIG_MAP)["fluent-bit-config"].inputs["data"]
    lua = next(item for item in pipeline(dev)["pipeline"]["filters"] if item["name"] == "lua")

    assert told["existingConfigMap"] == "fluent-bit-config"
    assert lua["script"].rpartition("/")[2] in files_of_it
    assert f"function {lua['call']}(" in files_of_it["fluent_bit.lua"]


def test_lines_wait_on_the_nodes_disk(dev: RecordingEngine) -> None:
    configuration = pipeline(dev)
    state = configuration["service"]["storage.path"].rpartition("/")[0]
    mounts = {item["mountPath"]: item for item in values(dev, "fluent-bit")["daemonSetVolumeMounts"]}

    assert configuration["pipeline"]["inputs"][0]["storage.type"] == "filesystem"
    assert not mounts[state].get("readOnly")
    assert mounts["/var/log"]["readOnly"] is True


def test_loki_gets_lines_only_when_it_is_on(dev: RecordingEngine, engine: RecordingEngine) -> None:
    """Source: OBS-LOGS-8: Loki's searches select by namespace and container."""
    deploy(engine, lambda environment: FluentBit("fluent-bit", FluentBitArgs(environment, gate("store"))))

    assert [item["name"] for item in pipeline(engine)["pipeline"]["outputs"]] == ["es"]
    loki = pipeline(dev)["pipeline"]["outputs"][1]
    assert (loki["host"], loki["port"]) == ("loki.observability.svc", 3100)
    assert {"namespace", "container"} <= {label.split("=")[0].strip() for label in loki["labels"].split(",")}


def test_fluent_bit_starts_when_the_store_is_ready_and_is_scraped(dev: RecordingEngine) -> None:
    chart = next(item for item in dev.of_type(CHART) if item.inputs["name"] == "fluent-bit")

    assert dev.only(JOB).urn in chart.dependencies
    assert by_name(dev, SERVICE_MONITOR)["fluent-bit"].inputs["spec"]["endpoints"][0]["port"] == "http"


def test_loki_is_one_process_that_forgets(dev: RecordingEngine) -> None:
    """Source: OBS-LOGS-5, A-28."""
    told = values(dev, "loki")

    assert (told["deploymentMode"], told["singleBinary"]["replicas"]) == ("Monolithic", 1)
    assert told["loki"]["compactor"]["retention_enabled"] is True
    assert told["loki"]["limits_config"]["retention_period"] == "72h"
    assert told["singleBinary"]["persistence"]["storageClass"] == "standard"


def test_grafana_shows_the_documented_searches_of_loki(dev: RecordingEngine) -> None:
    """Source: OBS-LOGS-8."""
    config_map = by_name(dev, CONFIG_MAP)["grafana-dashboard-recent-logs"].inputs
    panels = json.loads(config_map["data"]["recent_logs.json"])["panels"]

    assert config_map["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert {panel["targets"][0]["expr"] for panel in panels} == {
        'sum(count_over_time({namespace="data"} |= "ERROR" [5m]))',
        '{namespace="data", container="airflow-worker"} | json | status="failed"',
    }


def test_logstash_adds_to_the_log_store(dev: RecordingEngine) -> None:
    """Source: OBS-LOGS-4."""
    logstash = dev.only(LOGSTASH)
    pipeline_text = logstash.inputs["spec"]["pipelines"][0]["config.string"]

    assert dev.only(JOB).urn in logstash.dependencies
    container = pod(logstash)["spec"]["containers"][0]
    assert 'hosts => ["${PLATFORM_ES_HOSTS}"]' in pipeline_text
    assert {item["valueFrom"]["secretKeyRef"]["name"] for item in container["env"]} == {"elasticsearch-shipper"}
    for variable in container["env"]:
        assert f'"${{{variable["name"]}}}"' in pipeline_text
    assert 'index => "platform-logs"' in pipeline_text
