"""Kubeflow Pipelines: pipelines of steps that each run in a pod.

Source: MLOPS-1, MLOPS-5, MLOPS-7; docs/adr/0016.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import (
    Container,
    Environment,
    Exposure,
    ExternalSecret,
    ExternalSecretArgs,
    Metrics,
    Mount,
    PlatformChart,
    PlatformChartArgs,
    Priority,
    Resources,
    SecretKey,
    Workload,
    WorkloadArgs,
)
from components.datalake import S3Store, bucket_of
from components.identity import Access, Grant, IdentityBinding
from components.mlops.pipelines_database import PipelinesDatabase, PipelinesDatabaseArgs
from components.mlops.pipelines_lake import archive, authority_of_steps, launcher, reads_keys
from components.mlops.pipelines_servers import Server, pipelines_servers
from components.mlops.pipelines_workflows import workflow_values

API = "ml-pipeline"
UI = "ml-pipeline-ui"
METADATA = "metadata-grpc-service"
ENVOY = "metadata-envoy-service"
RUNNER = "pipeline-runner"
DATABASE_SECRET = "pipelines-database"  # noqa: S105 - a name
TOKENS = "/var/run/secrets/kubeflow/tokens"
# below this the lake has everything that pipelines leave behind
PREFIX = "pipelines"
_LOGS = f"{PREFIX}/logs/{{{{workflow.name}}}}/{{{{pod.name}}}}"
_STEP_USERS = frozenset({"DEFAULT_SECURITY_CONTEXT_RUN_AS_USER", "PIPELINE_RUN_AS_USER"})
_ENVOY_CONFIGURATION = Path(__file__).with_name("metadata_envoy.yaml")
_RUNNER_RULES: tuple[kubernetes.rbac.v1.PolicyRuleArgsDict, ...] = (
    {"api_groups": [""], "resources": ["configmaps"], "verbs": ["get"]},
    {"api_groups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]},
    {"api_groups": ["argoproj.io"], "resources": ["workflowtaskresults"], "verbs": ["create", "patch"]},
    # a pipeline trains with a TrainJob, and serves what came out of it
    {
        "api_groups": ["trainer.kubeflow.org", "serving.kserve.io"],
        "resources": ["trainjobs", "inferenceservices"],
        "verbs": ["create", "get", "list", "watch", "update", "patch", "delete"],
    },
)


@dataclass(frozen=True)
class PipelinesArgs:
    """What Pipelines needs.

    Args:
        environment: the stack that it is part of.
        object_store: how the lake is reached over the S3 API.
    """

    environment: Environment
    object_store: S3Store


class Pipelines(pulumi.ComponentResource):
    """Kubeflow Pipelines for one namespace: API server, agents, user interface, metadata store and Argo Workflows.

    Artefacts, logs and definitions are in the curated zone of the lake, below ``pipelines/``; runs and metadata in a
    MySQL of its own.

    Args:
        name: logical name.
        args: environment and object store.
        opts: carries the cluster's provider.

    Attributes:
        address: of the API in the cluster.
        ready: gate: a pipeline can be run.

    Source: MLOPS-1, MLOPS-5, MLOPS-7.
    """

    address: str
    ready: pulumi.Resource

    def __init__(self, name: str, args: PipelinesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:mlops:Pipelines", name, None, opts)
        self._environment, self._store = args.environment, args.object_store
        self._namespace = args.environment.namespaces["ml"]
        self._child = pulumi.ResourceOptions(parent=self)
        self._bucket = args.environment.lake["curated"].apply(bucket_of)
        self._runner = self._bind(RUNNER, Access.WRITE)
        database = PipelinesDatabase("mysql", PipelinesDatabaseArgs(args.environment), self._child)
        credentials = self._credentials()
        after = [database.ready, credentials.ready, self._schedules(), self._workflows(name), *self._files()]
        workloads = [self._workload(server, row, after) for server, row in pipelines_servers().items()]
        if args.environment.edge:
            exposure = Exposure(PREFIX, self._namespace, UI, 80, after=workloads[-1].ready)
            args.environment.edge.expose(exposure, self._child)
        self.address = f"http://{API}.{self._namespace.name}.svc.cluster.local:8888"
        self.ready = workloads[-1].ready
        self.register_outputs({"address": self.address})

    def _inside(self, *gates: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self, depends_on=[self._namespace.ready, *gates], deleted_with=self._namespace.resource
        )

    def _metadata(self, name: str) -> kubernetes.meta.v1.ObjectMetaArgsDict:
        return {
            "name": name,
            "namespace": self._namespace.name,
            "labels": self._environment.labels(name, "mlops"),
        }

    def _credentials(self) -> ExternalSecret:
        prefix = "DBCONFIG_MYSQLCONFIG"
        return ExternalSecret(
            DATABASE_SECRET,
            ExternalSecretArgs(
                environment=self._environment,
                namespace=self._namespace,
                keys={
                    f"{prefix}_USER": SecretKey("pipelines/database", "username"),
                    f"{prefix}_PASSWORD": SecretKey("pipelines/database"),
                },
                component="mlops",
            ),
            self._child,
        )

    def _schedules(self) -> pulumi.Resource:
        """Define recurring runs; what is in one is the scheduler's own matter, and no schema upstream says it."""
        anything: kubernetes.apiextensions.v1.JSONSchemaPropsArgsDict = {
            "type": "object",
            "x_kubernetes_preserve_unknown_fields": True,
        }
        return kubernetes.apiextensions.v1.CustomResourceDefinition(
            "scheduledworkflows.kubeflow.org",
            metadata={
                "name": "scheduledworkflows.kubeflow.org",
                "labels": self._environment.labels("scheduledworkflows", "mlops"),
            },
            spec={
                "group": "kubeflow.org",
                "scope": "Namespaced",
                "names": {
                    "kind": "ScheduledWorkflow",
                    "list_kind": "ScheduledWorkflowList",
                    "plural": "scheduledworkflows",
                    "singular": "scheduledworkflow",
                    "short_names": ["swf"],
                },
                "versions": [
                    {
                        "name": "v1beta1",
                        "served": True,
                        "storage": True,
                        "schema": {
                            "open_apiv3_schema": {
                                "type": "object",
                                "properties": {"spec": anything, "status": anything},
                            }
                        },
                    }
                ],
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self._namespace.ready], retain_on_delete=True),
        )

    def _workflows(self, name: str) -> pulumi.Resource:
        environment, keys = self._environment, self._runner.credentials
        self._account()
        logs = archive(self._store, self._bucket, _LOGS, keys)
        return PlatformChart(
            f"{name}-argo-workflows",
            PlatformChartArgs(
                environment=environment,
                chart="argo-workflows",
                namespace=self._namespace,
                values=workflow_values(
                    environment, RUNNER, self._runner.pod_labels, logs, static_keys=keys is not None
                ),
                component="mlops",
                destinations=["api-server"],
            ),
            self._child,
        ).ready

    def _account(self) -> None:
        """Make the service account of the steps."""
        binding = self._runner
        account = kubernetes.core.v1.ServiceAccount(
            RUNNER,
            metadata={**self._metadata(RUNNER), "annotations": dict(binding.annotations) or None},
            opts=self._inside(*([binding.ready] if binding.ready else [])),
        )
        role = kubernetes.rbac.v1.Role(
            RUNNER,
            metadata=self._metadata(RUNNER),
            rules=[*_RUNNER_RULES, *reads_keys(binding.credentials)],
            opts=self._inside(),
        )
        kubernetes.rbac.v1.RoleBinding(
            RUNNER,
            metadata=self._metadata(RUNNER),
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": RUNNER},
            subjects=[{"kind": "ServiceAccount", "name": RUNNER, "namespace": self._namespace.name}],
            opts=self._inside(account, role),
        )

    def _files(self) -> list[pulumi.Resource]:
        root = pulumi.Output.concat(self._environment.lake["curated"], f"/{PREFIX}/artifacts")
        files = {
            # the name under which steps look for where their artefacts go
            "kfp-launcher": launcher(self._store, root, self._runner.credentials),
            f"{ENVOY}-configuration": {"envoy.yaml": _ENVOY_CONFIGURATION.read_text("utf-8")},
        }
        return [
            kubernetes.core.v1.ConfigMap(name, metadata=self._metadata(name), data=data, opts=self._inside())
            for name, data in files.items()
        ]

    def _bind(self, account: str, access: Access) -> IdentityBinding:
        return self._environment.bind(self._namespace, account, [Grant("lake/curated", access)])

    def _workload(self, name: str, row: Server, after: Sequence[pulumi.Resource]) -> Workload:
        environment = self._environment
        size = environment.size(name)
        access = {API: Access.WRITE, UI: Access.READ}.get(name)
        probe = row.probe
        container = Container(
            name=name,
            image=row.image,
            resources=Resources.of(size),
            liveness=probe.probe() if probe else None,
            readiness=probe.probe() if probe else None,
            # the databases' tables are brought up to date first
            startup=probe.probe(failure_threshold=30) if probe else None,
            ports=row.ports,
            command=row.command,
            args=row.args,
            env=self._variables(name),
            mounts=self._mounts(name, row),
        )
        return Workload(
            name,
            WorkloadArgs(
                namespace=self._namespace,
                component="mlops",
                container=container,
                autoscaling=None,
                spread_zones=False,
                ownership=environment.ownership,
                service_ports={**row.ports, **row.service},
                version=row.version,
                replicas=size.replicas,
                settings=self._settings(row),
                secrets=[DATABASE_SECRET] if name in (API, METADATA) else [],
                destinations=["object-store"] if access else [],
                identity=self._bind(name, access) if access else None,
                metrics=Metrics(environment.monitors) if row.metrics and environment.monitors else None,
                after=after,
                priority=Priority.HIGH,
                user=1000,
                permissions=[*(permission.rule() for permission in row.permissions), *self._rules(name)],
            ),
            self._child,
        )

    def _settings(self, row: Server) -> Mapping[str, str]:
        # steps' users are numbers of the namespace, where the cluster assigns them
        unset = _STEP_USERS if self._environment.assigns_user_ids else frozenset[str]()
        return {key: value for key, value in row.settings.items() if key not in unset}

    def _rules(self, name: str) -> list[kubernetes.rbac.v1.PolicyRuleArgsDict]:
        # it shows artefacts and logs with the keys of those who left them
        return reads_keys(self._runner.credentials) if name == UI else []

    def _variables(self, name: str) -> list[kubernetes.core.v1.EnvVarArgsDict]:
        store = self._store
        own: kubernetes.core.v1.EnvVarArgsDict = {
            "name": "POD_NAMESPACE",
            "value_from": {"field_ref": {"field_path": "metadata.namespace"}},
        }
        if name == API:
            return [
                own,
                {"name": "OBJECTSTORECONFIG_HOST", "value": store.host},
                {"name": "OBJECTSTORECONFIG_REGION", "value": store.region},
                {"name": "OBJECTSTORECONFIG_BUCKETNAME", "value": self._bucket},
                *(
                    {"name": variable, "value": value}
                    for variable, value in authority_of_steps(self._runner.credentials).items()
                ),
            ]
        if name == UI:
            return [
                {"name": "AWS_S3_ENDPOINT", "value": store.host},
                {"name": "AWS_REGION", "value": store.region},
                {"name": "ARGO_ARCHIVE_BUCKETNAME", "value": self._bucket},
                {"name": "ARGO_KEYFORMAT", "value": _LOGS},
            ]
        return []

    @staticmethod
    def _mounts(name: str, row: Server) -> list[Mount]:
        mounts: list[Mount] = []
        if name == ENVOY:
            mounts.append(
                Mount(
                    "configuration",
                    "/etc/envoy",
                    {"name": "configuration", "config_map": {"name": f"{ENVOY}-configuration"}},
                )
            )
        if row.token:
            token: kubernetes.core.v1.ServiceAccountTokenProjectionArgsDict = {
                "path": row.token,
                "audience": "pipelines.kubeflow.org",
                "expiration_seconds": 3600,
            }
            mounts.append(
                Mount("token", TOKENS, {"name": "token", "projected": {"sources": [{"service_account_token": token}]}})
            )
        return mounts
