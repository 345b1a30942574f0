"""What AWS would answer when the foundation's resources are created: only what the program reads of it."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.unit.recording import ACCOUNT


def _cluster(_name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "endpoint": "https://eks.example",
        "certificateAuthority": {"data": "Q0E="},
        "identities": [{"oidcs": [{"issuer": "https://oidc.example/id/1"}]}],
        "vpcConfig": {**inputs["vpcConfig"], "clusterSecurityGroupId": "sg-cluster"},
    }


def _database(_name: str, _inputs: dict[str, Any]) -> dict[str, Any]:
    secret = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:rds!db-1"
    return {"address": "db.example", "masterUserSecrets": [{"secretArn": secret}]}


AWS_OUTPUTS: Mapping[str, Callable[[str, dict[str, Any]], dict[str, Any]]] = {
    "aws:eks/cluster:Cluster": _cluster,
    "aws:ec2/launchTemplate:LaunchTemplate": lambda _name, _inputs: {"latestVersion": 1},
    "aws:rds/instance:Instance": _database,
    "random:index/randomPassword:RandomPassword": lambda _name, _inputs: {"result": "canary"},
}
