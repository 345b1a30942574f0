"""Third-party charts: which ones at which version, where their archives are, and what makes their objects conform."""

from components.charts.bill_of_materials import ChartError, ChartReference, bill_of_materials, charts_of
from components.charts.conformity import Manifest, Patch, conform, containers, named, pod_template
from components.charts.mirror import ChartMirror

__all__ = [
    "ChartError",
    "ChartMirror",
    "ChartReference",
    "Manifest",
    "Patch",
    "bill_of_materials",
    "charts_of",
    "conform",
    "containers",
    "named",
    "pod_template",
]
