"""Who may do what in the cluster of the dev stack, with a team beside it: the API server's own answers.

Source: SEC-1, SEC-2, SEC-20, ARCH-16.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from components import base
from components.teams import Team, TeamArgs
from sandbox.cluster_api import ClusterApi
from sandbox.environment import KubernetesEndpoint
from tests.engine.api_server import ApiServer
from tests.engine.engine import Engine
from tests.unit.components.environment import environment, gate
from tests.unit.recording import recording

Row = Mapping[str, Any]
ORGANISATION = "example"
TEAM = "growth"
KINDS = ("core/v1:Namespace", "core/v1:ServiceAccount", "rbac.authorization.k8s.io/v1:RoleBinding")
ROWS: list[Row] = yaml.safe_load(Path(__file__).with_name("access.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def cluster(deployed: Engine, control_plane: KubernetesEndpoint) -> Iterator[ApiServer]:
    """The cluster in which the dev stack is up, with the namespace, the accounts and the bindings of a team."""
    assert deployed
    api = ApiServer(control_plane)
    namespace = f"team-{TEAM}"
    for manifest in team_objects(namespace):
        inside = manifest["metadata"].get("namespace")
        api.create(manifest["apiVersion"], manifest["kind"], manifest, inside)
    yield api
    ClusterApi(control_plane).delete(f"/api/v1/namespaces/{namespace}")


def team_objects(namespace: str) -> list[dict[str, Any]]:
    """What a team's component makes of the kinds that access depends on, in this order."""
    allowance = base.Allowance("restricted", 2, 8, 4, 16, 40, 50)

    def program() -> None:
        args = TeamArgs(environment(), ORGANISATION, "1.35", gate("roles"), "cc-data", allowance)
        Team(TEAM, args)

    with recording() as engine:
        engine.deploy(program)
        made = [item.inputs for kind in KINDS for item in engine.of_type(f"kubernetes:{kind}")]
    return [item for item in made if namespace in (item["metadata"]["name"], item["metadata"].get("namespace"))]


def title(row: Row) -> str:
    return " ".join(str(row[key]) for key in ("who", "verb", "what", "in"))


@pytest.mark.parametrize("row", ROWS, ids=title)
def test_access(cluster: ApiServer, row: Row) -> None:
    review = cluster.create("authorization.k8s.io/v1", "SubjectAccessReview", {"spec": question(row)})
    assert review["status"]["allowed"] is row["allowed"], review["status"]


def question(row: Row) -> dict[str, Any]:
    """What the API server is asked."""
    *group, resource, subresource = split(row["what"])
    attributes = {
        "verb": row["verb"],
        "group": "".join(group),
        "resource": resource,
        "subresource": subresource,
        "namespace": row["in"],
    }
    return {**subject(row["who"]), "resourceAttributes": attributes}


def split(what: str) -> tuple[str, str, str]:
    """API group, resource and subresource; only an API group of the core has no dot and is none of these few."""
    first, *rest = what.split("/")
    if "." in first or first in {"apps", "batch", "autoscaling", "policy"}:
        return first, rest[0], "".join(rest[1:])
    return "", first, "".join(rest)


def subject(who: str) -> dict[str, Any]:
    """User and groups, as an authenticator would state them."""
    kind, _, name = who.partition(" ")
    if kind == "group":
        return {"user": "somebody", "groups": [f"{ORGANISATION}:{name}", "system:authenticated"]}
    if kind == "account":
        namespace, _, account = name.partition("/")
        groups = ["system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"]
        return {"user": f"system:serviceaccount:{namespace}:{account}", "groups": groups}
    if kind == "anonymous":
        return {"user": "system:anonymous", "groups": ["system:unauthenticated"]}
    assert kind == "authenticated", f"{who} is nobody that this test knows"
    return {"user": "somebody", "groups": ["system:authenticated"]}
