"""Kestra: declarative flows with their triggers, API and UI.

Source: WF-KESTRA-1..14, NET-4, A-10, A-13, A-15, A-20.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import (
    Container,
    Environment,
    Exposure,
    ExternalSecret,
    ExternalSecretArgs,
    HttpProbe,
    Metrics,
    Priority,
    Resources,
    SecretKey,
    Workload,
    WorkloadArgs,
    recording_rules,
)
from components.database import DatabaseServer
from components.identity import Access, Grant
from components.workflows.flow_secrets import FlowSecret, FlowSecretKey
from components.workflows.kestra_configuration import WEBHOOKS, configuration
from components.workflows.kestra_storage import kestra_storage

NAME = "kestra"
# renovate: datasource=docker depName=kestra/kestra
VERSION = "v1.3.16"
PORT, MANAGEMENT_PORT = 8080, 8081
ADMIN_SECRET = "kestra-admin"  # noqa: S105 - the Secret's name
_USER = 1000
# a worker that is told to stop ends the tasks that it has begun
_GRACE_PERIOD_SECONDS = 360
# what the flows may call: whatever a part runs tasks
_TASK_DESTINATIONS = ("internet", "airflow", "cache", "kafka", "mlflow", "inference")
_TASK_GRANTS = (Grant("lake/raw", Access.READ), Grant("bucket/invoices", Access.WRITE))
# the metrics that alerts and dashboards count on -> how Kestra's own give them; one series per pod: each counts alone
_METRICS = {
    "kestra_executions_total": "sum without (state) (kestra_executor_execution_end_count_total)",
    "kestra_executions_failed_total": 'sum without (state) (kestra_executor_execution_end_count_total{state="FAILED"})',
}


@dataclass(frozen=True)
class KestraArgs:
    """What Kestra needs.

    Args:
        environment: the stack that it is part of.
        database: where it keeps flows, executions and its queue.
        flow_secrets: what flows read, by the name of the Secret.
        distributed: whether webserver, executor, scheduler, worker and indexer are Deployments of their own.
    """

    environment: Environment
    database: DatabaseServer
    flow_secrets: Mapping[str, FlowSecret]
    distributed: bool = False


@dataclass(frozen=True)
class _Part:
    """A server of Kestra.

    Args:
        name: of its Deployment.
        server: what ``kestra server`` calls it.
        serves: whether API and UI are here.
        works: whether tasks run here.
    """

    name: str
    server: str
    serves: bool = False
    works: bool = False


_STANDALONE = (_Part(NAME, "standalone", serves=True, works=True),)
_DISTRIBUTED = (
    _Part("kestra-executor", "executor"),
    _Part("kestra-indexer", "indexer"),
    _Part("kestra-scheduler", "scheduler"),
    _Part("kestra-worker", "worker", works=True),
    _Part(NAME, "webserver", serves=True),
)


class Kestra(pulumi.ComponentResource):
    """Kestra with API, UI and webhooks at ``kestra:8080``, standalone or in parts.

    Flows are loaded through the API, with the credentials in the Secret ``kestra-admin`` (``username``, ``password``).
    Webhooks prove themselves with their key, everything else signs on.

    Args:
        name: logical name.
        args: database and shape.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: every part is available, API included.
        address: of API and UI inside the cluster, with scheme and port.
        admin_secret: name of the Secret with the API's credentials.
        flow_secrets: gates: each Secret that flows read, by its name.

    Source: WF-KESTRA-1..14, NET-4, A-10, A-13, A-15, A-20.
    """

    ready: pulumi.Resource
    address: str
    admin_secret: str
    flow_secrets: Mapping[str, pulumi.Resource]

    def __init__(self, name: str, args: KestraArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:workflows:Kestra", name, None, opts)
        self._args = args
        self._namespace = args.environment.namespaces["workflows"]
        self._storage = kestra_storage(args.environment.object_store, args.environment.lake["curated"])
        database = self._database_secret()
        admin = self._secret(ADMIN_SECRET, {key: SecretKey("kestra/admin", key) for key in ("username", "password")})
        self.flow_secrets = {secret: self._flow_secret(secret, row) for secret, row in args.flow_secrets.items()}
        after = [args.database.ready, database.ready, admin.ready, *self.flow_secrets.values()]
        *others, api = _DISTRIBUTED if args.distributed else _STANDALONE
        running = [self._workload(part, after).ready for part in others]
        workload = self._workload(api, [*after, *running])
        self.ready = workload.ready
        self.address = f"http://{workload.address}:{PORT}"
        self.admin_secret = ADMIN_SECRET
        self._metrics()
        self._expose()
        self.register_outputs({"address": self.address})

    def _secret(
        self, name: str, keys: Mapping[str, SecretKey], template: Mapping[str, str] | None = None
    ) -> ExternalSecret:
        environment = self._args.environment
        return ExternalSecret(
            name,
            ExternalSecretArgs(
                environment=environment,
                namespace=self._namespace,
                keys=keys,
                component="workflows",
                template=template or {},
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _database_secret(self) -> ExternalSecret:
        credentials = self._args.database.database(NAME).credentials
        return self._secret(
            "kestra-database",
            credentials,
            {f"DATABASE_{key.upper()}": f"{{{{ .{key} }}}}" for key in credentials},
        )

    def _flow_secret(self, secret: str, row: FlowSecret) -> pulumi.Resource:
        template: dict[str, str] = {}
        for key, value in row.keys.items():
            # Kestra reads secrets from its environment, in base64
            template |= {key: f"{{{{ .{value.name} }}}}", value.variable: f"{{{{ .{value.name} | b64enc }}}}"}
        return self._secret(secret, {value.name: value.source for value in row.keys.values()}, template).ready

    def _workload(self, part: _Part, after: Sequence[pulumi.Resource]) -> Workload:
        environment, size = self._args.environment, self._args.environment.size(part.name)
        grants = (*self._storage.grants, *(_TASK_GRANTS if part.works else ()))
        web = {"http": PORT} if part.serves else {}
        return Workload(
            part.name,
            WorkloadArgs(
                namespace=self._namespace,
                component="workflows",
                container=self._container(part, Resources(size.cpu, size.memory, size.cpu_limit)),
                # memory of a JVM only grows and its CPU says little of its queue: nothing here for an autoscaler
                autoscaling=None,
                replicas=size.replicas,
                spread_zones=environment.is_highly_available,
                ownership=environment.ownership,
                service_ports={**web, "management": MANAGEMENT_PORT},
                version=VERSION,
                settings={
                    "KESTRA_CONFIGURATION": configuration(
                        self._args.database.database(NAME).jdbc_url,
                        environment.host(NAME),
                        self._storage.settings,
                        serves=part.serves,
                    ),
                    "JAVA_OPTS": "-XX:MaxRAMPercentage=60",
                },
                secrets=["kestra-database"],
                destinations=["database", "object-store", *(_TASK_DESTINATIONS if part.works else ())],
                identity=environment.bind(self._namespace, part.name, grants),
                metrics=Metrics(environment.monitors, "management", "/prometheus") if environment.monitors else None,
                after=after,
                priority=Priority.HIGH,
                user=_USER,
                grace_period_seconds=_GRACE_PERIOD_SECONDS,
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _container(self, part: _Part, resources: Resources) -> Container:
        return Container(
            name=NAME,
            image=f"kestra/kestra:{VERSION}",
            resources=resources,
            args=["server", part.server],
            ports={**({"http": PORT} if part.serves else {}), "management": MANAGEMENT_PORT},
            liveness=HttpProbe("/health/liveness", "management"),
            readiness=HttpProbe("/health/readiness", "management"),
            startup=HttpProbe("/health", "management", period_seconds=5, failure_threshold=60),
            env=[
                *({"name": name, "value": value} for name, value in self._storage.variables.items()),
                *(_admin_environment() if part.serves else ()),
                *(self._flow_environment() if part.works else ()),
            ],
            # its entry point writes KESTRA_CONFIGURATION to the first, tasks work in the second
            writable={"/app/confs": "1Mi", "/tmp": "4Gi" if part.works else "256Mi"},  # noqa: S108 - the pod's own
        )

    def _flow_environment(self) -> Sequence[kubernetes.core.v1.EnvVarArgsDict]:
        return [
            variable
            for secret, row in self._args.flow_secrets.items()
            for variable in _variables(secret, row.keys.values())
        ]

    def _metrics(self) -> None:
        environment = self._args.environment
        if environment.monitors is None:
            return
        recording_rules(
            NAME,
            {"name": NAME, "namespace": self._namespace.name, "labels": environment.labels(NAME, "workflows")},
            pulumi.ResourceOptions(
                parent=self,
                depends_on=[self._namespace.ready, environment.monitors],
                deleted_with=self._namespace.resource,
            ),
            records=_METRICS,
        )

    def _expose(self) -> None:
        if self._args.environment.edge is None:
            return
        exposure = Exposure(NAME, self._namespace, NAME, PORT, public_paths=WEBHOOKS, after=self.ready)
        self._args.environment.edge.expose(exposure, pulumi.ResourceOptions(parent=self))


def _admin_environment() -> Sequence[kubernetes.core.v1.EnvVarArgsDict]:
    return [
        {"name": f"ADMIN_{key.upper()}", "value_from": {"secret_key_ref": {"name": ADMIN_SECRET, "key": key}}}
        for key in ("username", "password")
    ]


def _variables(secret: str, values: Iterable[FlowSecretKey]) -> Iterator[kubernetes.core.v1.EnvVarArgsDict]:
    # optional: a worker that waited for what nobody has supplied would run no flow at all
    for value in values:
        reference: kubernetes.core.v1.SecretKeySelectorArgsDict = {
            "name": secret,
            "key": value.variable,
            "optional": True,
        }
        yield {"name": value.variable, "value_from": {"secret_key_ref": reference}}
