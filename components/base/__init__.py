"""What every cluster of the platform has first: namespaces, access, priorities, storage, and a reference workload."""

from components.base.access import Access, AccessArgs
from components.base.allowance import allowances
from components.base.healthz import Healthz, HealthzArgs
from components.base.integration_isolation import IntegrationIsolation, IntegrationIsolationArgs
from components.base.namespace import Namespace, NamespaceArgs
from components.base.scheduling import Priority, PriorityClasses, PriorityClassesArgs
from components.base.storage import StorageClasses, StorageClassesArgs
from components.base.traffic import ControlPlane

__all__ = [
    "Access",
    "AccessArgs",
    "ControlPlane",
    "Healthz",
    "HealthzArgs",
    "IntegrationIsolation",
    "IntegrationIsolationArgs",
    "Namespace",
    "NamespaceArgs",
    "Priority",
    "PriorityClasses",
    "PriorityClassesArgs",
    "StorageClasses",
    "StorageClassesArgs",
    "allowances",
]
