"""`sandbox/custom_kinds.yaml` against the program: every custom kind that it makes, as it makes it, and no other.

Source: design section 5: a cluster without upstream's definitions accepts exactly what the program uses.
"""

from collections.abc import Iterator

import pytest
import yaml

from sandbox.crds import SKIPPED_FOLDERS, CustomKind
from sandbox.custom_kinds import used_kinds
from sandbox.environment import CHECKOUT
from stacks.settings.loading import parse
from tests.unit.platform import Deployment, deploy
from tests.unit.recording import RecordingEngine, recording
from tests.unit.settings.configuration import stack_values
from tests.unit.stacks.test_components_alone import INTEGRATIONS, KUBERNETES_GROUPS, SWITCHES

UPSTREAM = CHECKOUT.parent / "shared" / "crds"
# one stack has one store, the other one in each namespace
STORE_SCOPES = {"dev": "cluster", "prod": "namespace"}

# what every OpenShift cluster serves by itself; its owner's objects are of these kinds, and no file upstream says them
KINDS_OF_OPENSHIFT = [
    row for row in used_kinds() if row.group.endswith(".openshift.io") or row.group == "operators.coreos.com"
]
KINDS = [row for row in used_kinds() if row not in KINDS_OF_OPENSHIFT]

Used = tuple[str, str, str, bool]


@pytest.fixture(scope="module")
def used() -> set[Used]:
    """Group, version, kind and whether it lives in a namespace, of every custom resource of two complete stacks."""
    return {kind for stack in STORE_SCOPES for kind in _used(stack)}


def _used(stack: str) -> Iterator[Used]:
    with recording(stack) as engine:
        for item in _everything(engine, stack).objects:
            group, _, version = item.inputs.get("apiVersion", "").rpartition("/")
            if group not in KUBERNETES_GROUPS:
                yield group, version, item.inputs["kind"], "namespace" in item.inputs["metadata"]


def _everything(engine: RecordingEngine, stack: str) -> Deployment:
    values = {**stack_values(stack), **INTEGRATIONS, "components": dict.fromkeys(SWITCHES, True)}
    values["vault"] = {**values["vault"], "storeScope": STORE_SCOPES[stack]}
    settings, problems = parse(values, stack)
    assert settings is not None, problems
    return deploy(engine, settings)


def test_the_table_has_what_the_program_makes_and_nothing_else(used: set[Used]) -> None:
    rows = [(row.group, row.version, row.kind, row.namespaced) for row in KINDS]

    assert len(rows) == len(set(rows))
    assert set(rows) == used


@pytest.mark.skipif(not UPSTREAM.is_dir(), reason="upstream's definitions are not at hand")
@pytest.mark.parametrize("row", KINDS, ids=lambda row: f"{row.plural}.{row.group}")
def test_a_row_says_what_upstream_says(row: CustomKind) -> None:
    (path,) = (
        path
        for path in UPSTREAM.rglob(f"{row.plural}.{row.group}.yaml")
        if not SKIPPED_FOLDERS & set(path.relative_to(UPSTREAM).parts)
    )
    definition = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["spec"]
    served = [version["name"] for version in definition["versions"] if version["served"]]

    assert row.version in served
    assert (definition["group"], definition["names"]["kind"]) == (row.group, row.kind)
    assert (definition["scope"] == "Namespaced") is row.namespaced
