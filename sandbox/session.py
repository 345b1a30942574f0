"""Everything that must run and be in place before a stack can be worked on."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sandbox import control_plane, launchers, moto_server, plugins, toolchain, user_cluster
from sandbox.environment import REGION, KubernetesEndpoint
from sandbox.nodes import Node, pool
from sandbox.stack_files import NAMESPACE, cloud_of, configuration
from sandbox.supervisor import Supervisor

ZONES = {"azure": ("-1", "-2", "-3")}
ZONE_LETTERS = "abcdef"


@dataclass(frozen=True)
class Session:
    """A running sandbox.

    Attributes:
        directory: its state directory.
        pulumi: the real Pulumi CLI.
        cluster: how to reach the cluster.
        aws_intact: whether the AWS stand-in, if the stack needs it, still holds all that it ever accepted.
    """

    directory: Path
    pulumi: Path
    cluster: KubernetesEndpoint
    aws_intact: bool


def open_session(
    directory: Path, nodes: Sequence[Node] | None, cloud: str, say: Callable[[str], None] = print
) -> Session:
    """Build what is missing and start what does not run.

    Args:
        directory: state directory of the sandbox.
        nodes: the cluster's simulated machines; where None, those that it has, or else the baseline.
        cloud: the stack's; the others' daemons are not started.
        say: shows one sentence to the user.

    Raises:
        SandboxError: something cannot be built or started.
    """
    own_cluster = os.environ.get(user_cluster.VARIABLE)
    needed = ("pulumi", "helm") if own_cluster else toolchain.DEPLOYMENT_TOOLS
    tools = toolchain.provide(needed, say)
    with Supervisor(directory, say).exclusive():
        intact = cloud != "aws" or moto_server.is_intact(directory)
        if cloud == "aws":
            moto_server.start(directory, say)
        if own_cluster:
            cluster = user_cluster.read(Path(own_cluster))
            control_plane.publish(directory, cluster)
            say(f"Using the cluster of {own_cluster} ({cluster.server}).")
        else:
            cluster = control_plane.start(directory, nodes, say)
        launchers.install(directory, {name: tools[name] for name in ("pulumi", "helm")})
        plugins.install(directory)
    return Session(directory, tools["pulumi"], cluster, intact)


def nodes_of(stack_file: Path) -> tuple[Node, ...]:
    """Return the machines that a stack's node pools start with.

    Args:
        stack_file: `Pulumi.<stack>.yaml`; what it lacks is left to the program's own validation.
    """
    config = configuration(stack_file)
    cloud = cloud_of(stack_file)
    zones = ZONES.get(cloud, ZONE_LETTERS)[: config.get(f"{NAMESPACE}:network", {}).get("zones", 3)]
    region = config.get(f"{NAMESPACE}:cloud", {}).get("region", REGION)
    pools = cast("list[dict[str, Any]]", config.get(f"{NAMESPACE}:nodePools") or [])
    return tuple(
        node
        for settings in pools
        for node in pool(
            settings["name"], settings["instanceType"], settings["desiredSize"], zones, region, cloud=cloud
        )
    )
