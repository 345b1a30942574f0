"""The programs that the benchmark compares: the project's own, a floor of plain resources, and many namespaces."""

import json
from collections import Counter
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import yaml

CHECKOUT = Path(__file__).resolve().parents[2]

PROJECT = """\
name: bench
runtime: {name: python}
"""

# The provider of the ConfigMaps is configured from an output that a preview does not know, as the program's own is.
FLOOR = """\
import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
import pulumi_random as random

counts = {counts!r}
keys = [aws.kms.Key(f"key-{{n}}", description="plain", tags={tags!r}) for n in range(counts["aws"])]
cluster = kubernetes.Provider("cluster", kubeconfig=keys[0].arn)
for n in range(counts["kubernetes"]):
    kubernetes.core.v1.ConfigMap(
        f"map-{{n}}",
        metadata={{"name": f"map-{{n}}", "namespace": "default", "labels": {tags!r}}},
        data={{"key": "value"}},
        opts=pulumi.ResourceOptions(provider=cluster),
    )
for n in range(counts["random"]):
    random.RandomId(f"id-{{n}}", byte_length=8)
for n in range(counts["biz-automation"]):
    pulumi.ComponentResource("bench:index:Component", f"component-{{n}}")
"""

NAMESPACES = """\
import sys

sys.path.insert(0, {checkout!r})

from tests.bench.programs import register_namespaces

register_namespaces({count})
"""


def stack_configuration(stack: str, *, components: bool = True) -> dict[str, str]:
    """The configuration of a committed stack file as the engine hands it to the program: strings and JSON.

    Args:
        stack: whose file.
        components: with what the file switches on; else the foundation and the base of the cluster alone.
    """
    values = yaml.safe_load((CHECKOUT / f"Pulumi.{stack}.yaml").read_text())["config"]
    if not components:
        del values["biz-automation:components"]
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


def floor_program(resource_types: Mapping[str, int], cost_center: str) -> str:
    """A program that registers as many plain resources of each package as ``resource_types`` counts."""
    counts = Counter[str]({"aws": 0, "kubernetes": 0, "random": 0, "biz-automation": 0})
    for resource_type, count in resource_types.items():
        package = resource_type.split(":")[0]
        if package in counts:
            counts[package] += count
    return FLOOR.format(counts=dict(counts), tags={"cost-center": cost_center})


def register_namespaces(count: int) -> None:
    """Registers namespaces named ``tenant-<n>``, each with the guard rails and the allowance of ``data`` in dev."""
    import pulumi  # noqa: PLC0415 - what measures imports must not pay for it here
    import pulumi_aws as aws  # noqa: PLC0415
    import pulumi_kubernetes as kubernetes  # noqa: PLC0415

    from components import base  # noqa: PLC0415
    from components.ownership import Ownership  # noqa: PLC0415

    # a first preview knows no cluster, just as the program's own
    key = aws.kms.Key("key", tags={"cost-center": "cc-platform"})
    provider = kubernetes.Provider("cluster", kubeconfig=key.arn)
    args = base.NamespaceArgs(
        allowance=base.allowances("dev")["data"],
        kubernetes_version="1.35",
        control_plane=base.ControlPlane([IPv4Network("10.10.0.0/24")], IPv4Address("172.20.0.1")),
        after=[],
        ownership=Ownership("cc-platform", "platform-team", "dev", "internal"),
    )
    for number in range(count):
        base.Namespace(f"tenant-{number}", args, pulumi.ResourceOptions(provider=provider))


def namespaces_program(count: int) -> str:
    """A program of ``count`` namespaces with their guard rails, for the real engine."""
    return NAMESPACES.format(checkout=str(CHECKOUT), count=count)
