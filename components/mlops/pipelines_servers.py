"""The servers of Kubeflow Pipelines as data.

Source: MLOPS-1.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pulumi_kubernetes as kubernetes
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from components.base import HttpProbe, TcpProbe
from components.tables import read_table

SERVERS = Path(__file__).with_name("pipelines.yaml")


class ServerProbe(BaseModel):
    """Where a server shows that it works."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: str
    path: str | None = None

    def probe(self, failure_threshold: int = 3) -> HttpProbe | TcpProbe:
        """The probe of the container.

        Args:
            failure_threshold: failures in a row that count.
        """
        if self.path is None:
            return TcpProbe(self.port, failure_threshold=failure_threshold)
        return HttpProbe(self.path, self.port, failure_threshold=failure_threshold)


class Permission(BaseModel):
    """One rule of a Role."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_groups: tuple[str, ...]
    resources: tuple[str, ...]
    verbs: tuple[str, ...]

    def rule(self) -> kubernetes.rbac.v1.PolicyRuleArgsDict:
        """The rule as Kubernetes takes it."""
        return {
            "api_groups": list(self.api_groups),
            "resources": list(self.resources),
            "verbs": list(self.verbs),
        }


class Server(BaseModel):
    """One server; the file's head says what each field means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    image: str
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    ports: Mapping[str, int] = Field(default_factory=dict[str, int])
    service: Mapping[str, int] = Field(default_factory=dict[str, int])
    probe: ServerProbe | None = None
    metrics: bool = False
    token: str | None = None
    settings: Mapping[str, str] = Field(default_factory=dict[str, str])
    permissions: tuple[Permission, ...] = ()

    @property
    def version(self) -> str:
        """Tag of the image."""
        return self.image.rpartition(":")[2]


@cache
def pipelines_servers() -> Mapping[str, Server]:
    """The servers by name."""
    return TypeAdapter(dict[str, Server]).validate_python(read_table(SERVERS))
