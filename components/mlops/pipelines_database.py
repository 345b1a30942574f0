"""MySQL of Kubeflow Pipelines.

Source: MLOPS-1; docs/adr/0016 says why it is not PostgreSQL.
"""

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import Environment, ExternalSecret, ExternalSecretArgs, Priority, Resources, SecretKey

NAME = "mysql"
PORT = 3306
IMAGE = "mysql:8.4.7"
_USER = 999
# the image's start makes one database; the metadata store has a second one of the same user
_SCHEMA = """CREATE DATABASE IF NOT EXISTS metadb;
GRANT ALL ON metadb.* TO 'pipelines'@'%';
"""
_OPTIONS = (
    "--datadir=/var/lib/mysql",
    # the metadata store's client knows no newer way to log in
    "--authentication-policy=mysql_native_password",
    "--mysql-native-password=ON",
    "--disable-log-bin",
    "--performance-schema=OFF",
)


@dataclass(frozen=True)
class PipelinesDatabaseArgs:
    """What the database needs.

    Args:
        environment: the stack that it is part of.
    """

    environment: Environment


class PipelinesDatabase(pulumi.ComponentResource):
    """One MySQL server with the databases ``mlpipeline`` and ``metadb``; its volume outlives the pod.

    Args:
        name: logical name.
        args: environment.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: the server takes connections.

    Source: MLOPS-1.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: PipelinesDatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:mlops:PipelinesDatabase", name, None, opts)
        self._environment, self._namespace = args.environment, args.environment.namespaces["ml"]
        self._labels = args.environment.labels(NAME, "mlops", IMAGE.partition(":")[2])
        self._selector = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/instance": NAME}
        credentials = ExternalSecret(
            NAME,
            ExternalSecretArgs(
                environment=args.environment,
                namespace=self._namespace,
                keys={
                    "MYSQL_ROOT_PASSWORD": SecretKey("pipelines/database", "root-password"),
                    "MYSQL_USER": SecretKey("pipelines/database", "username"),
                    "MYSQL_PASSWORD": SecretKey("pipelines/database"),
                },
                component="mlops",
            ),
            pulumi.ResourceOptions(parent=self),
        )
        schema = kubernetes.core.v1.ConfigMap(
            NAME, metadata=self._metadata(), data={"metadata.sql": _SCHEMA}, opts=self._inside()
        )
        account = kubernetes.core.v1.ServiceAccount(
            NAME, metadata=self._metadata(), automount_service_account_token=False, opts=self._inside()
        )
        server = self._server(credentials.ready, schema, account)
        self.ready = kubernetes.core.v1.Service(
            NAME,
            metadata=self._metadata(),
            spec={
                "cluster_ip": "None",
                "selector": self._selector,
                "ports": [{"name": NAME, "port": PORT, "target_port": NAME, "protocol": "TCP"}],
            },
            opts=self._inside(server),
        )
        self.register_outputs({})

    def _metadata(self) -> kubernetes.meta.v1.ObjectMetaArgsDict:
        return {"name": NAME, "namespace": self._namespace.name, "labels": self._labels}

    def _inside(self, *gates: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self, depends_on=[self._namespace.ready, *gates], deleted_with=self._namespace.resource
        )

    def _server(self, *gates: pulumi.Resource) -> pulumi.Resource:
        claim: kubernetes.core.v1.PersistentVolumeClaimArgsDict = {
            "metadata": {"name": "data", "labels": self._labels},
            "spec": {
                "access_modes": ["ReadWriteOnce"],
                "storage_class_name": self._environment.storage_class,
                "resources": {"requests": {"storage": self._environment.size(NAME).storage or "5Gi"}},
            },
        }
        return kubernetes.apps.v1.StatefulSet(
            NAME,
            metadata=self._metadata(),
            spec={
                "service_name": NAME,
                "replicas": 1,
                "selector": {"match_labels": self._selector},
                "template": {"metadata": {"labels": self._labels}, "spec": self._pod()},
                "volume_claim_templates": [claim],
            },
            opts=self._inside(*gates),
        )

    def _pod(self) -> kubernetes.core.v1.PodSpecArgsDict:
        return {
            "service_account_name": NAME,
            "automount_service_account_token": False,
            "enable_service_links": False,
            "priority_class_name": Priority.HIGH.value,
            "termination_grace_period_seconds": 60,
            "security_context": {
                "run_as_non_root": True,
                "run_as_user": _USER,
                "run_as_group": _USER,
                "fs_group": _USER,
                "fs_group_change_policy": "OnRootMismatch",
                "seccomp_profile": {"type": "RuntimeDefault"},
            },
            "containers": [self._container()],
            "volumes": [
                {"name": "schema", "config_map": {"name": NAME}},
                {"name": "tmp", "empty_dir": {"size_limit": "1Gi"}},
                {"name": "run", "empty_dir": {"size_limit": "16Mi"}},
            ],
        }

    def _container(self) -> kubernetes.core.v1.ContainerArgsDict:
        # its first start only listens on a socket: nothing connects before the schema stands
        probe: kubernetes.core.v1.ProbeArgsDict = {"tcp_socket": {"port": NAME}, "period_seconds": 10}
        return {
            "name": NAME,
            "image": IMAGE,
            "image_pull_policy": "IfNotPresent",
            "args": list(_OPTIONS),
            "env": [{"name": "MYSQL_DATABASE", "value": "mlpipeline"}],
            "env_from": [{"secret_ref": {"name": NAME}}],
            "ports": [{"name": NAME, "container_port": PORT}],
            "resources": Resources.of(self._environment.size(NAME)).specification(),
            "startup_probe": {**probe, "failure_threshold": 30},
            "liveness_probe": probe,
            "readiness_probe": probe,
            "security_context": {
                "allow_privilege_escalation": False,
                "capabilities": {"drop": ["ALL"]},
                "read_only_root_filesystem": True,
            },
            "volume_mounts": [
                {"name": "data", "mount_path": "/var/lib/mysql"},
                {"name": "schema", "mount_path": "/docker-entrypoint-initdb.d", "read_only": True},
                {"name": "tmp", "mount_path": "/tmp"},  # noqa: S108 - the pod's own
                {"name": "run", "mount_path": "/var/run/mysqld"},
            ],
        }
