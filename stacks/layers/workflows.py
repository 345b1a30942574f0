"""Engines that run flows, DAGs and processes, the bots' coordinator, and the bridges to platforms outside."""

from components import integrations, rpa, workflows
from stacks.layers.assembly import Assembly, needed
from stacks.settings import Profile


def run_workflows(assembly: Assembly) -> None:
    """Kestra, Airflow, the BPM engines, OpenFlow, and the integrations."""
    kestra = _kestra(assembly) if assembly.on.kestra else None
    if assembly.on.airflow:
        _airflow(assembly)
    _process_engines(assembly)
    if assembly.on.openflow:
        rpa.OpenFlow("openflow", rpa.OpenFlowArgs(assembly.environment), assembly.opts)
    if assembly.on.uipath:
        _uipath(assembly, needed(kestra, "kestra"))
    if assembly.on.servicenow:
        _servicenow(assembly)


def _kestra(assembly: Assembly) -> workflows.Kestra:
    args = workflows.KestraArgs(
        environment=assembly.environment,
        database=needed(assembly.database, "postgres"),
        flow_secrets=workflows.flow_secrets_of(assembly.settings.components_on),
        distributed=assembly.settings.profile is Profile.PROD,
    )
    kestra = workflows.Kestra("kestra", args, assembly.opts)
    assembly.outputs["kestraAddress"] = kestra.address
    return kestra


def _airflow(assembly: Assembly) -> None:
    server, queue = needed(assembly.database, "postgres"), needed(assembly.cache, "redis")
    airflow = workflows.Airflow("airflow", workflows.AirflowArgs(assembly.environment, server, queue), assembly.opts)
    assembly.outputs |= {"airflowAddress": airflow.address, "airflowDags": airflow.dags}


def _process_engines(assembly: Assembly) -> None:
    environment, opts = assembly.environment, assembly.opts
    engines: dict[str, workflows.RestApi] = {}
    if assembly.on.camunda:
        engine = assembly.settings.process_engine.engine.value
        camunda = workflows.CamundaArgs(environment, needed(assembly.database, "postgres"), engine)
        engines["camunda"] = assembly.process_engine = workflows.Camunda("camunda", camunda, opts).api
    if assembly.on.flowable:
        flowable = workflows.FlowableArgs(environment, needed(assembly.database, "postgres"))
        engines["flowable"] = workflows.Flowable("flowable", flowable, opts).api
    if engines and environment.monitors is not None:
        metrics = workflows.ProcessMetricsArgs(environment, environment.monitors, engines)
        workflows.ProcessMetrics("process-metrics", metrics, opts)


def _uipath(assembly: Assembly, kestra: workflows.Kestra) -> None:
    settings = needed(assembly.settings.uipath, "uipath")
    args = integrations.UiPathBridgeArgs(
        environment=assembly.environment,
        credentials=kestra.flow_secrets[integrations.UIPATH_CREDENTIALS],
        orchestrator_url=settings.orchestrator_url,
        default_strategy=settings.default_strategy,
        max_retries=settings.max_retries,
        timeout_seconds=settings.timeout_seconds,
        polling_interval_seconds=settings.polling_interval_seconds,
    )
    integrations.UiPathBridge("uipath-bridge", args, assembly.opts)


def _servicenow(assembly: Assembly) -> None:
    settings = needed(assembly.settings.servicenow, "servicenow")
    args = integrations.ServiceNowWorkerArgs(
        environment=assembly.environment,
        engine=needed(assembly.process_engine, "camunda"),
        cache=needed(assembly.cache, "redis"),
        instance_url=settings.instance_url,
        api_version=settings.api_version,
        default_table=settings.default_table,
        polling_interval_seconds=settings.polling_interval_seconds,
        max_polling_attempts=settings.max_polling_attempts,
    )
    integrations.ServiceNowWorker("servicenow-worker", args, assembly.opts)
