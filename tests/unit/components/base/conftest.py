"""The platform of each committed stack, deployed once for all tests of the base."""

from collections.abc import Iterator

import pytest

from tests.unit.platform import Deployment, deploy, settings_of
from tests.unit.recording import recording
from tests.unit.settings.configuration import STACKS


@pytest.fixture(scope="session", params=STACKS)
def platform(request: pytest.FixtureRequest) -> Iterator[Deployment]:
    """Each stack in turn."""
    with recording(request.param) as engine:
        yield deploy(engine, settings_of(request.param))


@pytest.fixture(scope="session")
def dev() -> Iterator[Deployment]:
    """The dev stack."""
    with recording("dev") as engine:
        yield deploy(engine, settings_of("dev"))
