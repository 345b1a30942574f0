"""Who may do what in the platform's namespaces.

Source: SEC-1, SEC-20, CLU-5.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pulumi
import pulumi_kubernetes as kubernetes

from components.base.namespace import Namespace
from components.ownership import PART_OF, Ownership
from components.tables import read_table

RBAC_API = "rbac.authorization.k8s.io"
# each role includes the ones before it
ROLES = ("viewer", "operator", "deployer")


@dataclass(frozen=True)
class AccessArgs:
    """What the access rules need.

    Args:
        namespaces: where the roles are bound; at least one.
        organisation: first part of the groups' names.
        ownership: labels.
    """

    namespaces: Sequence[Namespace]
    organisation: str
    ownership: Ownership


class Access(pulumi.ComponentResource):
    """The roles viewer, operator and deployer, bound in each namespace to a group of the identity provider.

    The group ``<organisation>:<namespace>:<role>`` holds a role in one namespace, ``<organisation>:<role>`` in all of
    them. No role has a wildcard, reads secrets or changes RBAC.

    Args:
        name: logical name.
        args: namespaces and organisation.
        opts: carries the cluster's provider.

    Source: SEC-1, SEC-20.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: AccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:base:Access", name, None, opts)
        self._name, self._args = name, args
        roles = {role: self._cluster_role(f"{name}-{role}", role) for role in ROLES}
        *others, last = [(namespace, role) for namespace in args.namespaces for role in ROLES]
        bindings = [self._binding(namespace, role, [roles[role]]) for namespace, role in others]
        namespace, role = last
        self.ready = self._binding(namespace, role, [roles[role], *bindings])
        self.register_outputs({})

    def _cluster_role(self, logical_name: str, role: str) -> kubernetes.rbac.v1.ClusterRole:
        included = ROLES[: ROLES.index(role) + 1]
        return kubernetes.rbac.v1.ClusterRole(
            logical_name,
            metadata={"name": f"{PART_OF}-{role}", "labels": self._args.ownership.labels(role, component="access")},
            rules=[rule for each in included for rule in _rules()[each]],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _binding(self, namespace: Namespace, role: str, after: Sequence[pulumi.Resource]) -> pulumi.Resource:
        return role_binding(
            f"{self._name}-{namespace.name}-{role}",
            namespace,
            self._args.organisation,
            role,
            pulumi.ResourceOptions(parent=self, depends_on=[namespace.ready, *after]),
        )


def role_binding(
    logical_name: str, namespace: Namespace, organisation: str, role: str, opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    """Give a role in a namespace to the groups that hold it there, and everywhere.

    Args:
        logical_name: name in the program.
        namespace: where.
        organisation: first part of the groups' names.
        role: one of :data:`ROLES`.
        opts: parent and gates: the role itself is one of them.
    """
    groups = [f"{organisation}:{namespace.name}:{role}", f"{organisation}:{role}"]
    return kubernetes.rbac.v1.RoleBinding(
        logical_name,
        metadata=namespace.metadata(f"{PART_OF}-{role}"),
        role_ref={"api_group": RBAC_API, "kind": "ClusterRole", "name": f"{PART_OF}-{role}"},
        subjects=[{"kind": "Group", "name": group, "api_group": RBAC_API} for group in groups],
        opts=pulumi.ResourceOptions.merge(pulumi.ResourceOptions(deleted_with=namespace.resource), opts),
    )


@cache
def _rules() -> dict[str, list[kubernetes.rbac.v1.PolicyRuleArgsDict]]:
    return read_table(Path(__file__).with_name("roles.yaml"))
