"""How Airflow gets at the lake: where DAGs come from and logs go, through which connection.

Source: WF-AIRFLOW-3; docs/adr/0028.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi

from components.datalake import BlobStore, ObjectStore, S3Store, bucket_of
from components.identity import IdentityBinding

# where the lake has DAGs with the modules that they import, and where it gets the logs of tasks
DAGS, LOGS = "airflow/dags", "airflow/logs"
# where its containers have the modules of ours
MODULES = "/opt/airflow/modules"
_BLOB_BUNDLE = Path(__file__).parents[2] / "workloads" / "airflow" / "blob_bundle.py"
_S3_BUNDLE = "airflow.providers.amazon.aws.bundles.s3.S3DagBundle"


@dataclass(frozen=True)
class LakeAccess:
    """What Airflow is told of the lake.

    Args:
        connection: id of the connection that logs are written and read through.
        variables: of every container of Airflow.
        modules: of Python, which it imports beside its own: file name -> source.
    """

    connection: str
    variables: Mapping[str, pulumi.Input[str]]
    modules: Mapping[str, str] = field(default_factory=dict[str, str])


def lake_access(store: ObjectStore, zone: pulumi.Output[str], bindings: Collection[IdentityBinding]) -> LakeAccess:
    """How Airflow gets at a zone of the lake.

    Args:
        store: the API that the lake answers on.
        zone: address of the zone.
        bindings: what Airflow's service accounts carry, which sign in all the same way.
    """
    match store:
        case S3Store():
            return _over_s3(store, zone, keys=any(binding.credentials for binding in bindings))
        case BlobStore():
            return _over_blobs(store, zone)


def _over_s3(store: S3Store, zone: pulumi.Output[str], *, keys: bool) -> LakeAccess:
    return LakeAccess(
        "aws_default",
        {
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": zone.apply(
                lambda uri: _bundles(_S3_BUNDLE, {"bucket_name": bucket_of(uri), "prefix": DAGS})
            ),
            # an identity finds the store by itself; keys are variables of the pod's own
            "AIRFLOW_CONN_AWS_DEFAULT": _s3_connection(store) if keys else "aws://",
            "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": zone.apply(lambda uri: f"{uri}/{LOGS}"),
        },
    )


def _over_blobs(store: BlobStore, zone: pulumi.Output[str]) -> LakeAccess:
    classpath = f"{_BLOB_BUNDLE.stem}.BlobDagBundle"
    return LakeAccess(
        "wasb_default",
        {
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": zone.apply(
                lambda uri: _bundles(classpath, {"container": bucket_of(uri), "prefix": DAGS})
            ),
            # without a key the pod's workload identity signs in
            "AIRFLOW_CONN_WASB_DEFAULT": store.host.apply(
                lambda host: json.dumps({"conn_type": "wasb", "host": f"https://{host}"}, sort_keys=True)
            ),
            # the scheme chooses the handler of logs, which takes the container from a setting of its own
            "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": f"wasb://{LOGS}",
            "AIRFLOW__AZURE_REMOTE_LOGGING__REMOTE_WASB_LOG_CONTAINER": zone.apply(bucket_of),
            "PYTHONPATH": MODULES,
        },
        {_BLOB_BUNDLE.name: _BLOB_BUNDLE.read_text("utf-8")},
    )


def _s3_connection(store: S3Store) -> str:
    extra: dict[str, Any] = {
        "region_name": store.region,
        # tasks may well call AWS's other services through it
        "service_config": {"s3": {"endpoint_url": f"https://{store.host}"}},
        "config_kwargs": {"s3": {"addressing_style": "path" if store.path_style else "virtual"}},
    }
    return json.dumps({"conn_type": "aws", "extra": extra}, sort_keys=True)


def _bundles(classpath: str, arguments: Mapping[str, str]) -> str:
    return json.dumps([{"name": "lake", "classpath": classpath, "kwargs": dict(arguments)}], sort_keys=True)
