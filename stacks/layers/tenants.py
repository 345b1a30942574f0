"""The teams that share the platform."""

from components import base, teams
from stacks.layers.assembly import Assembly
from stacks.settings import TeamSettings


def house_teams(assembly: Assembly) -> None:
    """A namespace of its own for each team, with its shares of Kafka, the lake and MLflow."""
    settings = assembly.settings
    for team in settings.teams:
        args = teams.TeamArgs(
            environment=assembly.environment,
            organisation=settings.organisation.name,
            kubernetes_version=settings.kubernetes.version,
            roles=assembly.roles,
            cost_center=team.cost_center,
            allowance=_allowance(team),
            topics=team.topics,
            events=assembly.events,
            tracking_uri=assembly.tracking,
        )
        teams.Team(team.name, args, assembly.opts)


def _allowance(team: TeamSettings) -> base.Allowance:
    return base.Allowance(
        pod_security="restricted",
        cpu_requests=team.cpu,
        memory_requests=team.memory_gib,
        cpu_limits=2 * team.cpu,
        memory_limits=2 * team.memory_gib,
        pods=team.pods,
        storage=team.storage_gib,
    )
