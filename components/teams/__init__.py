"""Teams that share the platform."""

from components.teams.team import EventsAccess, Team, TeamArgs

__all__ = ["EventsAccess", "Team", "TeamArgs"]
