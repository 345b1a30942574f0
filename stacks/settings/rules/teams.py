"""Rules on the teams. Source: ARCH-16, COST-9, CLU-7."""

from collections.abc import Iterator

from stacks.settings.model import Settings
from stacks.settings.problems import Problem, refuse
from stacks.settings.reference_tables import platform_namespaces
from stacks.settings.rules.lists import duplicates
from stacks.settings.rules.partial import readable
from stacks.settings.team_model import TeamSettings


def _names_differ(settings: Settings) -> Iterator[Problem]:
    yield from duplicates(("teams",), [team.name for team in settings.teams], "name")


def _names_are_free(settings: Settings) -> Iterator[Problem]:
    for index, team in enumerate(settings.teams):
        yield from readable(_name_is_free(index, team))


def _name_is_free(index: int, team: TeamSettings) -> Iterator[Problem]:
    if team.name in platform_namespaces():
        yield refuse(
            ("teams", index, "name"), team.name, "another name", because="a namespace of the platform is called so"
        )


def _cost_centers_are_listed(settings: Settings) -> Iterator[Problem]:
    for index, team in enumerate(settings.teams):
        yield from readable(_cost_center_is_listed(settings, index, team))


def _cost_center_is_listed(settings: Settings, index: int, team: TeamSettings) -> Iterator[Problem]:
    listed = settings.organisation.cost_centers
    if team.cost_center not in listed:
        yield refuse(
            ("teams", index, "costCenter"),
            team.cost_center,
            f"one of organisation.costCenters ({', '.join(listed)})",
        )


def _topics_differ(settings: Settings) -> Iterator[Problem]:
    for index, team in enumerate(settings.teams):
        yield from readable(duplicates(("teams", index, "topics"), team.topics))


def _topics_have_a_cluster(settings: Settings) -> Iterator[Problem]:
    if settings.components.kafka:
        return
    for index, team in enumerate(settings.teams):
        if team.topics:
            yield refuse(("components", "kafka"), "false", "true", because=f"teams[{index}] has topics")


RULES = (_names_differ, _names_are_free, _cost_centers_are_listed, _topics_differ, _topics_have_a_cluster)
