"""Third-party charts: which ones at which version, where their archives are, and what makes their objects conform."""

from components.charts.assigned_users import assign_user_ids, without_user_ids
from components.charts.bill_of_materials import (
    BILL_OF_MATERIALS,
    ChartError,
    ChartReference,
    bill_of_materials,
    chart_reference,
    charts_of,
)
from components.charts.conformity import (
    RESTART,
    Manifest,
    Patch,
    conform,
    containers,
    named,
    pod_template,
    uses_secrets,
)
from components.charts.mirror import ChartMirror, sha256

__all__ = [
    "BILL_OF_MATERIALS",
    "RESTART",
    "ChartError",
    "ChartMirror",
    "ChartReference",
    "Manifest",
    "Patch",
    "assign_user_ids",
    "bill_of_materials",
    "chart_reference",
    "charts_of",
    "conform",
    "containers",
    "named",
    "pod_template",
    "sha256",
    "uses_secrets",
    "without_user_ids",
]
