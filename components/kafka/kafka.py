"""Kafka, with the topics and users of the platform.

Source: KAFKA-1, KAFKA-2, KAFKA-4.
"""

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import Environment, pod_monitor
from components.kafka.cluster_specification import (
    CRUISE_CONTROL_METRICS,
    LISTENER_CERTIFICATE,
    METRICS_KEY,
    REBALANCE_TEMPLATE,
    cluster_specification,
    pool_specification,
    pools,
)
from components.kafka.contract import (
    API_VERSION,
    BOOTSTRAP,
    CLIENT,
    CLUSTER,
    CLUSTER_LABEL,
    NAMESPACE,
    PUBLIC_PROPERTIES,
)
from components.kafka.operator import Strimzi, StrimziArgs
from components.kafka.topics import retained, topic, topics
from components.kafka.users import KafkaUser, KafkaUserArgs, client_certificate, users
from components.security import INTERNAL_ISSUER

# monitor -> labels of the pods and name of their port
_MONITORS = {
    "kafka": ({"strimzi.io/kind": "Kafka"}, "tcp-prometheus"),
    "kafka-topic-operator": ({"app.kubernetes.io/name": "entity-operator"}, "healthcheck-to"),
    "kafka-user-operator": ({"app.kubernetes.io/name": "entity-operator"}, "healthcheck-uo"),
}
_CRUISE_CONTROL_RULES = r"""lowercaseOutputName: true
rules:
  - pattern: kafka.cruisecontrol<name=(.+)><>(\w+)
    name: kafka_cruisecontrol_$1_$2
    type: GAUGE
"""


@dataclass(frozen=True)
class KafkaArgs:
    """What Kafka needs.

    Args:
        environment: the stack that it is part of.
        certificates: gate: the platform's certificate issuers stand.
    """

    environment: Environment
    certificates: pulumi.Resource


