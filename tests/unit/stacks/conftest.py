"""The whole platform of each stack, with everything on that settings can switch on, once per session."""

from collections.abc import Callable
from functools import cache

import pytest

from stacks.settings import Settings, TeamSettings
from stacks.settings.loading import parse
from tests.unit.platform import TEAM, Deployment, deploy
from tests.unit.recording import recording
from tests.unit.settings.configuration import patch, stack_values
from tests.unit.stacks.references.objects import Objects, objects_of

PlatformOf = Callable[[str], Deployment]
ObjectsIn = Callable[[str], Objects]
EVERYTHING = {
    "components.uipath": True,
    "components.servicenow": True,
    "uipath": {"orchestratorUrl": "https://your-instance.orchestrator.uipath.com"},
    "servicenow": {"instanceUrl": "https://your-instance.service-now.com"},
}


@pytest.fixture(scope="session")
def platform_of() -> PlatformOf:
    """Deploys the platform of a stack, the first time that a test asks for it."""

    @cache
    def platform(stack: str) -> Deployment:
        with recording(stack) as engine:
            return deploy(engine, everything_on(stack))

    return platform


@pytest.fixture(scope="session")
def objects_in(platform_of: PlatformOf) -> ObjectsIn:
    """The objects of a stack's platform, with those that its charts and operators make."""

    @cache
    def objects(stack: str) -> Objects:
        return objects_of(platform_of(stack))

    return objects


def everything_on(stack: str) -> Settings:
    """Settings of a committed stack with the commercial bridges and a team that has topics; one cost centre pays."""
    settings, problems = parse(patch(stack_values(stack), EVERYTHING, []), stack)
    assert settings is not None, problems
    team = TeamSettings(name=TEAM, cost_center=settings.organisation.cost_center, topics=("orders.placed",))
    return settings.model_copy(update={"teams": (team,)})
