"""The whole program of a committed stack, the cloud's foundation and the platform over it, recorded."""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from stacks import platform
from stacks.foundation import Foundation, Grant, Identity, IdentityBinding, ServiceAccountReference
from stacks.settings import Settings
from tests.unit.aws_outputs import AWS_OUTPUTS
from tests.unit.azure_outputs import AZURE_FUNCTIONS, AZURE_OUTPUTS
from tests.unit.openshift_cluster import FakeCluster, cluster_of
from tests.unit.platform import Deployment, noted_charts
from tests.unit.recording import RecordingEngine


@dataclass(frozen=True)
class Binding:
    """What a service account asked its cloud for, and got."""

    grants: Sequence[Grant]
    given: IdentityBinding


@dataclass(frozen=True)
class Program(Deployment):
    """A whole program that was deployed.

    ``bindings`` are the cloud's answers to each service account, by ``namespace/name``.
    """

    foundation: Foundation
    bindings: Mapping[str, Binding]

    @property
    def cloud(self) -> str:
        """The cloud that the stack lives in."""
        return self.settings.cloud.provider


@dataclass(frozen=True)
class _NotingIdentity:
    """Hands on what service accounts ask for, and notes it."""

    identity: Identity
    bindings: dict[str, Binding] = field(default_factory=dict[str, Binding])

    def bind(self, account: ServiceAccountReference, grants: Sequence[Grant]) -> IdentityBinding:
        given = self.identity.bind(account, grants)
        self.bindings[f"{account.namespace}/{account.name}"] = Binding(tuple(grants), given)
        return given


def deploy(engine: RecordingEngine, settings: Settings) -> Program:
    """Deploy foundation and platform of a stack in a recording engine."""
    engine.outputs |= {**AWS_OUTPUTS, **AZURE_OUTPUTS}
    engine.functions |= AZURE_FUNCTIONS
    bindings: dict[str, Binding] = {}

    def program() -> tuple[Foundation, dict[str, Any]]:
        foundation = foundation_of(settings)
        noting = replace(foundation, identity=_NotingIdentity(foundation.identity, bindings))
        return foundation, dict(platform.build(settings, noting))

    with noted_charts() as charts:
        foundation, outputs = engine.deploy(program)
    return Program(settings, engine, outputs, charts, frozenset(bindings), foundation, bindings)


def foundation_of(settings: Settings) -> Foundation:
    """Build the foundation of a stack; of OpenShift, on a cluster that is what the settings say of it."""
    cloud = importlib.import_module(f"stacks.{settings.cloud.provider}")

    def connect(_access: object) -> FakeCluster:
        return cluster_of(settings)

    return cloud.build(settings, connect) if settings.openshift else cloud.build(settings)
