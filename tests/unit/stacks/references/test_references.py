"""Whatever an object of the platform names exists: shown for whole stacks, and that each check sees a fault."""

from collections.abc import Callable, Iterator

import pytest

from tests.unit.stacks.conftest import ObjectsIn
from tests.unit.stacks.references.hosts import hosts, published
from tests.unit.stacks.references.names import names
from tests.unit.stacks.references.objects import Objects
from tests.unit.stacks.references.secrets import contents, readings, vault
from tests.unit.stacks.references.selections import backends, monitors, services, targets

Check = Callable[[Objects], Iterator[str]]
Break = Callable[[Objects], Objects]
CHECKS: tuple[Check, ...] = (monitors, services, targets, backends, contents, vault, names, hosts)
# Annex C.3, and what the platform publishes besides
HOSTS = {"airflow", "auth", "camunda", "grafana", "kestra", "mlflow", "openflow", "pipelines", "prometheus"}
QUEUE_SCALER = {
    "kind": "ScaledObject",
    "metadata": {"name": "queue", "namespace": "workflows"},
    "spec": {
        "scaleTargetRef": {"name": "servicenow-worker"},
        "triggers": [{"type": "kafka", "authenticationRef": {"name": "queue"}}],
    },
}
INTERNAL = {"kind": "Issuer", "name": "platform-internal"}


