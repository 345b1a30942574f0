"""Roles as data: least privilege, no wildcards. What they allow is asked of the API server. Source: SEC-1."""

from typing import Any

import pytest

from tests.unit.platform import Deployment

ROLES = ("viewer", "operator", "deployer")
WRITING = {"create", "update", "patch", "delete", "deletecollection"}
FORBIDDEN = {"secrets", "serviceaccounts/token", "nodes", "persistentvolumes"}
PLATFORMS_OWN = {"networkpolicies", "resourcequotas", "limitranges"}


@pytest.fixture
def rules(dev: Deployment) -> dict[str, list[dict[str, Any]]]:
    return {name: item["rules"] for name, item in dev.of_kind("ClusterRole").items()}


def granted(rules: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    return {
        (group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_has_three_roles_each_with_more_rights(rules: dict[str, list[dict[str, Any]]]) -> None:
    viewer, operator, deployer = (granted(rules[f"biz-automation-{role}"]) for role in ROLES)
    assert viewer < operator < deployer
    assert len(rules) == len(ROLES)


@pytest.mark.parametrize("role", ROLES)
def test_no_wildcards_and_nothing_that_gives_more_rights(rules: dict[str, list[dict[str, Any]]], role: str) -> None:
    rights = granted(rules[f"biz-automation-{role}"])
    assert rights
    assert not [right for right in rights if "*" in "".join(right)]
    assert not {resource for _, resource, _ in rights} & FORBIDDEN
    assert not {group for group, _, _ in rights} & {"rbac.authorization.k8s.io", "certificates.k8s.io"}
    assert not {verb for _, _, verb in rights} & {"escalate", "bind", "impersonate", "deletecollection"}


@pytest.mark.parametrize("role", ROLES)
def test_guard_rails_are_the_platforms_own(rules: dict[str, list[dict[str, Any]]], role: str) -> None:
    writable = {resource for _, resource, verb in granted(rules[f"biz-automation-{role}"]) if verb in WRITING}
    assert not writable & PLATFORMS_OWN


def test_viewer_changes_nothing(rules: dict[str, list[dict[str, Any]]]) -> None:
    assert not {verb for _, _, verb in granted(rules["biz-automation-viewer"])} & WRITING


def test_each_role_is_bound_to_groups_in_each_namespace(platform: Deployment) -> None:
    organisation = platform.settings.organisation.name
    bindings = {name: item for name, item in platform.of_kind("RoleBinding").items() if "/biz-automation-" in name}
    assert len(bindings) == len(ROLES) * len(platform.of_kind("Namespace"))
    for name in platform.of_kind("Namespace"):
        for role in ROLES:
            binding = bindings[f"{name}/biz-automation-{role}"]
            assert {(item["kind"], item["name"]) for item in binding["subjects"]} == {
                ("Group", f"{organisation}:{name}:{role}"),
                ("Group", f"{organisation}:{role}"),
            }
            assert binding["roleRef"]["name"] == f"biz-automation-{role}"
    assert not platform.of_kind("ClusterRoleBinding")
