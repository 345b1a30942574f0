"""What every cluster of the platform has first: namespaces, access, priorities, storage, and a reference workload."""

from components.base import traffic
from components.base.access import ROLES, Access, AccessArgs, role_binding
from components.base.allowance import Allowance, allowances
from components.base.autoscaling import Autoscaling
from components.base.container import Container, ExecProbe, HttpProbe, Mount, Probe, Resources, TcpProbe
from components.base.destinations import (
    Destination,
    Destinations,
    DestinationsArgs,
    client_labels,
    destinations,
)
from components.base.environment import Environment
from components.base.exposure import Edge, Exposure
from components.base.external_secret import ExternalSecret, ExternalSecretArgs, SecretKey
from components.base.healthz import Healthz, HealthzArgs
from components.base.integration_isolation import IntegrationIsolation, IntegrationIsolationArgs
from components.base.monitoring import TLS_WITH_TOKEN, pod_monitor, recording_rules, service_monitor
from components.base.namespace import Namespace, NamespaceArgs
from components.base.platform_chart import PlatformChart, PlatformChartArgs
from components.base.scheduling import Priority, PriorityClasses, PriorityClassesArgs
from components.base.secret_store import SecretStore
from components.base.sizes import Size, sizes
from components.base.storage import StorageClasses, StorageClassesArgs
from components.base.traffic import ControlPlane, DnsPods, SystemPods
from components.base.workload import Metrics, Storage, Workload, WorkloadArgs

__all__ = [
    "ROLES",
    "TLS_WITH_TOKEN",
    "Access",
    "AccessArgs",
    "Allowance",
    "Autoscaling",
    "Container",
    "ControlPlane",
    "Destination",
    "Destinations",
    "DestinationsArgs",
    "DnsPods",
    "Edge",
    "Environment",
    "ExecProbe",
    "Exposure",
    "ExternalSecret",
    "ExternalSecretArgs",
    "Healthz",
    "HealthzArgs",
    "HttpProbe",
    "IntegrationIsolation",
    "IntegrationIsolationArgs",
    "Metrics",
    "Mount",
    "Namespace",
    "NamespaceArgs",
    "PlatformChart",
    "PlatformChartArgs",
    "Priority",
    "PriorityClasses",
    "PriorityClassesArgs",
    "Probe",
    "Resources",
    "SecretKey",
    "SecretStore",
    "Size",
    "Storage",
    "StorageClasses",
    "StorageClassesArgs",
    "SystemPods",
    "TcpProbe",
    "Workload",
    "WorkloadArgs",
    "allowances",
    "client_labels",
    "destinations",
    "pod_monitor",
    "recording_rules",
    "role_binding",
    "service_monitor",
    "sizes",
    "traffic",
]
