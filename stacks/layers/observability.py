"""Metrics, logs, traces, alerts, dashboards and costs."""

import pulumi

from components import observability
from stacks.layers.assembly import Assembly, needed


def observe(assembly: Assembly) -> None:
    """Loki and Tempo first: what comes later sends to them."""
    environment, on, opts = assembly.environment, assembly.on, assembly.opts
    if on.loki:
        observability.Loki("loki", observability.LokiArgs(environment, on.prometheus), opts)
    if on.tempo:
        observability.Tempo("tempo", observability.TempoArgs(environment), opts)
    if on.opentelemetry:
        collector = observability.OpenTelemetryArgs(environment, on.tempo, on.loki)
        observability.OpenTelemetry("opentelemetry", collector, opts)
    if on.prometheus:
        _metrics(assembly)
    if on.elasticsearch:
        _logs(assembly)


def _metrics(assembly: Assembly) -> None:
    settings, environment, opts = assembly.settings, assembly.environment, assembly.opts
    certificates = needed(assembly.certificates, "certManager")
    cluster_name = settings.kubernetes.cluster_name
    ready = _prometheus(assembly, certificates)
    adapter = observability.MetricsAdapterArgs(environment, [ready, certificates])
    observability.MetricsAdapter("prometheus-adapter", adapter, opts)
    if assembly.on.opencost:
        costs = observability.OpenCostArgs(environment, ready, cluster_name, settings.budget.reads_bill)
        observability.OpenCost("opencost", costs, opts)


def _prometheus(assembly: Assembly, certificates: pulumi.Resource) -> pulumi.Resource:
    """The platform's own Prometheus, or the cluster's where it has one; either answers at ``prometheus:9090``."""
    environment, opts = assembly.environment, assembly.opts
    datasources, sign_on = (
        observability.datasources_of(assembly.settings.components_on),
        _grafana_sign_on(assembly),
    )
    monitoring = assembly.foundation.monitoring
    if monitoring is not None:
        metrics = observability.ClusterMetricsArgs(environment, monitoring, datasources, sign_on)
        return observability.ClusterMetrics("prometheus", metrics, opts).ready
    args = observability.PrometheusArgs(
        environment,
        certificates,
        assembly.settings.kubernetes.cluster_name,
        _receivers(assembly),
        datasources,
        sign_on,
    )
    return observability.Prometheus("prometheus", args, opts).ready


def _logs(assembly: Assembly) -> None:
    environment, opts = assembly.environment, assembly.opts
    args = observability.ElasticsearchArgs(environment, needed(assembly.certificates, "certManager"))
    elasticsearch = observability.Elasticsearch("elasticsearch", args, opts)
    store = observability.LogStore("log-store", observability.LogStoreArgs(environment, elasticsearch.ready), opts)
    if assembly.on.logstash:
        observability.Logstash("logstash", observability.LogstashArgs(environment, store.ready), opts)
    if assembly.on.fluent_bit:
        shipper = observability.FluentBitArgs(environment, store.ready, assembly.on.loki)
        observability.FluentBit("fluent-bit", shipper, opts)


def _receivers(assembly: Assembly) -> observability.Receivers:
    alerting = assembly.settings.alerting
    email = alerting.email
    receiver = (
        observability.EmailReceiver(email.recipients, email.sender, email.smtp_host, email.username) if email else None
    )
    return observability.Receivers(alerting.slack_channel, alerting.pagerduty, receiver)


def _grafana_sign_on(assembly: Assembly) -> observability.SignOn | None:
    sign_on = assembly.settings.single_sign_on
    if sign_on is None or sign_on.endpoints is None:
        return None
    endpoints = sign_on.endpoints
    return observability.SignOn(
        sign_on.client_id,
        endpoints.authorization_url,
        endpoints.token_url,
        endpoints.userinfo_url,
        sign_on.admin_group,
        sign_on.editor_group,
        sign_on.viewer_group,
    )
