"""What runs in the cluster: switches of the components, and the settings of those that have any.

Source: CFG-7, ARCH-14.
"""

from enum import StrEnum
from ipaddress import IPv4Network
from typing import Annotated

from pydantic import Field

from stacks.settings.base_model import SettingsModel
from stacks.settings.fields import AbsolutePath, DnsName, EmailAddress, HttpsUrl, LabelValue, Network, SlackChannel


class GatewayController(StrEnum):
    """What answers requests from outside. Source: NET-2."""

    ENVOY_GATEWAY = "envoy-gateway"
    INGRESS_NGINX = "ingress-nginx"
    OPENSHIFT_ROUTER = "openshift-router"


class ProcessEngine(StrEnum):
    """What answers Camunda's REST API. Source: WF-CAMUNDA-2, A-9."""

    OPERATON = "operaton"
    CAMUNDA_7 = "camunda-7"


class ComponentSettings(SettingsModel):
    """Which components a stack runs; what a component needs must be on as well. Source: CFG-7, ARCH-14."""

    healthz: bool = True
    """The reference workload with autoscaler, disruption budget and probes."""
    cert_manager: bool = False
    """TLS certificates: cert-manager with its ClusterIssuers. Source: SEC-12."""
    external_secrets: bool = False
    """Secrets from the cloud's vault: External Secrets with its store. Source: SEC-5, SEC-6."""
    reloader: bool = False
    """Restarts workloads whose Secrets changed in the vault: Reloader. Source: SEC-11."""
    gatekeeper: bool = False
    """Admission policies in the cluster: OPA Gatekeeper. Source: POL-5."""
    gateway: bool = False
    """Public host names: the Gateway with its controller. Source: NET-2..7."""
    oauth2_proxy: bool = False
    """Sign-on at the gateway: oauth2-proxy. Source: SEC-13."""
    external_dns: bool = False
    """DNS records of the public host names: external-dns. Source: NET-5."""
    postgres: bool = False
    """PostgreSQL at `postgres`, with a database per application. Source: DB-1."""
    redis: bool = False
    """Valkey at `redis:6379`. Source: DB-11, A-14."""
    kafka: bool = False
    """Kafka, its topics and users: Strimzi. Source: KAFKA-1, KAFKA-2."""
    kafka_connect: bool = False
    """Kafka Connect and its connectors. Source: KAFKA-3."""
    keda: bool = False
    """Scaling by queues: KEDA. Source: CLU-11, CLU-12."""
    kestra: bool = False
    """Kestra. Source: WF-KESTRA-1."""
    airflow: bool = False
    """Airflow. Source: WF-AIRFLOW-1."""
    camunda: bool = False
    """The BPM engine with Camunda's REST API. Source: WF-CAMUNDA-1."""
    flowable: bool = False
    """Flowable. Source: WF-FLOWABLE-1."""
    openflow: bool = False
    """OpenFlow, which coordinates the RPA bots. Source: RPA-2, A-36."""
    uipath: bool = False
    """The bridge to UiPath Orchestrator. Source: INTEG-UIPATH-1..5."""
    servicenow: bool = False
    """The ServiceNow worker. Source: INTEG-SNOW-1..5."""
    mlflow: bool = False
    """MLflow. Source: MLOPS-2."""
    kserve: bool = False
    """KServe. Source: MLOPS-3."""
    kubeflow_pipelines: bool = False
    """Kubeflow Pipelines. Source: MLOPS-1."""
    kubeflow_trainer: bool = False
    """Training jobs over several nodes: Kubeflow Trainer. Source: MLOPS-1, MLOPS-4."""
    prometheus: bool = False
    """Prometheus, Alertmanager and Grafana. Source: OBS-METRICS-1, OBS-DASH-1."""
    elasticsearch: bool = False
    """Elasticsearch and Kibana: ECK. Source: OBS-LOGS-1, OBS-LOGS-2."""
    logstash: bool = False
    """Logstash, for log lines that have to be changed on their way. Source: OBS-LOGS-4."""
    fluent_bit: bool = False
    """Fluent Bit, which ships every container's log. Source: OBS-LOGS-3."""
    loki: bool = False
    """Loki. Source: OBS-LOGS-5."""
    opentelemetry: bool = False
    """The OpenTelemetry collector. Source: A-28."""
    tempo: bool = False
    """Tempo, for traces. Source: A-28."""
    opencost: bool = False
    """OpenCost. Source: COST-8."""


class ChartSettings(SettingsModel):
    """Where the charts of third parties come from."""

    mirror: AbsolutePath | None = None
    """Directory of chart archives, as `make charts` fills it; absent: the charts' own repositories."""


