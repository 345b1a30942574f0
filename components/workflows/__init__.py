"""Workflow engines."""

from components.workflows.airflow import Airflow, AirflowArgs
from components.workflows.kestra import Kestra, KestraArgs

__all__ = ["Airflow", "AirflowArgs", "Kestra", "KestraArgs"]
"""Engines that run processes."""

from components.workflows import camunda, flowable
from components.workflows.camunda import Camunda, CamundaArgs
from components.workflows.flowable import Flowable, FlowableArgs
from components.workflows.process_metrics import ProcessMetrics, ProcessMetricsArgs
from components.workflows.rest_api import RestApi

__all__ = [
    "Camunda",
    "CamundaArgs",
    "Flowable",
    "FlowableArgs",
    "ProcessMetrics",
    "ProcessMetricsArgs",
    "RestApi",
    "camunda",
    "flowable",
]
