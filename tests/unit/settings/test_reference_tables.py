"""The tables agree with what the cloud answers. Source: CLU-4, A-5, A-32."""

import re
from datetime import date
from ipaddress import IPv4Network

import boto3
import pytest
from moto import mock_aws

from components.network.aws_zones import zone_names
from stacks.settings.reference_tables import (
    aws_endpoint_services,
    aws_instance_types,
    aws_log_retention_days,
    aws_regions,
    azure_database_storage,
    azure_locations,
    azure_vm_sizes,
    database_classes,
    kubernetes_versions,
    openshift_vm_sizes,
    postgres_versions,
)
from stacks.settings.rules.network import PRIVATE_BLOCKS


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that no account knows."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")


@pytest.mark.usefixtures("credentials")
def test_instance_types_have_the_size_that_ec2_tells() -> None:
    table = aws_instance_types()
    with mock_aws():
        ec2 = boto3.client("ec2", region_name="us-east-1")
        pages = ec2.get_paginator("describe_instance_types").paginate(
            Filters=[{"Name": "instance-type", "Values": sorted(table)}]
        )
        told = {item["InstanceType"]: item for page in pages for item in page["InstanceTypes"]}

    assert told.keys() == table.keys()
    for name, row in table.items():
        network = told[name]["NetworkInfo"]
        assert row.cpus == told[name]["VCpuInfo"]["DefaultVCpus"]
        assert row.memory_gib * 1024 == told[name]["MemoryInfo"]["SizeInMiB"]
        assert row.addresses == network["MaximumNetworkInterfaces"] * network["Ipv4AddressesPerInterface"]
        assert row.interfaces == network["MaximumNetworkInterfaces"]
        assert (row.architecture == "arm64") == ("arm64" in told[name]["ProcessorInfo"]["SupportedArchitectures"])


@pytest.mark.parametrize(
    ("name", "pods"), [("m5.large", 29), ("m5.xlarge", 58), ("m5.4xlarge", 234), ("t3.large", 35), ("g4dn.xlarge", 29)]
)
def test_a_node_takes_the_pods_that_eks_tells(name: str, pods: int) -> None:
    """Source: https://github.com/awslabs/amazon-eks-ami, eni-max-pods.txt."""
    assert aws_instance_types()[name].pods == pods


def test_the_baseline_machine_is_in_the_table() -> None:
    assert (aws_instance_types()["m5.xlarge"].cpus, aws_instance_types()["m5.xlarge"].memory_gib) == (4, 16)


def test_regions_are_those_of_the_commercial_partition() -> None:
    assert sorted(boto3.Session().get_available_regions("ec2")) == sorted(aws_regions())


def test_every_region_has_the_two_zones_that_dev_needs() -> None:
    assert all(len(zone_names(region, 2)) == 2 for region in aws_regions())


@pytest.mark.usefixtures("credentials")
def test_endpoint_services_exist_at_aws() -> None:
    with mock_aws():
        ec2 = boto3.client("ec2", region_name="us-east-1")
        names = ec2.describe_vpc_endpoint_services()["ServiceNames"]

    assert {f"com.amazonaws.us-east-1.{service}" for service in aws_endpoint_services()} <= set(names)


def test_log_retention_is_what_cloudwatch_takes() -> None:
    logs = boto3.client("logs", region_name="us-east-1")
    values = logs.meta.service_model.shape_for("Days").documentation.partition("Possible values are:")[2].split(".")[0]

    assert aws_log_retention_days() == [int(days) for days in re.findall(r"[0-9]+", values)]


@pytest.mark.parametrize(
    "versions",
    [kubernetes_versions("eks"), kubernetes_versions("aks"), postgres_versions()],
    ids=["eks", "aks", "postgres"],
)
def test_versions_are_text_with_the_end_of_their_support(versions: dict[str, date]) -> None:
    assert versions
    assert all(type(version) is str for version in versions)
    assert list(versions.values()) == sorted(versions.values())


def test_private_blocks_are_private() -> None:
    assert all(not block.is_global for block in PRIVATE_BLOCKS)
    assert IPv4Network("100.64.0.0/10") in PRIVATE_BLOCKS


def test_vm_sizes_say_in_their_name_what_they_have() -> None:
    for name, row in azure_vm_sizes().items():
        parts = re.match(r"Standard_([A-Z]+)([0-9]+)([a-z]*)", name)
        assert parts, name
        family, cpus, features = parts.groups()
        assert row.cpus == int(cpus)
        assert row.max_pods == 250
        assert (row.architecture == "arm64") == ("p" in features)
        assert bool(row.gpus) == (family == "NC")


@pytest.mark.parametrize(("role", "cpus"), [("control-plane", 8), ("worker", 4)])
def test_openshift_has_machines_that_azure_sells_and_that_are_large_enough(role: str, cpus: int) -> None:
    names = openshift_vm_sizes()[role]
    assert len(set(names)) == len(names)
    assert min(azure_vm_sizes()[name].cpus for name in names) == cpus
    assert {azure_vm_sizes()[name].architecture for name in names} == {"amd64"}


def test_database_sizes_have_a_tier_that_fits_their_family() -> None:
    tiers = {"B": "Burstable", "D": "GeneralPurpose", "E": "MemoryOptimized"}
    rows = database_classes("azure")
    assert {name: row["tier"] for name, row in rows.items()} == {
        name: tiers[name.removeprefix("Standard_")[0]] for name in rows
    }
    assert azure_database_storage() == [2**power for power in range(5, 15)]


def test_locations_have_three_zones_or_none() -> None:
    assert set(azure_locations().values()) == {0, 3}
    assert azure_locations()["westeurope"] == 3
