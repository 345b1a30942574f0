"""What the BPM engines do, for Prometheus.

Source: WF-CAMUNDA-9, WF-FLOWABLE-3, OBS-METRICS-2, OBS-METRICS-5.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from components.base import (
    Container,
    Environment,
    ExternalSecret,
    ExternalSecretArgs,
    HttpProbe,
    Mount,
    Resources,
    Workload,
    WorkloadArgs,
    service_monitor,
)
from components.tables import read_table
from components.workflows.rest_api import RestApi

NAME = "process-metrics"
METRICS = Path(__file__).with_suffix(".yaml")
PORT = 7979
# renovate: datasource=docker depName=quay.io/prometheuscommunity/json-exporter
VERSION = "v0.7.0"
_CONFIGURATION, _CREDENTIALS = "/etc/json-exporter", "/etc/credentials"


class ProcessMetric(BaseModel):
    """One row of the table; its head says what each field means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: str
    query: str
    value: str
    help: str


@dataclass(frozen=True)
class ProcessMetricsArgs:
    """What the exporter needs.

    Args:
        environment: the stack that it is part of.
        monitors: gate: the cluster knows ServiceMonitor.
        engines: those that the stack runs, by the name that the table has for them.
    """

    environment: Environment
    monitors: pulumi.Resource
    engines: Mapping[str, RestApi]


class ProcessMetrics(pulumi.ComponentResource):
    """Asks the BPM engines' REST APIs for numbers of which their images have no metric.

    Args:
        name: logical name.
        args: the engines.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: the exporter answers.

    Source: WF-CAMUNDA-9, WF-FLOWABLE-3, OBS-METRICS-2, OBS-METRICS-5.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: ProcessMetricsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:workflows:ProcessMetrics", name, None, opts)
        environment, namespace = args.environment, args.environment.namespaces["workflows"]
        child = pulumi.ResourceOptions(parent=self)
        rows = {metric: row for metric, row in process_metrics().items() if row.engine in args.engines}
        credentials = ExternalSecret(
            NAME,
            ExternalSecretArgs(
                environment=environment,
                namespace=namespace,
                keys={
                    f"{engine}-{key}": source
                    for engine, api in args.engines.items()
                    for key, source in api.credentials.items()
                },
                component="observability",
            ),
            child,
        )
        workload = Workload(
            NAME,
            WorkloadArgs(
                namespace=namespace,
                component="observability",
                container=_container(Resources.of(environment.size(NAME))),
                # two of them would count everything twice
                autoscaling=None,
                spread_zones=False,
                ownership=environment.ownership,
                service_ports={"http": PORT},
                version=VERSION,
                settings={"config.yaml": yaml.safe_dump({"modules": _modules(rows)})},
                variables={},
                after=[credentials.ready, *(api.ready for api in args.engines.values())],
                # the image's own: nobody
                user=65534,
            ),
            child,
        )
        self.ready = workload.ready
        labels = environment.labels(NAME, "observability")
        service_monitor(
            NAME,
            {"name": NAME, "namespace": namespace.name, "labels": labels},
            pulumi.ResourceOptions(
                parent=self, depends_on=[args.monitors, workload.ready], deleted_with=namespace.resource
            ),
            selected={"app.kubernetes.io/name": NAME},
            port="http",
            path="/probe",
            parameters=[
                {"module": metric, "target": args.engines[row.engine].url + row.query} for metric, row in rows.items()
            ],
        )
        self.register_outputs({})


@cache
def process_metrics() -> Mapping[str, ProcessMetric]:
    """The metrics by name."""
    return TypeAdapter(dict[str, ProcessMetric]).validate_python(read_table(METRICS))


def _modules(rows: Mapping[str, ProcessMetric]) -> Mapping[str, Any]:
    return {
        metric: {
            "http_client_config": {
                "basic_auth": {
                    "username_file": f"{_CREDENTIALS}/{row.engine}-username",
                    "password_file": f"{_CREDENTIALS}/{row.engine}-password",
                }
            },
            "metrics": [{"name": metric, "help": row.help, "path": row.value, "valuetype": "gauge"}],
        }
        for metric, row in rows.items()
    }


def _container(resources: Resources) -> Container:
    return Container(
        name=NAME,
        image=f"quay.io/prometheuscommunity/json-exporter:{VERSION}",
        resources=resources,
        args=[f"--config.file={_CONFIGURATION}/config.yaml"],
        ports={"http": PORT},
        liveness=HttpProbe("/"),
        readiness=HttpProbe("/"),
        startup=HttpProbe("/", period_seconds=2, failure_threshold=15),
        writable={},
        mounts=[
            Mount("configuration", _CONFIGURATION, {"name": "", "config_map": {"name": NAME}}),
            Mount("credentials", _CREDENTIALS, {"name": "", "secret": {"secret_name": NAME}}),
        ],
    )
