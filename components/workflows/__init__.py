"""Workflow engines."""

from components.workflows.airflow import Airflow, AirflowArgs
from components.workflows.kestra import Kestra, KestraArgs

__all__ = ["Airflow", "AirflowArgs", "Kestra", "KestraArgs"]
