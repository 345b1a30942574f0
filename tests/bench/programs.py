"""The programs that the benchmark compares: the project's own, a floor of plain resources, and many namespaces."""

from collections import Counter
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]

PROJECT = """\
name: bench
runtime: {name: python}
"""

# As the project's own program does: what is compared is what it registers, not how often garbage is looked for.
COLLECT_RARELY = """\
import gc

gc.freeze()
gc.set_threshold(50_000, 20, 20)
"""

# The simplest resource of each package that its cloud takes. The provider of the ConfigMaps is configured from an
# output that a preview does not know, as the program's own is.
PLAIN = {
    "random": """\
import pulumi_random as random

ids = [random.RandomId(f"id-{{n}}", byte_length=8) for n in range({count})]
""",
    "aws": """\
import pulumi_aws as aws

for n in range({count}):
    aws.kms.Key(f"key-{{n}}", description="plain", tags={tags!r})
""",
    "azure-native": """\
import pulumi_azure_native as azure_native

for n in range({count}):
    azure_native.managedidentity.UserAssignedIdentity(f"identity-{{n}}", resource_group_name="plain", tags={tags!r})
""",
    "kubernetes": """\
import pulumi_kubernetes as kubernetes

cluster = kubernetes.Provider("cluster", kubeconfig=ids[0].hex)
for n in range({count}):
    kubernetes.core.v1.ConfigMap(
        f"map-{{n}}",
        metadata={{"name": f"map-{{n}}", "namespace": "default", "labels": {tags!r}}},
        data={{"key": "value"}},
        opts=pulumi.ResourceOptions(provider=cluster),
    )
""",
    "biz-automation": """\
for n in range({count}):
    pulumi.ComponentResource("bench:index:Component", f"component-{{n}}")
""",
}
PLAIN_MODULES = {
    "aws": "pulumi_aws.kms",
    "azure-native": "pulumi_azure_native.managedidentity",
    "kubernetes": "pulumi_kubernetes.core.v1",
    "random": "pulumi_random",
}

NAMESPACES = """\
import sys

sys.path.insert(0, {checkout!r})

from tests.bench.programs import register_namespaces

register_namespaces({count})
"""


def floor_program(resource_types: Mapping[str, int], cost_center: str) -> str:
    """A program that registers as many plain resources of each package as ``resource_types`` counts."""
    counts = Counter[str]()
    for resource_type, count in resource_types.items():
        counts[resource_type.split(":")[0]] += count
    # the provider of the ConfigMaps needs one
    counts["random"] = max(counts["random"], 1)
    tags = {"cost-center": cost_center}
    parts = [text.format(count=counts[package], tags=tags) for package, text in PLAIN.items() if counts[package]]
    return "\n".join(["import pulumi\n", COLLECT_RARELY, *parts])


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
    return "\n".join([COLLECT_RARELY, NAMESPACES.format(checkout=str(CHECKOUT), count=count)])