class Kafka(pulumi.ComponentResource):
    """The operator, the cluster ``events``, the platform's topics, and its users with their rights.

    There is one listener: TLS with a certificate of the platform's own authority, sign-on with SCRAM-SHA-512. In prod
    three controllers and three brokers, each on a node of its own and spread over the zones; an event counts as
    written when two of its three brokers have it. Volumes outlive everything here.

    Args:
        name: logical name.
        args: the environment, and the gate of the issuers.
        opts: carries the cluster's provider.

    Attributes:
        bootstrap: address that clients start from.
        ready: gate: the cluster, its topics and its users stand.

    Source: KAFKA-1, KAFKA-2, KAFKA-4, A-30.
    """

    bootstrap: str = BOOTSTRAP
    ready: pulumi.Resource

    def __init__(self, name: str, args: KafkaArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:kafka:Kafka", name, None, opts)
        self._args, self._environment = args, args.environment
        self._namespace = args.environment.namespaces[NAMESPACE]
        operator = Strimzi("strimzi", StrimziArgs(self._environment), pulumi.ResourceOptions(parent=self))
        cluster = self._cluster(operator.ready)
        children = [*self._topics(cluster), *self._users(cluster)]
        self._monitors()
        # one resource to wait for, whatever the tables hold
        self.ready = kubernetes.core.v1.ConfigMap(
            CLIENT,
            metadata=self._metadata(CLIENT),
            data=dict(PUBLIC_PROPERTIES),
            opts=self._inside(cluster, *children),
        )
        self.register_outputs({"bootstrap": self.bootstrap})

    def _metadata(self, name: str, **labels: str) -> kubernetes.meta.v1.ObjectMetaArgsDict:
        own = self._environment.labels(name, "events")
        return {"name": name, "namespace": self._namespace.name, "labels": {**own, **labels}}

    def _inside(self, *after: pulumi.Resource, protect: bool | None = None) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self,
            depends_on=[self._namespace.ready, *after],
            deleted_with=self._namespace.resource,
            protect=protect,
        )

    def _cluster(self, operator: pulumi.Resource) -> pulumi.Resource:
        environment = self._environment
        is_prod = environment.profile == "prod"
        before = [
            self._listener_certificate(),
            *(
                kubernetes.apiextensions.CustomResource(
                    f"pool-{pool.name}",
                    api_version=API_VERSION,
                    kind="KafkaNodePool",
                    metadata={
                        "name": pool.name,
                        "namespace": self._namespace.name,
                        "labels": {**environment.labels(CLUSTER, "events"), **CLUSTER_LABEL},
                    },
                    spec=pool_specification(environment, pool),
                    opts=self._inside(operator, protect=is_prod),
                )
                for pool in pools(environment)
            ),
            *(self._rebalancing(operator) if is_prod else []),
        ]
        return kubernetes.apiextensions.CustomResource(
            CLUSTER,
            api_version=API_VERSION,
            kind="Kafka",
            metadata=self._metadata(CLUSTER),
            spec=cluster_specification(environment),
            opts=self._inside(*before, protect=is_prod),
        )

    def _listener_certificate(self) -> pulumi.Resource:
        service = f"{CLUSTER}-kafka-bootstrap"
        ends = ("", f".{NAMESPACE}", f".{NAMESPACE}.svc", f".{NAMESPACE}.svc.cluster.local")
        # brokers give clients names of the headless Service, which end in svc
        brokers = [f"*.{CLUSTER}-kafka-brokers{end}" for end in ends[2:]]
        return kubernetes.apiextensions.CustomResource(
            LISTENER_CERTIFICATE,
            api_version="cert-manager.io/v1",
            kind="Certificate",
            metadata=self._metadata(LISTENER_CERTIFICATE),
            spec={
                "secretName": LISTENER_CERTIFICATE,
                "dnsNames": [*(f"{service}{end}" for end in ends), *brokers],
                "usages": ["server auth"],
                "privateKey": {"algorithm": "ECDSA", "size": 256, "encoding": "PKCS8", "rotationPolicy": "Always"},
                "issuerRef": {"kind": "ClusterIssuer", "name": INTERNAL_ISSUER},
            },
            opts=self._inside(self._args.certificates),
        )

    def _rebalancing(self, operator: pulumi.Resource) -> list[pulumi.Resource]:
        """What Cruise Control shows, and how it moves partitions when brokers come or go."""
        template = self._metadata(REBALANCE_TEMPLATE)
        template["annotations"] = {"strimzi.io/rebalance-template": "true"}
        return [
            kubernetes.core.v1.ConfigMap(
                CRUISE_CONTROL_METRICS,
                metadata=self._metadata(CRUISE_CONTROL_METRICS),
                data={METRICS_KEY: _CRUISE_CONTROL_RULES},
                opts=self._inside(),
            ),
            kubernetes.apiextensions.CustomResource(
                REBALANCE_TEMPLATE,
                api_version=API_VERSION,
                kind="KafkaRebalance",
                metadata=template,
                spec={},
                opts=self._inside(operator),
            ),
        ]

    def _topics(self, cluster: pulumi.Resource) -> list[pulumi.Resource]:
        sizes = {name: row.size(self._environment.profile) for name, row in topics().items()}
        return [
            topic(self._environment, name, size.partitions, retained(size), self._inside(cluster))
            for name, size in sizes.items()
        ]

    def _users(self, cluster: pulumi.Resource) -> list[pulumi.Resource]:
        environment = self._environment
        places = sorted({NAMESPACE, *(place for row in users().values() for place in row.namespaces)})
        certificates = [
            client_certificate(
                environment,
                environment.namespaces[place],
                pulumi.ResourceOptions(
                    parent=self, depends_on=[environment.namespaces[place].ready, self._args.certificates]
                ),
            )
            for place in places
        ]
        rights = [
            KafkaUser(
                name,
                KafkaUserArgs(
                    environment=environment,
                    namespaces=[environment.namespaces[place] for place in row.namespaces],
                    after=[cluster],
                    produces=row.produces,
                    consumes=row.consumes,
                ),
                pulumi.ResourceOptions(parent=self),
            ).ready
            for name, row in users().items()
        ]
        return [*certificates, *rights]

    def _monitors(self) -> None:
        monitors = self._environment.monitors
        if monitors is None:
            return
        for name, (selected, port) in _MONITORS.items():
            pod_monitor(name, self._metadata(name), self._inside(monitors), selected=selected, port=port)
