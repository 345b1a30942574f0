"""What no value of the Airflow chart can change.

Source: CLU-19, OBS-LOGS-8, A-13.
"""

from components.charts import Manifest, containers, named
from components.workflows.airflow_parts import API_SERVER, RELEASE

WEBSERVER, WORKER = "airflow-webserver", "airflow-worker"


def _name_webserver(deployment: Manifest) -> None:
    # operators know it under its name of Airflow 2 (CLU-19)
    deployment["metadata"]["name"] = WEBSERVER


def _name_worker_container(deployment: Manifest) -> None:
    # its logs are looked for under this name (OBS-LOGS-8)
    for container in containers(deployment):
        if container["name"] == "worker":
            container["name"] = WORKER


def _keep_finished_jobs(manifest: Manifest) -> None:
    # a job that Kubernetes removes would be made again by the next update
    if manifest["kind"] == "Job":
        manifest["spec"].pop("ttlSecondsAfterFinished", None)


PATCHES = (
    named("Deployment", f"{RELEASE}-{API_SERVER}", _name_webserver),
    named("Deployment", WORKER, _name_worker_container),
    _keep_finished_jobs,
)
