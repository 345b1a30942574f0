"""The whole life of a stack on the real engine: its update, its drift and its end.

Source: TGT-8, TGT-10, CLI-1, CLI-7, CLI-8.
"""

import json
from typing import Any

import boto3
import pytest

from sandbox import leftovers
from sandbox.cluster_api import ClusterApi
from sandbox.environment import ACCESS_KEY, REGION, KubernetesEndpoint
from tests.engine.conftest import STACK
from tests.engine.engine import Engine, Report, type_name

RAW = "biz-automation-dev-raw"


def test_the_update_created_everything_and_every_policy_agreed(deployment: Report) -> None:
    assert set(deployment.changes) == {"create"}
    assert deployment.violations == []


def test_a_second_update_and_a_refresh_change_nothing(deployed: Engine) -> None:
    assert deployed.up(STACK).check().changed == {}
    assert set(deployed.refresh(STACK).check().changes) == {"same"}


def test_drift_is_shown_for_exactly_what_drifted(
    deployed: Engine, aws_endpoint: str, control_plane: KubernetesEndpoint
) -> None:
    s3: Any = boto3.Session(ACCESS_KEY, ACCESS_KEY, region_name=REGION).client("s3", endpoint_url=aws_endpoint)
    rules = s3.get_bucket_lifecycle_configuration(Bucket=RAW)["Rules"]
    for rule in rules:
        if "NoncurrentVersionExpiration" in rule:
            rule["NoncurrentVersionExpiration"] = {"NoncurrentDays": 999}
    s3.put_bucket_lifecycle_configuration(Bucket=RAW, LifecycleConfiguration={"Rules": rules})
    cluster = ClusterApi(control_plane)
    path = "/api/v1/namespaces/integration/configmaps/healthz"
    settings = cluster.get(path)
    assert settings is not None
    data = {**settings["data"], "PODINFO_LEVEL": "debug"}
    cluster.apply(path, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "healthz"}, "data": data})

    # the Kubernetes provider replaces a ConfigMap whose contents change
    expected = {
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "update",
        "kubernetes:core/v1:ConfigMap": "replace",
    }
    drifted = deployed.preview(STACK, "--refresh").check()
    assert {type_name(urn): operation for urn, operation in drifted.changed.items()} == expected

    deployed.refresh(STACK).check()
    repaired = deployed.up(STACK).check()
    assert {type_name(urn) for urn in repaired.changed} == expected.keys()
    assert (cluster.get(path) or {})["data"] == settings["data"]


def test_no_secret_stands_in_the_clear(deployed: Engine) -> None:
    clear = json.loads(deployed.command("stack", "export", "--stack", STACK, "--show-secrets").check().output)
    secrets = {
        json.loads(resource["outputs"]["result"]["plaintext"])
        for resource in clear["deployment"]["resources"]
        if resource["type"] == "random:index/randomPassword:RandomPassword"
    }
    assert secrets, "the stack makes no password; this test would prove nothing"
    exported = deployed.command("stack", "export", "--stack", STACK).check().output
    outputs = deployed.command("stack", "output", "--stack", STACK, "--json").check().output
    for secret in secrets:
        assert secret not in exported
        assert secret not in outputs


@pytest.mark.last
def test_a_destroy_leaves_nothing_in_aws_and_in_the_cluster(
    deployed: Engine, aws_endpoint: str, control_plane: KubernetesEndpoint
) -> None:
    deployed.destroy(STACK).check()
    left = [*leftovers.in_aws(aws_endpoint, "123456789012"), *leftovers.in_cluster(ClusterApi(control_plane))]
    # definitions stay on purpose: with one would go every object of its kind
    assert left == ["customresourcedefinition scheduledworkflows.kubeflow.org"]