# what is broken -> how the check that looks at it complains
FAULTS: list[tuple[Check, Break, str]] = [
    (monitors, lambda o: o.without("Service", "kestra"), "ServiceMonitor workflows/kestra: no Service"),
    (
        monitors,
        lambda o: o.changed("ServiceMonitor", "kestra", "spec.endpoints.0.port", "http2"),
        "ServiceMonitor workflows/kestra: there is no port http2",
    ),
    (
        monitors,
        lambda o: o.changed("PodMonitor", "gatekeeper", "spec.selector.matchLabels", {"app": "guard"}),
        "PodMonitor security/gatekeeper: no pods",
    ),
    (
        monitors,
        lambda o: o.changed("PodMonitor", "kafka", "spec.podMetricsEndpoints.0.port", "metrics"),
        "PodMonitor integration/kafka: there is no port metrics",
    ),
    (services, lambda o: o.without("Deployment", "camunda"), "Service workflows/camunda: no pods"),
    (
        services,
        lambda o: o.changed("Service", "airflow-webserver", "spec.ports.0.targetPort", 8081),
        "Service data/airflow-webserver: its pods do not listen on 8081",
    ),
    (
        targets,
        lambda o: o.changed("HorizontalPodAutoscaler", "healthz", "spec.scaleTargetRef.name", "health"),
        "HorizontalPodAutoscaler integration/healthz: there is no Deployment health",
    ),
    (
        targets,
        lambda o: o.further(QUEUE_SCALER).without("Deployment", "servicenow-worker"),
        "ScaledObject workflows/queue: there is no Deployment servicenow-worker",
    ),
    (
        targets,
        lambda o: o.without("Deployment", "uipath-bridge"),
        "PodDisruptionBudget workflows/uipath-bridge: no pods",
    ),
    (backends, lambda o: o.without("Service", "grafana"), "HTTPRoute observability/grafana: there is no Service"),
    (
        backends,
        lambda o: o.changed("HTTPRoute", "kestra", "spec.rules.0.backendRefs.0.port", 80),
        "HTTPRoute workflows/kestra: Service kestra has no port 80",
    ),
    (
        backends,
        lambda o: o.without("Service", "gatekeeper-webhook-service"),
        "ValidatingWebhookConfiguration gatekeeper-validating-webhook-configuration: there is no Service",
    ),
    (
        contents,
        lambda o: o.without("ConfigMap", "uipath-config"),
        "Deployment workflows/uipath-bridge: nothing makes the ConfigMap workflows/uipath-config",
    ),
    (
        contents,
        lambda o: o.changed("ExternalSecret", "uipath-credentials", "metadata.namespace", "data"),
        "Deployment workflows/uipath-bridge: nothing makes the Secret workflows/uipath-credentials",
    ),
    (
        contents,
        lambda o: o.changed("ExternalSecret", "kestra-admin", "spec.data.0.secretKey", "value"),
        "the Secret kestra-admin has no key username",
    ),
    (contents, lambda o: o.without("Certificate", "events-listener"), "Kafka integration/events: nothing makes"),
    (
        contents,
        lambda o: o.without("ExternalSecret", "kafka-connect"),
        "KafkaConnector integration/heartbeat: nothing makes the Secret integration/kafka-connect",
    ),
    (
        contents,
        lambda o: o.without("Certificate", "api-gateway-tls"),
        "Gateway ingress/api-gateway: nothing makes the Secret ingress/api-gateway-tls",
    ),
    (
        contents,
        lambda o: o.changed("Chart", "oauth2-proxy", "values.config.existingSecret", "proxy"),
        "Chart ingress/oauth2-proxy: nothing makes the Secret ingress/proxy",
    ),
    (
        contents,
        lambda o: o.without("ExternalSecret", "airflow-jwt-secret"),
        "Reads data/airflow: nothing makes the Secret data/airflow-jwt-secret",
    ),
    (
        vault,
        lambda o: o.changed("ExternalSecret", "kestra-admin", "spec.data.0.remoteRef.property", "key"),
        "ExternalSecret workflows/kestra-admin: kestra/admin has no property key",
    ),
    (
        vault,
        lambda o: o.changed("ExternalSecret", "uipath-credentials", "spec.data.0.remoteRef.key", "uipath/token"),
        "ExternalSecret workflows/uipath-credentials: the vault has no uipath/token",
    ),
    (names, lambda o: o.without("ServiceAccount", "camunda"), "Deployment workflows/camunda: there is no Service"),
    (names, lambda o: o.without("PriorityClass", "platform-high"), "there is no PriorityClass platform-high"),
    (names, lambda o: o.without("StorageClass", "standard"), "there is no StorageClass standard"),
    (names, lambda o: o.without("ClusterRole", "biz-automation-viewer"), "there is no ClusterRole"),
    (names, lambda o: o.without("Kafka", "events"), "there is no Kafka events"),
    (
        names,
        lambda o: o.changed("Certificate", "events-listener", "spec.issuerRef", INTERNAL),
        "Certificate integration/events-listener: there is no Issuer platform-internal",
    ),
    (
        names,
        lambda o: o.changed("ExternalSecret", "uipath-credentials", "spec.secretStoreRef.name", "safe"),
        "ExternalSecret workflows/uipath-credentials: there is no ClusterSecretStore safe",
    ),
    (
        names,
        lambda o: o.further(QUEUE_SCALER),
        "ScaledObject workflows/queue: there is no TriggerAuthentication queue",
    ),
    (hosts, lambda o: o.without("Certificate", "api-gateway-tls"), "HTTPRoute workflows/kestra: no certificate"),
    (
        hosts,
        lambda o: o.changed("HTTPRoute", "kestra", "spec.hostnames.0", "kestra.example.org"),
        "HTTPRoute workflows/kestra: no listener answers for kestra.example.org",
    ),
    (
        hosts,
        lambda o: o.changed("HTTPRoute", "kestra", "spec.parentRefs.0.sectionName", "http"),
        "HTTPRoute workflows/kestra: no certificate names kestra.",
    ),
]


@pytest.fixture(scope="module", params=["dev", "prod"])
def objects(request: pytest.FixtureRequest, objects_in: ObjectsIn) -> Objects:
    return objects_in(request.param)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_what_is_named_exists(objects: Objects, check: Check) -> None:
    assert sorted(set(check(objects))) == []


def test_the_checks_have_something_to_look_at(objects: Objects) -> None:
    assert len({reading.reader for reading in readings(objects)}) > 40
    assert len(objects.of_kind("ServiceMonitor", "PodMonitor")) > 20
    assert len(objects.of_kind("Service")) > 20
    assert published(objects) == HOSTS


@pytest.mark.parametrize(("check", "break_", "complaint"), FAULTS, ids=[fault[2] for fault in FAULTS])
def test_a_fault_is_seen(objects: Objects, check: Check, break_: Break, complaint: str) -> None:
    problems = list(check(break_(objects)))
    assert [problem for problem in problems if complaint in problem], problems
