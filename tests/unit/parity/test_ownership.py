"""Everything says whose it is, on every cloud alike. Source: POL-2, COST-9, CLU-18."""

from collections.abc import Iterator

import pytest

from policies.rules.inspection.taggable_types import is_taggable
from tests.unit.conftest import Programs
from tests.unit.parity.conftest import STACKS
from tests.unit.platform import CHART
from tests.unit.programs import Program
from tests.unit.recording import Registration

SAID = ("cost-center", "owner", "environment", "data-class", "part-of")
LABELS = ("app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component")


def taggable(program: Program) -> list[Registration]:
    return [item for item in program.engine.registrations if is_taggable(item.type)]


@pytest.mark.parametrize("stack", [stack for stack in STACKS if "openshift" not in stack])
def test_whatever_takes_tags_has_all_of_them(stack: str, programs: Programs) -> None:
    program = programs(stack)
    wanted = program.settings.ownership.tags("")
    found = taggable(program)
    assert len(found) > 40
    for item in found:
        tags = item.inputs["tags"]
        assert {key: tags.get(key) for key in SAID} == {key: wanted[key] for key in SAID}, item.urn
        assert tags["component"], item.urn


@pytest.mark.parametrize("stack", [stack for stack in STACKS if "openshift" in stack])
def test_openshift_registers_nothing_that_takes_tags(stack: str, programs: Programs) -> None:
    assert taggable(programs(stack)) == []


def labelled(program: Program) -> Iterator[Registration]:
    """Objects of ours; a chart's are labelled by a transform when an engine renders them."""
    return (item for item in program.objects if item.type != CHART and not item.type.endswith("Patch"))


@pytest.mark.parametrize("stack", STACKS)
def test_every_object_has_the_same_labels(stack: str, programs: Programs) -> None:
    program = programs(stack)
    ownership = program.settings.ownership
    centres = {ownership.cost_center, *(team.cost_center for team in program.settings.teams)}
    found = list(labelled(program))
    assert len(found) > 200
    for item in found:
        labels = item.inputs["metadata"].get("labels", {})
        assert [key for key in LABELS if not labels.get(key)] == [], item.urn
        assert labels["app.kubernetes.io/part-of"] == "biz-automation", item.urn
        assert labels["app.kubernetes.io/managed-by"] == "pulumi", item.urn
        assert labels["environment"] == ownership.environment, item.urn
        assert labels["cost-center"] in centres, item.urn
