"""The platform's own resources obey the rules, in every committed stack. Source: POL-4, POL-7."""

import pytest

from tests.policies.pack import Pack, Violation, running
from tests.unit.entry_point import run
from tests.unit.recording import RecordingEngine, recording
from tests.unit.settings.configuration import STACKS


def violations(pack: Pack, engine: RecordingEngine) -> list[Violation]:
    return [
        violation
        for registration in engine.registrations
        for violation in pack.analyze(registration.type, registration.name, registration.inputs)
    ]


@pytest.mark.parametrize("stack", [*STACKS, "azure-prod", "openshift-prod"])
def test_committed_stack_passes(stack: str) -> None:
    with recording(stack) as engine, running() as pack:
        settings = run(engine, stack)
        pack.configure_stack({"costCenters": list(settings.organisation.cost_centers)})
        assert violations(pack, engine) == []
        assert len(engine.registrations) > 200

        # the same resources do not pass where nobody may be charged: they were judged, not passed over
        pack.configure_stack({"costCenters": ["cc-of-nobody"]})
        assert len(violations(pack, engine)) > 100
