"""The teams that share the platform. Source: ARCH-16 (advanced multi-tenancy), COST-9."""

from typing import Annotated

from pydantic import Field

from stacks.settings.base_model import SettingsModel
from stacks.settings.fields import LabelValue, TeamName, TopicName


class TeamSettings(SettingsModel):
    """A team with a namespace of its own, `team-<name>`. Source: ARCH-16, COST-9, A-30."""

    name: TeamName
    """The team; no namespace of the platform has this name."""
    cost_center: LabelValue
    """Who pays for what the team runs; one of organisation.costCenters."""
    topics: tuple[TopicName, ...] = ()
    """Topics of its own in Kafka; their names start with `team.<name>.`."""
    cpu: Annotated[int, Field(ge=1, le=200)] = 2
    """Cores that its pods may request together; they may use twice as many."""
    memory_gib: Annotated[int, Field(ge=1, le=1000)] = 8
    """Memory in GiB that its pods may request together; they may use twice as much."""
    storage_gib: Annotated[int, Field(ge=0, le=10000)] = 50
    """Storage in GiB of all its volumes."""
    pods: Annotated[int, Field(ge=1, le=500)] = 40
    """Pods that it may run."""
