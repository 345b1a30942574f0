"""MongoDB, OpenFlow's database.

Source: RPA-2, A-36.
"""

from dataclasses import dataclass
from pathlib import Path

import pulumi

from components.base import (
    Container,
    Environment,
    ExternalSecret,
    ExternalSecretArgs,
    Mount,
    Priority,
    Resources,
    SecretKey,
    Storage,
    TcpProbe,
    Workload,
    WorkloadArgs,
)

NAME = "mongodb"
PORT = 27017
# renovate: datasource=docker depName=mongo
VERSION = "8.0.29"
_INITIATE = Path(__file__).with_name("mongodb_initiate.js")
_CREDENTIALS, _KEY = f"{NAME}-credentials", f"{NAME}-key"
# Only the first member makes the administrator; the others copy it, and must be empty to join. MongoDB refuses a key
# that a group may read, which every file of a Secret is.
_START = """
if [ "${HOSTNAME##*-}" != 0 ]; then unset MONGO_INITDB_ROOT_USERNAME MONGO_INITDB_ROOT_PASSWORD; fi
install -m 400 /etc/mongodb-key/key /tmp/key
exec docker-entrypoint.sh mongod --replSet rs0 --keyFile /tmp/key --bind_ip_all
"""
# the server that makes the administrator listens on the loopback address only, and is no member yet
_INITIATE_ONCE = """
if [ "${HOSTNAME##*-}" = 0 ]; then
  until mongosh --quiet --host "$(hostname -f)" /etc/mongodb/initiate.js; do sleep 2; done
fi
"""


@dataclass(frozen=True)
class MongoDbArgs:
    """What MongoDB needs.

    Args:
        environment: the stack that it is part of.
    """

    environment: Environment


class MongoDb(pulumi.ComponentResource):
    """A replica set ``rs0`` of ``mongodb-0.mongodb-peers`` and so on; OpenFlow listens to its changes.

    Members know each other by a key, clients by name and password; both are the vault's.

    Args:
        name: logical name.
        args: the stack.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: the members accept connections.
        credentials: the administrator's ``username`` and ``password``.
        url_template: address with both, as the template of an ExternalSecret that reads them as ``mongodb_username``
            and ``mongodb_password``.

    Source: RPA-2, A-36.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: MongoDbArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:rpa:MongoDb", name, None, opts)
        self._environment, self._child = args.environment, pulumi.ResourceOptions(parent=self)
        size = args.environment.size(NAME)
        namespace = args.environment.namespaces["workflows"]
        members = [
            f"{NAME}-{index}.{NAME}-peers.{namespace.name}.svc.cluster.local:{PORT}" for index in range(size.replicas)
        ]
        self.credentials = {key: SecretKey("mongodb/admin", key) for key in ("username", "password")}
        self.url_template = (
            f"mongodb://{{{{ .mongodb_username }}}}:{{{{ .mongodb_password }}}}@{','.join(members)}"
            "/?replicaSet=rs0&authSource=admin"
        )
        variables = {f"MONGO_INITDB_ROOT_{key.upper()}": source for key, source in self.credentials.items()}
        secrets = [
            self._secret(_CREDENTIALS, variables),
            self._secret(_KEY, {"key": SecretKey("mongodb/members", "key")}),
        ]
        workload = Workload(
            NAME,
            WorkloadArgs(
                namespace=namespace,
                component="rpa",
                container=_container(Resources.of(size)),
                autoscaling=None,
                replicas=size.replicas,
                spread_zones=args.environment.is_highly_available,
                ownership=args.environment.ownership,
                service_ports={"mongodb": PORT},
                version=VERSION,
                settings={"initiate.js": _INITIATE.read_text(encoding="utf-8"), "members": ",".join(members)},
                variables={"MONGO_MEMBERS": "members"},
                secrets=[_CREDENTIALS],
                after=[secret.ready for secret in secrets],
                priority=Priority.HIGH,
                # the image's own
                user=999,
                grace_period_seconds=60,
                storage=Storage(str(size.storage), "/data/db", args.environment.storage_class),
            ),
            self._child,
        )
        self.ready = workload.ready
        self.register_outputs({})

    def _secret(self, name: str, keys: dict[str, SecretKey]) -> ExternalSecret:
        return ExternalSecret(
            name,
            ExternalSecretArgs(
                environment=self._environment,
                namespace=self._environment.namespaces["workflows"],
                keys=keys,
                component="rpa",
            ),
            self._child,
        )


def _container(resources: Resources) -> Container:
    return Container(
        name=NAME,
        image=f"mongo:{VERSION}",
        resources=resources,
        command=["bash", "-ec", _START],
        post_start=["bash", "-c", _INITIATE_ONCE],
        ports={"mongodb": PORT},
        liveness=TcpProbe("mongodb"),
        readiness=TcpProbe("mongodb"),
        startup=TcpProbe("mongodb", period_seconds=5, failure_threshold=60),
        mounts=[
            Mount("scripts", "/etc/mongodb", {"name": "", "config_map": {"name": NAME}}),
            Mount("key", "/etc/mongodb-key", {"name": "", "secret": {"secret_name": _KEY}}),
        ],
    )
