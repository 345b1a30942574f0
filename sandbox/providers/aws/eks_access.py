"""EKS: access entries, access policies and pod identities; moto has none of them, so they live in the store."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from typing_extensions import override

from sandbox.providers.aws import eks_rules, names
from sandbox.providers.aws.cloud import PARTITION, Absent, Cloud
from sandbox.providers.aws.eks_cluster import KIND as CLUSTER
from sandbox.providers.aws.references import Reference
from sandbox.providers.aws.resource_type import Problem, Properties, ResourceType
from sandbox.providers.aws.service_model import require_valid
from sandbox.providers.aws.shapes import given
from sandbox.providers.stand_in import StandInError

_POLICY = re.compile(rf"arn:{PARTITION}:eks::aws:cluster-access-policy/(\w+)")


class StoredType(ResourceType):
    """A resource of an EKS cluster that is kept in the store.

    Attributes:
        kind: kind of its record.
    """

    service = "eks"
    kind: ClassVar[str]

    @override
    def retag(self, cloud: Cloud, identifier: str, old: Properties, tags: Mapping[str, str]) -> None:
        self.keep(cloud, identifier, {"tags": dict(tags)})

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.store.delete(self.kind, identifier)

    def keep(self, cloud: Cloud, key: str, fields: dict[str, Any]) -> None:
        """Change fields of the record, or make it."""
        record = cloud.store.get(self.kind, key) or {"createdAt": _now()}
        cloud.store.put(self.kind, key, {**record, **fields, "modifiedAt": _now()})

    def record(self, cloud: Cloud, key: str) -> dict[str, Any]:
        """Give the record of a cluster that exists.

        Raises:
            Absent: record or cluster is gone.
        """
        record = cloud.store.get(self.kind, key)
        if record is None:
            raise Absent(key)
        cloud.client("eks").describe_cluster(name=key.split(":", 1)[0])
        return record


class AccessEntry(StoredType):
    """Resource ``aws.eks.AccessEntry``."""

    token = "aws:eks/accessEntry:AccessEntry"  # noqa: S105 - a type token
    label = "EKS Access Entry"
    kind = "eks/access-entry"
    replaces = frozenset({"clusterName", "principalArn", "type"})
    defaults: ClassVar = {"type": "STANDARD", "kubernetesGroups": []}
    references = (Reference("clusterName", "EKS cluster"), Reference("principalArn", "IAM principal"))
    exclusive = True

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        kinds = ("STANDARD", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "EC2", "HYBRID_LINUX", "HYPERPOD_LINUX")
        yield from names.one_of("type", inputs.get("type"), kinds)
        if inputs.get("type", "STANDARD") != "STANDARD" and (inputs.get("kubernetesGroups") or inputs.get("userName")):
            yield "kubernetesGroups", f"groups and userName are for type STANDARD only, not for {inputs['type']}"
        for group in inputs.get("kubernetesGroups") or []:
            if isinstance(group, str) and group.startswith(("system:", "eks:", "aws:", "amazon:", "iam:")):
                yield "kubernetesGroups", f"{group!r} begins with a prefix that EKS keeps for itself"

    @override
    def refusals(self, cloud: Cloud, inputs: Properties) -> Iterator[str]:
        access = (cloud.store.get(CLUSTER, inputs["clusterName"]) or {}).get("accessConfig") or {}
        if access.get("authenticationMode") == "CONFIG_MAP":
            yield f"cluster {inputs['clusterName']} has the authentication mode CONFIG_MAP; access entries need API"
        if cloud.store.get(self.kind, f"{inputs['clusterName']}:{inputs['principalArn']}"):
            yield f"ResourceInUseException: {inputs['principalArn']} has an access entry already"

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        fields = ("clusterName", "principalArn", "kubernetesGroups", "type", "tags")
        request = given(inputs, {name: name for name in fields} | {"userName": "username"})
        require_valid(cloud, "eks", "CreateAccessEntry", request)
        key = f"{inputs['clusterName']}:{inputs['principalArn']}"
        self.keep(cloud, key, given(inputs, {name: name for name in (*fields, "userName")}))
        return key

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        cluster, principal = identifier.split(":", 1)
        record = self.record(cloud, identifier)
        name = principal.rsplit("/", 1)[-1]
        return {
            "clusterName": cluster,
            "principalArn": principal,
            "accessEntryArn": cloud.arn(
                "eks", f"access-entry/{cluster}/role/{cloud.account}/{name}/{_digest(identifier)}"
            ),
            "type": record.get("type", "STANDARD"),
            "kubernetesGroups": record.get("kubernetesGroups", []),
            "userName": record.get("userName") or principal,
            "tags": record.get("tags", {}),
            "createdAt": record["createdAt"],
            "modifiedAt": record["modifiedAt"],
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        request = given(new, {"clusterName": "clusterName", "principalArn": "principalArn"})
        request |= given(new, {"kubernetesGroups": "kubernetesGroups", "userName": "username"})
        require_valid(cloud, "eks", "UpdateAccessEntry", request)
        self.keep(cloud, identifier, {name: new.get(name) or self.defaults.get(name) for name in changed})

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.store.delete_below(identifier)


class AccessPolicyAssociation(StoredType):
    """Resource ``aws.eks.AccessPolicyAssociation``; every change makes a new one."""

    token = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"  # noqa: S105 - a type token
    label = "EKS Access Policy Association"
    kind = "eks/access-policy-association"
    replaces = frozenset({"accessScope", "clusterName", "policyArn", "principalArn"})
    references = (Reference("clusterName", "EKS cluster"), Reference("principalArn", "IAM principal"))
    exclusive = True

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        arn = inputs.get("policyArn")
        match = _POLICY.fullmatch(arn) if isinstance(arn, str) else None
        if isinstance(arn, str) and (match is None or match[1] not in eks_rules.ACCESS_POLICIES):
            yield (
                "policyArn",
                (
                    f"{arn!r} is not an access policy of EKS;"
                    f" write arn:{PARTITION}:eks::aws:cluster-access-policy/<name> with one of"
                    f" {', '.join(eks_rules.ACCESS_POLICIES)}"
                ),
            )
        scope = inputs.get("accessScope")
        if isinstance(scope, dict):
            yield from names.one_of("accessScope", scope.get("type"), ("cluster", "namespace"))
            if (scope.get("type") == "namespace") != bool(scope.get("namespaces")):
                yield "accessScope", "namespaces belongs to the type namespace, and only to it"

    @override
    def refusals(self, cloud: Cloud, inputs: Properties) -> Iterator[str]:
        entry = f"{inputs['clusterName']}:{inputs['principalArn']}"
        if cloud.store.get(AccessEntry.kind, entry) is None:
            yield f"ResourceNotFoundException: {inputs['principalArn']} has no access entry; make an AccessEntry first"

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        fields = ("clusterName", "principalArn", "policyArn", "accessScope")
        require_valid(cloud, "eks", "AssociateAccessPolicy", {name: inputs[name] for name in fields})
        self.keep(cloud, _association_key(inputs), {name: inputs[name] for name in fields})
        return f"{inputs['clusterName']}#{inputs['principalArn']}#{inputs['policyArn']}"

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        cluster, principal, policy = identifier.split("#")
        keys = {"clusterName": cluster, "principalArn": principal, "policyArn": policy}
        record = self.record(cloud, _association_key(keys))
        times = {"associatedAt": record["createdAt"], "modifiedAt": record["modifiedAt"]}
        return {**keys, "accessScope": record["accessScope"], **times}

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.store.delete(self.kind, _association_key(known))


class PodIdentityAssociation(StoredType):
    """Resource ``aws.eks.PodIdentityAssociation``."""

    token = "aws:eks/podIdentityAssociation:PodIdentityAssociation"  # noqa: S105 - a type token
    label = "EKS Pod Identity Association"
    kind = "eks/pod-identity-association"
    replaces = frozenset({"clusterName", "namespace", "serviceAccount"})
    defaults: ClassVar = {"disableSessionTags": False}
    references = (
        Reference("clusterName", "EKS cluster"),
        Reference("roleArn", "IAM role"),
        Reference("targetRoleArn", "IAM role"),
    )
    exclusive = True
    _fields = ("clusterName", "namespace", "serviceAccount", "roleArn", "disableSessionTags", "targetRoleArn", "tags")

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        for name in ("namespace", "serviceAccount"):
            value = inputs.get(name)
            if isinstance(value, str) and not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", value):
                yield name, f"{value!r} is not a Kubernetes name: lower-case letters, digits, - and ."

    @override
    def refusals(self, cloud: Cloud, inputs: Properties) -> Iterator[str]:
        problem = eks_rules.trust_problem(cloud, inputs["roleArn"], "pods.eks.amazonaws.com")
        if problem:
            yield problem
        if cloud.store.get(self.kind, _pod_key(inputs)):
            yield (
                f"ResourceInUseException: service account {inputs['namespace']}/{inputs['serviceAccount']} of cluster"
                f" {inputs['clusterName']} has an association already"
            )

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        request = given(inputs, {name: name for name in self._fields})
        require_valid(cloud, "eks", "CreatePodIdentityAssociation", request)
        key = _pod_key(inputs)
        self.keep(cloud, key, request | {"associationId": f"a-{_digest(key)[:17]}"})
        return f"a-{_digest(key)[:17]}"

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        for key, record in cloud.store.all(self.kind).items():
            if record["associationId"] == identifier:
                self.record(cloud, key)
                arn = cloud.arn("eks", f"podidentityassociation/{record['clusterName']}/{identifier}")
                return {
                    "associationArn": arn,
                    "associationId": identifier,
                    **{name: record.get(name, self.defaults.get(name)) for name in self._fields},
                    "tags": record.get("tags", {}),
                }
        return None

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        problem = eks_rules.trust_problem(cloud, new["roleArn"], "pods.eks.amazonaws.com")
        if problem:
            raise StandInError(problem)
        request = given(new, {name: name for name in ("clusterName", "roleArn", "disableSessionTags", "targetRoleArn")})
        require_valid(cloud, "eks", "UpdatePodIdentityAssociation", request | {"associationId": identifier})
        self.keep(cloud, _pod_key(new), request)

    @override
    def retag(self, cloud: Cloud, identifier: str, old: Properties, tags: Mapping[str, str]) -> None:
        self.keep(cloud, _pod_key(old), {"tags": dict(tags)})

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.store.delete(self.kind, _pod_key(known))


def _association_key(inputs: Properties) -> str:
    return f"{inputs['clusterName']}:{inputs['principalArn']}#{inputs['policyArn']}"


def _pod_key(inputs: Properties) -> str:
    return f"{inputs['clusterName']}:{inputs['namespace']}/{inputs['serviceAccount']}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


TYPES = (AccessEntry(), AccessPolicyAssociation(), PodIdentityAssociation())
