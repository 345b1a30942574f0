"""Who owns and pays for a resource: the one source of cloud tags and Kubernetes labels.

Source: POL-2, COST-9, CLU-18.
"""

from collections.abc import Mapping
from dataclasses import dataclass

PART_OF = "biz-automation"


@dataclass(frozen=True)
class Ownership:
    """Cost centre, owner, environment and data class of everything that a stack creates."""

    cost_center: str
    owner: str
    environment: str
    data_class: str

    def tags(self, component: str, **extra: str) -> Mapping[str, str]:
        """Cloud tags of a resource that belongs to ``component``."""
        return {
            "cost-center": self.cost_center,
            "owner": self.owner,
            "environment": self.environment,
            "data-class": self.data_class,
            "component": component,
            "part-of": PART_OF,
            **extra,
        }

    def labels(
        self, name: str, *, component: str, instance: str | None = None, version: str | None = None
    ) -> Mapping[str, str]:
        """Kubernetes labels of an object of the application ``name``."""
        labels = {
            "app": name,
            "app.kubernetes.io/name": name,
            "app.kubernetes.io/instance": instance or name,
            "app.kubernetes.io/component": component,
            "app.kubernetes.io/part-of": PART_OF,
            "app.kubernetes.io/managed-by": "pulumi",
            "cost-center": self.cost_center,
            "environment": self.environment,
        }
        return labels | ({"app.kubernetes.io/version": version} if version else {})
