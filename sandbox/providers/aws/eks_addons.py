"""EKS: add-ons; moto has none, so they live in the store."""

from collections.abc import Iterator
from typing import Any, ClassVar

from typing_extensions import override

from sandbox.providers.aws import eks_rules, names
from sandbox.providers.aws.cloud import Cloud
from sandbox.providers.aws.eks_access import StoredType
from sandbox.providers.aws.references import Reference
from sandbox.providers.aws.resource_type import Problem, Properties
from sandbox.providers.aws.service_model import require_valid
from sandbox.providers.aws.shapes import given
from sandbox.providers.stand_in import StandInError

_FIELDS = (
    "clusterName", "addonName", "addonVersion", "configurationValues", "namespaceConfig", "podIdentityAssociations",
    "serviceAccountRoleArn", "tags",
)  # fmt: skip
_CHANGEABLE = ("addonVersion", "configurationValues", "podIdentityAssociations", "serviceAccountRoleArn")


class Addon(StoredType):
    """Resource ``aws.eks.Addon``."""

    token = "aws:eks/addon:Addon"  # noqa: S105 - a type token
    label = "EKS Add-On"
    kind = "eks/addon"
    replaces = frozenset({"addonName", "clusterName", "namespaceConfig"})
    defaults: ClassVar = {"preserve": False}
    references = (
        Reference("clusterName", "EKS cluster"),
        Reference("serviceAccountRoleArn", "IAM role"),
        Reference("podIdentityAssociations.roleArn", "IAM role"),
    )
    volatile = frozenset({"modifiedAt"})
    unread = frozenset({"preserve", "resolveConflictsOnCreate", "resolveConflictsOnUpdate"})
    exclusive = True

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.one_of("addonName", inputs.get("addonName"), eks_rules.ADDONS)
        yield from eks_rules.addon_version_problems("addonVersion", inputs.get("addonVersion"))
        yield from eks_rules.configuration_problems("configurationValues", inputs.get("configurationValues"))
        yield from names.one_of(
            "resolveConflictsOnCreate", inputs.get("resolveConflictsOnCreate"), ("NONE", "OVERWRITE")
        )
        allowed = ("NONE", "OVERWRITE", "PRESERVE")
        yield from names.one_of("resolveConflictsOnUpdate", inputs.get("resolveConflictsOnUpdate"), allowed)

    @override
    def refusals(self, cloud: Cloud, inputs: Properties) -> Iterator[str]:
        if cloud.store.get(self.kind, _key(inputs)):
            yield f"ResourceInUseException: Addon already exists: {inputs['addonName']} on {inputs['clusterName']}"
        yield from _role_refusals(cloud, inputs)

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        request = given(inputs, {name: name for name in _FIELDS} | {"resolveConflictsOnCreate": "resolveConflicts"})
        require_valid(cloud, "eks", "CreateAddon", request)
        version = {"addonVersion": inputs.get("addonVersion") or "v1.0.0-eksbuild.1"}
        self.keep(cloud, _key(inputs), given(inputs, {name: name for name in _FIELDS}) | version)
        return _key(inputs)

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        record = self.record(cloud, identifier)
        cluster, name = identifier.split(":", 1)
        fields: dict[str, Any] = {field: record.get(field) for field in _FIELDS}
        return {
            **fields,
            "arn": cloud.arn("eks", f"addon/{cluster}/{name}/0"),
            "createdAt": record["createdAt"],
            "modifiedAt": record["modifiedAt"],
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        for reason in _role_refusals(cloud, new):
            raise StandInError(reason)
        fields = {name: name for name in ("clusterName", "addonName", *_CHANGEABLE)}
        request = given(new, fields | {"resolveConflictsOnUpdate": "resolveConflicts"})
        require_valid(cloud, "eks", "UpdateAddon", request)
        self.keep(cloud, identifier, {name: new.get(name) for name in changed & set(_CHANGEABLE)})


def _key(inputs: Properties) -> str:
    return f"{inputs['clusterName']}:{inputs['addonName']}"


def _role_refusals(cloud: Cloud, inputs: Properties) -> Iterator[str]:
    for association in inputs.get("podIdentityAssociations") or []:
        problem = eks_rules.trust_problem(cloud, association["roleArn"], "pods.eks.amazonaws.com")
        if problem:
            yield problem


TYPES = (Addon(),)
