"""Metrics, logs, traces, alerts, dashboards and costs."""

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
    args = observability.PrometheusArgs(
        environment,
        certificates,
        cluster_name,
        _receivers(assembly),
        observability.datasources_of(settings.components_on),
        _grafana_sign_on(assembly),
    )
    prometheus = observability.Prometheus("prometheus", args, opts)
    adapter = observability.MetricsAdapterArgs(environment, [prometheus.ready, certificates])
    observability.MetricsAdapter("prometheus-adapter", adapter, opts)
    if assembly.on.opencost:
        costs = observability.OpenCostArgs(environment, prometheus.ready, cluster_name, settings.budget.reads_bill)
        observability.OpenCost("opencost", costs, opts)


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
