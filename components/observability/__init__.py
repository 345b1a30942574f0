"""What watches the platform: metrics, alerts, dashboards, logs, traces and costs."""

from components.observability.alertmanager import EmailReceiver, Receivers
from components.observability.cluster_monitoring import ClusterMetrics, ClusterMetricsArgs, ClusterMonitoring
from components.observability.datasources import Datasource, datasources_of
from components.observability.elasticsearch import Elasticsearch, ElasticsearchArgs
from components.observability.fluent_bit import FluentBit, FluentBitArgs
from components.observability.grafana import SignOn
from components.observability.log_store import LogStore, LogStoreArgs
from components.observability.logstash import Logstash, LogstashArgs
from components.observability.loki import Loki, LokiArgs
from components.observability.metrics_adapter import MetricsAdapter, MetricsAdapterArgs
from components.observability.opencost import OpenCost, OpenCostArgs
from components.observability.opentelemetry import OpenTelemetry, OpenTelemetryArgs
from components.observability.prometheus import Prometheus, PrometheusArgs
from components.observability.tempo import Tempo, TempoArgs

__all__ = [
    "ClusterMetrics",
    "ClusterMetricsArgs",
    "ClusterMonitoring",
    "Datasource",
    "Elasticsearch",
    "ElasticsearchArgs",
    "EmailReceiver",
    "FluentBit",
    "FluentBitArgs",
    "LogStore",
    "LogStoreArgs",
    "Logstash",
    "LogstashArgs",
    "Loki",
    "LokiArgs",
    "MetricsAdapter",
    "MetricsAdapterArgs",
    "OpenCost",
    "OpenCostArgs",
    "OpenTelemetry",
    "OpenTelemetryArgs",
    "Prometheus",
    "PrometheusArgs",
    "Receivers",
    "SignOn",
    "Tempo",
    "TempoArgs",
    "datasources_of",
]
