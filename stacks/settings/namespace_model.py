"""What a stack lets its namespaces use, where the profile's numbers do not fit. Source: CLU-16, A-30."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from stacks.settings.base_model import SettingsModel
from stacks.settings.fields import Slug

Cores = Annotated[int, Field(ge=1, le=2000)]
Gibibytes = Annotated[int, Field(ge=1, le=10_000)]


class NamespaceSettings(SettingsModel):
    """One of the platform's namespaces; what is left out stays as the profile has it. Source: CLU-16, A-30."""

    name: Slug
    """The namespace; one of the platform's."""
    cpu_requests: Cores | None = None
    """Cores that its pods may request together."""
    memory_requests_gib: Gibibytes | None = None
    """Memory in GiB that its pods may request together."""
    cpu_limits: Cores | None = None
    """Cores that its pods may use together."""
    memory_limits_gib: Gibibytes | None = None
    """Memory in GiB that its pods may use together."""
    pods: Annotated[int, Field(ge=1, le=5000)] | None = None
    """Pods that it may run."""
    storage_gib: Annotated[int, Field(ge=0, le=100_000)] | None = None
    """Storage in GiB of all its volumes."""

    @property
    def given(self) -> Mapping[str, int]:
        """The numbers that are given, by their names in ``components/base/namespaces.yaml``."""
        given = self.model_dump(exclude={"name"}, exclude_none=True)
        return {name.removesuffix("_gib"): value for name, value in given.items()}
