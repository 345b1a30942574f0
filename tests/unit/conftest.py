"""Fixtures of the unit tests."""

import gc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from tests.unit import programs as whole
from tests.unit.platform import Deployment, deploy, settings_of
from tests.unit.programs import Program
from tests.unit.recording import RecordingEngine, recording
from tests.unit.settings.configuration import STACKS

Programs = Callable[[str], Program]


def pytest_collection_finish() -> None:
    """Leave what is imported by now, the SDKs, out of garbage collection: searching it takes a third of the time."""
    gc.freeze()


@pytest.fixture
def engine() -> Iterator[RecordingEngine]:
    """An engine of the test's own."""
    with recording() as fresh:
        yield fresh


@pytest.fixture(scope="session")
def deployments() -> Iterator[Callable[[str], Deployment]]:
    """The platform of a committed stack by the stack's name, deployed once for all tests."""
    with ExitStack() as engines:

        @cache
        def deployed(stack: str) -> Deployment:
            return deploy(engines.enter_context(recording(stack)), settings_of(stack))

        yield deployed


@pytest.fixture(scope="session", params=STACKS)
def platform(request: pytest.FixtureRequest, deployments: Callable[[str], Deployment]) -> Deployment:
    """The platform of each committed stack in turn."""
    return deployments(request.param)


@pytest.fixture(scope="session")
def dev(deployments: Callable[[str], Deployment]) -> Deployment:
    """The platform of the dev stack."""
    return deployments("dev")


@pytest.fixture(scope="session")
def programs() -> Iterator[Programs]:
    """The whole program of a committed stack by the stack's name, deployed once for all tests."""
    with ExitStack() as engines:

        @cache
        def deployed(stack: str) -> Program:
            return whole.deploy(engines.enter_context(recording(stack)), settings_of(stack))

        yield deployed
