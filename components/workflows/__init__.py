"""Engines that run flows, DAGs and processes."""

from components.workflows import camunda, flowable
from components.workflows.airflow import Airflow, AirflowArgs
from components.workflows.camunda import Camunda, CamundaArgs
from components.workflows.flow_secrets import flow_secrets_of
from components.workflows.flowable import Flowable, FlowableArgs
from components.workflows.kestra import Kestra, KestraArgs
from components.workflows.process_metrics import ProcessMetrics, ProcessMetricsArgs
from components.workflows.rest_api import RestApi

__all__ = [
    "Airflow",
    "AirflowArgs",
    "Camunda",
    "CamundaArgs",
    "Flowable",
    "FlowableArgs",
    "Kestra",
    "KestraArgs",
    "ProcessMetrics",
    "ProcessMetricsArgs",
    "RestApi",
    "camunda",
    "flow_secrets_of",
    "flowable",
]
