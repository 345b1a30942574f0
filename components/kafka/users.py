"""Users as data, and how their credentials reach the clients.

Source: KAFKA-2, KAFKA-4, SEC-1, SEC-5, SEC-10.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import pulumi
import pulumi_kubernetes as kubernetes
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from components.base import Environment, ExternalSecret, ExternalSecretArgs, Namespace, SecretKey
from components.kafka.contract import (
    API_VERSION,
    CLIENT,
    CLUSTER_LABEL,
    NAMESPACE,
    client_properties,
    credentials,
    vault_path,
)
from components.security import INTERNAL_ISSUER
from components.tables import read_table

USERS = Path(__file__).with_name("users.yaml")
_PRODUCE = ("Describe", "Write")
_CONSUME = ("Describe", "Read")
_OWN = ("Create", "Describe", "DescribeConfigs", "Read", "Write")


class UserRow(BaseModel):
    """One user; the file's head says what each field means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    namespaces: Annotated[tuple[str, ...], Field(min_length=1)]
    produces: tuple[str, ...] = ()
    consumes: tuple[str, ...] = ()


@cache
def users() -> Mapping[str, UserRow]:
    """The platform's users by name."""
    rows = read_table(USERS)
    return TypeAdapter(dict[str, UserRow]).validate_python(rows)


@dataclass(frozen=True)
class KafkaUserArgs:
    """What a user may do, and where its clients run.

    A topic's name that ends in ``*`` stands for all topics that start with it.

    Args:
        environment: the stack that it is part of.
        namespaces: where its clients run.
        after: gates: the cluster's definitions and its issuer stand.
        produces: topics that it writes.
        consumes: topics that it reads, in consumer groups whose names start with its own and a dot.
        owns: topics that it makes, reads and writes.
    """

    environment: Environment
    namespaces: Sequence[Namespace]
    after: Sequence[pulumi.Resource]
    produces: Sequence[str] = ()
    consumes: Sequence[str] = ()
    owns: Sequence[str] = ()


class KafkaUser(pulumi.ComponentResource):
    """A user that signs on with a password from the vault, and may do only what its lists name.

    The Secret ``kafka-<user>`` in each of its clients' namespaces has a client's whole configuration as keys.

    Args:
        name: of the user.
        args: what it may do.
        opts: carries the cluster's provider.

    Attributes:
        secret: name of the Secret, the same in every namespace.
        ready: gate: the user stands, and so do its Secrets.

    Source: KAFKA-2, SEC-1, SEC-10.
    """

    secret: str
    ready: pulumi.Resource

    def __init__(self, name: str, args: KafkaUserArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:kafka:KafkaUser", name, None, opts)
        self._name, self._args = name, args
        self.secret = credentials(name)
        home = args.environment.namespaces[NAMESPACE]
        places = {namespace.name: namespace for namespace in (home, *args.namespaces)}
        self.ready = self._user(home, [self._credentials(namespace) for namespace in places.values()])
        self.register_outputs({"secret": self.secret})

    def _credentials(self, namespace: Namespace) -> pulumi.Resource:
        environment = self._args.environment
        return ExternalSecret(
            self.secret,
            ExternalSecretArgs(
                environment=environment,
                namespace=namespace,
                keys={"password": SecretKey(vault_path(self._name))},
                component="events",
                template=client_properties(self._name),
            ),
            pulumi.ResourceOptions(parent=self),
        ).ready

    def _user(self, home: Namespace, secrets: Sequence[pulumi.Resource]) -> pulumi.Resource:
        labels = self._args.environment.labels(self._name, "events")
        password = {"valueFrom": {"secretKeyRef": {"name": self.secret, "key": "password"}}}
        return kubernetes.apiextensions.CustomResource(
            f"user-{self._name}",
            api_version=API_VERSION,
            kind="KafkaUser",
            metadata={"name": self._name, "namespace": home.name, "labels": {**labels, **CLUSTER_LABEL}},
            spec={
                "authentication": {"type": "scram-sha-512", "password": password},
                "authorization": {"type": "simple", "acls": list(_rules(self._name, self._args))},
            },
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[*self._args.after, *secrets], deleted_with=home.resource
            ),
        )


def client_certificate(environment: Environment, namespace: Namespace, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    """What a namespace's clients know the brokers by: a Secret with the authority's certificate, ``ca.crt``.

    Args:
        environment: the stack that it is part of.
        namespace: where the clients run.
        opts: parent, and the gate of the issuer.
    """
    return kubernetes.apiextensions.CustomResource(
        f"{CLIENT}-{namespace.name}",
        api_version="cert-manager.io/v1",
        kind="Certificate",
        metadata={
            "name": CLIENT,
            "namespace": namespace.name,
            "labels": environment.labels(CLIENT, "events"),
        },
        spec={
            "secretName": CLIENT,
            "commonName": f"{CLIENT}.{namespace.name}",
            "usages": ["client auth"],
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
            "issuerRef": {"kind": "ClusterIssuer", "name": INTERNAL_ISSUER},
        },
        opts=pulumi.ResourceOptions.merge(pulumi.ResourceOptions(deleted_with=namespace.resource), opts),
    )


def _rules(user: str, args: KafkaUserArgs) -> Iterator[dict[str, Any]]:
    operations: dict[str, set[str]] = defaultdict(set)
    for topics, allowed in ((args.produces, _PRODUCE), (args.consumes, _CONSUME), (args.owns, _OWN)):
        for topic in topics:
            operations[topic].update(allowed)
    for topic in sorted(operations):
        yield _rule("topic", topic, operations[topic])
    if args.consumes or args.owns:
        yield _rule("group", f"{user}.*", _CONSUME)


def _rule(kind: str, name: str, operations: Iterable[str]) -> dict[str, Any]:
    pattern = "prefix" if name.endswith("*") else "literal"
    resource = {"type": kind, "name": name.removesuffix("*"), "patternType": pattern}
    return {"resource": resource, "operations": sorted(operations)}
