"""Data sources of the AWS provider."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.providers.aws.cloud import PARTITION, Cloud, only
from sandbox.providers.stand_in import StandInError

Answer = dict[str, Any]


def invoke(cloud: Cloud, token: str, arguments: dict[str, Any]) -> Answer:
    """Answer a data source.

    Args:
        cloud: where to ask.
        token: e.g. ``aws:index/getCallerIdentity:getCallerIdentity``.
        arguments: its arguments.

    Raises:
        StandInError: the sandbox does not know the data source.
    """
    if token not in _FUNCTIONS:
        raise StandInError(
            f"The sandbox does not know the function {token}; add it to sandbox/providers/aws/invokes.py."
            f" It knows {', '.join(sorted(_FUNCTIONS))}."
        )
    return {**arguments, **_FUNCTIONS[token](cloud.in_region(arguments.get("region")), arguments)}


def _caller_identity(cloud: Cloud, arguments: Answer) -> Answer:
    del arguments
    caller = cloud.client("sts").get_caller_identity()
    return {"id": caller["Account"], "accountId": caller["Account"], "arn": caller["Arn"], "userId": caller["UserId"]}


def _region(cloud: Cloud, arguments: Answer) -> Answer:
    del arguments
    return {
        "id": cloud.region,
        "name": cloud.region,
        "region": cloud.region,
        "description": cloud.region,
        "endpoint": f"ec2.{cloud.region}.amazonaws.com",
    }


def _partition(cloud: Cloud, arguments: Answer) -> Answer:
    del cloud, arguments
    return {
        "id": PARTITION,
        "partition": PARTITION,
        "dnsSuffix": "amazonaws.com",
        "reverseDnsPrefix": "com.amazonaws",
    }


def _availability_zones(cloud: Cloud, arguments: Answer) -> Answer:
    zones = cloud.client("ec2").describe_availability_zones()["AvailabilityZones"]
    excluded = set(arguments.get("excludeNames") or [])
    shown = sorted((zone for zone in zones if zone["ZoneName"] not in excluded), key=lambda zone: zone["ZoneName"])
    return {
        "id": cloud.region,
        "names": [zone["ZoneName"] for zone in shown],
        "zoneIds": [zone["ZoneId"] for zone in shown],
        "groupNames": [cloud.region],
    }


def _policy_document(cloud: Cloud, arguments: Answer) -> Answer:
    del cloud
    document: Answer = {"Version": arguments.get("version") or "2012-10-17"}
    if arguments.get("policyId"):
        document["Id"] = arguments["policyId"]
    document["Statement"] = [_statement(item) for item in arguments.get("statements") or []]
    return {"id": "policy", "json": json.dumps(document, indent=2), "minifiedJson": json.dumps(document)}


def _statement(item: Answer) -> Answer:
    statement: Answer = {"Sid": item["sid"]} if item.get("sid") else {}
    statement["Effect"] = item.get("effect") or "Allow"
    lists = {"actions": "Action", "notActions": "NotAction", "resources": "Resource", "notResources": "NotResource"}
    statement |= {field: _short(item[name]) for name, field in lists.items() if item.get(name)}
    for name, field in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        if item.get(name):
            statement[field] = _principals(item[name])
    conditions: dict[str, dict[str, Any]] = {}
    for condition in item.get("conditions") or []:
        conditions.setdefault(condition["test"], {})[condition["variable"]] = _short(condition["values"])
    return statement | ({"Condition": conditions} if conditions else {})


def _principals(principals: list[Answer]) -> Any:
    if any(item["type"] == "*" for item in principals):
        return "*"
    return {item["type"]: _short(item["identifiers"]) for item in principals}


def _short(values: list[str]) -> Any:
    return values[0] if len(values) == 1 else values


def _parameter(cloud: Cloud, arguments: Answer) -> Answer:
    name = arguments["name"]
    decrypted = arguments.get("withDecryption") is not False
    parameter = cloud.client("ssm").get_parameter(Name=name, WithDecryption=decrypted)["Parameter"]
    return {
        "id": parameter["Name"],
        "arn": parameter["ARN"],
        "type": parameter["Type"],
        "value": parameter["Value"],
        "insecureValue": None if parameter["Type"] == "SecureString" else parameter["Value"],
        "version": parameter["Version"],
    }


def _cluster_token(cloud: Cloud, arguments: Answer) -> Answer:
    """Make the token that EKS takes: a signed URL of the caller's identity, valid for a minute."""
    url = cloud.client("sts").generate_presigned_url("get_caller_identity", Params={}, ExpiresIn=60, HttpMethod="GET")
    token = base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")
    return {"id": arguments["name"], "token": f"k8s-aws-v1.{token}"}


def _prefix_list(cloud: Cloud, arguments: Answer) -> Answer:
    named = [{"Name": "prefix-list-name", "Values": [arguments["name"]]}] if arguments.get("name") else []
    chosen = {"PrefixListIds": [arguments["id"]]} if arguments.get("id") else {}
    found = only(cloud.client("ec2").describe_managed_prefix_lists(Filters=named, **chosen)["PrefixLists"])
    return {
        "id": found["PrefixListId"],
        "name": found["PrefixListName"],
        "arn": found["PrefixListArn"],
        "addressFamily": found.get("AddressFamily", "IPv4"),
        "ownerId": found.get("OwnerId", "AWS"),
        "entries": [],
        "maxEntries": found.get("MaxEntries", 0),
        "version": found.get("Version", 0),
        "tags": {},
    }


_FUNCTIONS: Mapping[str, Callable[[Cloud, Answer], Answer]] = {
    "aws:ec2/getManagedPrefixList:getManagedPrefixList": _prefix_list,
    "aws:eks/getClusterAuth:getClusterAuth": _cluster_token,
    "aws:iam/getPolicyDocument:getPolicyDocument": _policy_document,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _availability_zones,
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getRegion:getRegion": _region,
    "aws:ssm/getParameter:getParameter": _parameter,
}
