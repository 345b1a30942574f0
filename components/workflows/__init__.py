"""Workflow engines."""

from components.workflows.kestra import Kestra, KestraArgs

__all__ = ["Kestra", "KestraArgs"]
