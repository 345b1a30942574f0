"""A team that shares the platform with others, and sees nothing of theirs.

Source: ARCH-16 (advanced multi-tenancy), COST-9, SEC-1..3, A-30.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import (
    ROLES,
    Allowance,
    Destinations,
    DestinationsArgs,
    Environment,
    Namespace,
    NamespaceArgs,
    role_binding,
)
from components.identity import Access, Grant
from components.kafka import KafkaUser, KafkaUserArgs, TopicSize, client_certificate, retained, topic

ACCOUNT = "workload"
SETTINGS = "platform"
# of each of its topics, by profile: chosen
_TOPIC_SIZES = {
    "dev": TopicSize(partitions=1, retention_hours=24),
    "stg": TopicSize(partitions=3, retention_hours=72),
    "prod": TopicSize(partitions=3, retention_hours=168),
}


@dataclass(frozen=True)
class EventsAccess:
    """What a team's access to Kafka waits for.

    Args:
        kafka: gate: the cluster stands.
        certificates: gate: the platform's certificate issuers stand.
    """

    kafka: pulumi.Resource
    certificates: pulumi.Resource


@dataclass(frozen=True)
class TeamArgs:
    """What a team gets.

    Args:
        environment: the stack that it is part of.
        organisation: first part of its groups' names.
        kubernetes_version: minor version whose Pod Security rules hold.
        roles: gate: the platform's namespaces stand, and so do the roles bound in them.
        cost_center: who pays for what it runs.
        allowance: what its pods may use.
        topics: of its own, without their common prefix.
        events: gates of Kafka; None: Kafka is off.
        tracking_uri: where MLflow is; None: MLflow is off.
    """

    environment: Environment
    organisation: str
    kubernetes_version: str
    roles: pulumi.Resource
    cost_center: str
    allowance: Allowance
    topics: Sequence[str] = ()
    events: EventsAccess | None = None
    tracking_uri: str | None = None


class Team(pulumi.ComponentResource):
    """The namespace ``team-<name>`` with guard rails and roles, and what is the team's own elsewhere.

    In Kafka: the topics and consumer groups that start with ``team.<name>.`` and ``team-<name>.``. In the lake:
    ``teams/<name>/`` of the curated zone, for pods of the service account ``workload`` with the label
    ``biz-automation/cloud-identity: client``. In MLflow: the experiment ``team-<name>``. The ConfigMap ``platform`` in
    its namespace says where all of it is, and its cost centre is on everything.

    Args:
        name: of the team.
        args: what it gets.
        opts: carries the cluster's provider.

    Attributes:
        namespace: the team's.
        ready: gate: everything of the team's stands.

    Source: ARCH-16, COST-9, SEC-1..3.
    """

    namespace: Namespace
    ready: pulumi.Resource

    def __init__(self, name: str, args: TeamArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:teams:Team", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        ownership = replace(args.environment.ownership, cost_center=args.cost_center)
        self._environment = environment = replace(args.environment, ownership=ownership)
        self.namespace = Namespace(
            f"team-{name}",
            NamespaceArgs(args.allowance, args.kubernetes_version, environment.control_plane, [args.roles], ownership),
            self._child,
        )
        Destinations(
            f"{self.namespace.name}-destinations",
            DestinationsArgs(environment.namespaces, environment.networks, self.namespace),
            self._child,
        )
        self._bind_roles()
        events = self._events(args.events) if args.events else []
        self.ready = self._settings(self._account(), *events)
        self.register_outputs({"namespace": self.namespace.name})

    def _inside(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self, depends_on=[self.namespace.ready, *after], deleted_with=self.namespace.resource
        )

    def _bind_roles(self) -> None:
        for role in ROLES:
            role_binding(
                f"{self.namespace.name}-{role}",
                self.namespace,
                self._args.organisation,
                role,
                self._inside(self._args.roles),
            )

    @property
    def _folder(self) -> str:
        return f"teams/{self._name}/"

    def _account(self) -> pulumi.Resource:
        grant = Grant("lake/curated", Access.WRITE, self._folder)
        binding = self._environment.bind(self.namespace, ACCOUNT, [grant])
        return kubernetes.core.v1.ServiceAccount(
            f"{self.namespace.name}-{ACCOUNT}",
            metadata={**self.namespace.metadata(ACCOUNT), "annotations": dict(binding.annotations) or None},
            automount_service_account_token=False,
            opts=self._inside(*([binding.ready] if binding.ready else [])),
        )

    def _events(self, gates: EventsAccess) -> list[pulumi.Resource]:
        size = _TOPIC_SIZES[self._environment.profile]
        topics = [
            topic(
                self._environment,
                f"{self._topic_prefix}{name}",
                size.partitions,
                retained(size),
                pulumi.ResourceOptions(parent=self, depends_on=[gates.kafka]),
            )
            for name in self._args.topics
        ]
        user = KafkaUser(
            self.namespace.name,
            KafkaUserArgs(
                environment=self._environment,
                namespaces=[self.namespace],
                after=[gates.kafka],
                produces=[f"{self._topic_prefix}*"],
                consumes=[f"{self._topic_prefix}*"],
            ),
            self._child,
        )
        certificate = client_certificate(self._environment, self.namespace, self._inside(gates.certificates))
        return [*topics, user.ready, certificate]

    @property
    def _topic_prefix(self) -> str:
        return f"team.{self._name}."

    def _settings(self, *after: pulumi.Resource) -> pulumi.Resource:
        args, name = self._args, self.namespace.name
        data: dict[str, pulumi.Input[str]] = {
            "LAKE_URI": pulumi.Output.concat(self._environment.lake["curated"], "/", self._folder)
        }
        if args.events:
            data["KAFKA_TOPIC_PREFIX"] = self._topic_prefix
        if args.tracking_uri:
            data |= {"MLFLOW_TRACKING_URI": args.tracking_uri, "MLFLOW_EXPERIMENT_NAME": name}
        return kubernetes.core.v1.ConfigMap(
            f"{name}-{SETTINGS}",
            metadata=self.namespace.metadata(SETTINGS),
            data=data,
            opts=self._inside(*after),
        )
