"""Airflow: DAGs, their scheduler, workers, API and UI.

Source: WF-AIRFLOW-1..11, CLU-13, CLU-18, CLU-19, NET-12, A-1, A-12, A-13, A-22.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import (
    Environment,
    Exposure,
    ExternalSecret,
    ExternalSecretArgs,
    PlatformChart,
    PlatformChartArgs,
    recording_rules,
    service_monitor,
)
from components.cache import CacheServer
from components.database import DatabaseServer
from components.identity import IdentityBinding
from components.workflows import airflow_secrets
from components.workflows.airflow_lake import DAGS, LakeAccess, lake_access
from components.workflows.airflow_parts import API_SERVER, NAMESPACE, PARTS, RELEASE, STATSD, selector
from components.workflows.airflow_patches import PATCHES, WEBSERVER
from components.workflows.airflow_values import LAKE_MODULES, LAKE_SETTINGS, values

SCHEDULER = "airflow-scheduler"
PORT, METRICS_PORT, EXPORTER_PORT = 8080, 80, 9102
HEALTH = "/api/v2/monitor/health"
# the names that alerts and dashboards count on, beside those of the exporter's mappings (airflow_statsd.yaml)
_METRICS = {"airflow_dag_run_status": "airflow_dag_run_duration_seconds_count"}


@dataclass(frozen=True)
class AirflowArgs:
    """What Airflow needs.

    Args:
        environment: the stack that it is part of.
        database: where it keeps its metadata.
        cache: holds the queue between scheduler and workers.
    """

    environment: Environment
    database: DatabaseServer
    cache: CacheServer


class Airflow(pulumi.ComponentResource):
    """Airflow with Celery workers, its API and UI at ``airflow-webserver:8080``.

    DAGs come from the lake, zone curated, below ``airflow/dags``; modules that they import lie beside them. The
    administrator's credentials are in the Secret ``airflow-admin`` (``username``, ``password``).

    Args:
        name: logical name.
        args: database and cache.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: schema, administrator, and every part of Airflow stand.
        address: of API and UI inside the cluster, with scheme and port.
        admin_secret: name of the Secret with the administrator's credentials.
        dags: where its DAGs are, as an address in the lake.

    Source: WF-AIRFLOW-1..11, CLU-13, CLU-18, CLU-19, NET-12, A-1, A-12, A-13, A-22.
    """

    ready: pulumi.Resource
    address: str
    admin_secret: str
    dags: pulumi.Output[str]

    def __init__(self, name: str, args: AirflowArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:workflows:Airflow", name, None, opts)
        self._args = args
        self._namespace = args.environment.namespaces[NAMESPACE]
        environment, bindings = args.environment, self._bindings()
        access = lake_access(environment.object_store, environment.lake["curated"], bindings.values())
        gates = [args.database.ready, args.cache.ready, *self._secrets(), *self._lake_settings(access)]
        gates.extend(binding.ready for binding in bindings.values() if binding.ready)
        chart = self._chart(name, values(environment, bindings, access), gates)
        self._service(SCHEDULER, STATSD, METRICS_PORT, EXPORTER_PORT, chart.ready)
        self.ready = self._service(WEBSERVER, selector(API_SERVER), PORT, PORT, chart.ready)
        self._monitor()
        self._expose()
        self.address = f"http://{WEBSERVER}.{NAMESPACE}.svc.cluster.local:{PORT}"
        self.admin_secret = airflow_secrets.ADMIN
        self.dags = args.environment.lake["curated"].apply(lambda zone: f"{zone}/{DAGS}")
        self.register_outputs({"address": self.address, "dags": self.dags})

    def _inside(self, *gates: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self, depends_on=[self._namespace.ready, *gates], deleted_with=self._namespace.resource
        )

    def _metadata(self, name: str) -> kubernetes.meta.v1.ObjectMetaArgsDict:
        labels = self._args.environment.labels(name, "workflows")
        return {"name": name, "namespace": NAMESPACE, "labels": labels}

    def _bindings(self) -> Mapping[str, IdentityBinding]:
        bind = self._args.environment.bind
        return {part.account: bind(self._namespace, part.account, part.grants) for part in PARTS if part.grants}

    def _secrets(self) -> list[pulumi.Resource]:
        environment, database = self._args.environment, self._args.database.database(RELEASE)
        return [
            ExternalSecret(
                name,
                ExternalSecretArgs(
                    environment=environment,
                    namespace=self._namespace,
                    keys=credential.keys,
                    template=credential.template,
                    component="workflows",
                ),
                pulumi.ResourceOptions(parent=self),
            ).ready
            for name, credential in airflow_secrets.credentials(database, self._args.cache).items()
        ]

    def _lake_settings(self, access: LakeAccess) -> list[pulumi.Resource]:
        """Settings that only the foundation knows: kept out of the chart's values, so that it renders without them."""
        files = {LAKE_SETTINGS: access.variables, LAKE_MODULES: access.modules}
        return [
            kubernetes.core.v1.ConfigMap(name, metadata=self._metadata(name), data=data, opts=self._inside())
            for name, data in files.items()
            if data
        ]

    def _chart(self, name: str, chart_values: Mapping[str, Any], gates: list[pulumi.Resource]) -> PlatformChart:
        return PlatformChart(
            name,
            PlatformChartArgs(
                environment=self._args.environment,
                chart="airflow",
                namespace=self._namespace,
                values=chart_values,
                component="workflows",
                release=RELEASE,
                after=gates,
                patches=PATCHES,
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _service(
        self, name: str, selected: Mapping[str, str], port: int, target: int, after: pulumi.Resource
    ) -> pulumi.Resource:
        """A Service under the name that callers know, over pods of the chart."""
        return kubernetes.core.v1.Service(
            name,
            metadata=self._metadata(name),
            spec={
                "type": "ClusterIP",
                "selector": dict(selected),
                "ports": [{"name": "http", "port": port, "target_port": target, "protocol": "TCP"}],
            },
            opts=self._inside(after),
        )

    def _monitor(self) -> None:
        gate = self._args.environment.monitors
        if gate is None:
            return
        service_monitor(RELEASE, self._metadata(RELEASE), self._inside(gate), selected=STATSD, port="statsd-scrape")
        recording_rules(RELEASE, self._metadata(RELEASE), self._inside(gate), records=_METRICS)

    def _expose(self) -> None:
        edge = self._args.environment.edge
        if edge is None:
            return
        exposure = Exposure(RELEASE, self._namespace, WEBSERVER, PORT, public_paths=(HEALTH,), after=self.ready)
        edge.expose(exposure, pulumi.ResourceOptions(parent=self))