class EdgeSettings(SettingsModel):
    """How host names are published. Source: NET-2, A-11."""

    controller: GatewayController = GatewayController.ENVOY_GATEWAY
    """What answers requests from outside. ingress-nginx is retired: no fixes since March 2026, none for security.
    openshift-router is the cluster's own, by Routes, and the only one on OpenShift."""
    acme_email: EmailAddress | None = None
    """Address that the certificate authority writes to before a certificate ends."""
    source_cidrs: tuple[Network, ...] = (IPv4Network("0.0.0.0/0"),)
    """Networks that may reach the public host names."""


class SignOnEndpoints(SettingsModel):
    """Addresses from the provider's discovery document, for applications that do not read it. Source: SEC-13."""

    authorization_url: HttpsUrl
    """Page where people sign on (`authorization_endpoint`)."""
    token_url: HttpsUrl
    """Address where codes become tokens (`token_endpoint`)."""
    userinfo_url: HttpsUrl
    """Address that tells a person's groups (`userinfo_endpoint`)."""


class SingleSignOnSettings(SettingsModel):
    """The identity provider (OpenID Connect) through which people sign on. Source: SEC-13, SEC-20."""

    issuer_url: HttpsUrl
    """Address of the provider, as it stands in its tokens."""
    client_id: LabelValue
    """What the provider calls this platform; the client's secret is in the vault, at `sso/client`."""
    admin_group: LabelValue
    """Group of the provider whose members administer the applications."""
    editor_group: LabelValue
    """Group whose members may change dashboards and flows."""
    viewer_group: LabelValue
    """Group whose members may look; nobody outside these groups gets in."""
    endpoints: SignOnEndpoints | None = None
    """The provider's addresses; without them Grafana knows its own administrator only."""


class ProcessEngineSettings(SettingsModel):
    """The BPM engine behind `camunda:8080/engine-rest`. Source: WF-CAMUNDA-1, A-9."""

    engine: ProcessEngine = ProcessEngine.OPERATON
    """The engine. Camunda 7's community edition ended with 7.24 in 2025: no fixes since; Operaton continues it."""


class UiPathSettings(SettingsModel):
    """UiPath Orchestrator; its token and address are in the vault as well. Source: INTEG-UIPATH-1, SEC-7, A-6."""

    orchestrator_url: HttpsUrl
    """Address of the Orchestrator."""
    default_strategy: LabelValue = "ModernJobsCount"
    """How the Orchestrator shares jobs out among robots."""
    max_retries: Annotated[int, Field(ge=0, le=10)] = 3
    """Times that a failed call is repeated."""
    timeout_seconds: Annotated[int, Field(ge=1, le=3600)] = 300
    """Seconds that a job may take."""
    polling_interval_seconds: Annotated[int, Field(ge=1, le=300)] = 5
    """Seconds between two looks at a job."""


class ServiceNowSettings(SettingsModel):
    """ServiceNow; user and password are in the vault. Source: INTEG-SNOW-1, A-6."""

    instance_url: HttpsUrl
    """Address of the instance."""
    api_version: LabelValue = "v1"
    """Version of its REST API."""
    default_table: LabelValue = "sc_request"
    """Table in which tickets are made."""
    polling_interval_seconds: Annotated[int, Field(ge=1, le=300)] = 10
    """Seconds between two looks at a ticket."""
    max_polling_attempts: Annotated[int, Field(ge=1, le=10_000)] = 180
    """Looks after which a ticket without a decision is escalated: 30 minutes."""


class EmailAlertSettings(SettingsModel):
    """Alerts by e-mail; the account's password is in the vault, at `alerting/smtp`. Source: OBS-ALERT-17."""

    recipients: Annotated[tuple[EmailAddress, ...], Field(min_length=1, max_length=10)]
    """Who gets every alert."""
    sender: EmailAddress
    """Address that alerts come from."""
    smtp_host: DnsName
    """Mail server that takes submissions with TLS on port 587."""
    username: LabelValue
    """Account on the mail server."""


class AlertingSettings(SettingsModel):
    """Whom alerts reach; without a receiver they are only shown. Source: OBS-ALERT-17."""

    slack_channel: SlackChannel | None = None
    """Channel for every alert; the webhook's address is in the vault, at `alerting/slack`."""
    pagerduty: bool = False
    """Whether critical alerts call somebody; the routing key is in the vault, at `alerting/pagerduty`."""
    email: EmailAlertSettings | None = None
    """Who gets alerts by e-mail."""
