"""The list of taggable cloud resource types."""

import json

import pytest

from policies.refresh_taggable_types import taggable_types
from policies.rules.inspection.taggable_types import FILE, has_other_tags, is_cloud, is_taggable


def test_list_is_what_the_installed_sdks_take() -> None:
    assert json.loads(FILE.read_text(encoding="utf-8")) == taggable_types(), (
        "run python policies/refresh_taggable_types.py"
    )


@pytest.mark.parametrize(
    "resource_type",
    [
        "aws:autoscaling/group:Group",
        "aws:ec2/vpc:Vpc",
        "aws:eks/cluster:Cluster",
        "aws:eks/nodeGroup:NodeGroup",
        "aws:iam/role:Role",
        "aws:kms/key:Key",
        "aws:rds/instance:Instance",
        "aws:s3/bucket:Bucket",
        "azure-native:containerservice:ManagedCluster",
        "azure-native:containerservice/v20250701:ManagedCluster",
        "azure-native:resources/v20240301preview:ResourceGroup",
        "azure-native_containerservice_v20250701:containerservice:ManagedCluster",
    ],
)
def test_taggable(resource_type: str) -> None:
    assert is_cloud(resource_type)
    assert is_taggable(resource_type)


@pytest.mark.parametrize(
    "resource_type",
    [
        "aws:ec2/tag:Tag",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "aws:s3/bucketVersioning:BucketVersioning",
        "azure-native:operationalinsights:SavedSearch",
        "azure-native:storage:BlobContainer",
        "kubernetes:core/v1:Pod",
        "pulumi:providers:aws",
        "random:index/randomPet:RandomPet",
    ],
)
def test_not_taggable(resource_type: str) -> None:
    assert not is_taggable(resource_type)


@pytest.mark.parametrize(
    "resource_type",
    [
        "azure-native:apimanagement:NamedValue",
        "azure-native:operationalinsights:Query",
        "azure-native:operationalinsights/v20250701:SavedSearch",
    ],
)
def test_tags_that_are_something_else(resource_type: str) -> None:
    assert has_other_tags(resource_type)
    assert not is_taggable(resource_type)
