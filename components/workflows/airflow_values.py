"""What the Airflow chart is told.

Source: WF-AIRFLOW-1..11, CLU-13, CLU-18, A-12, A-13, A-22.
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from components.base import Environment, Priority
from components.identity import IdentityBinding
from components.tables import read_table
from components.workflows import airflow_secrets as secrets
from components.workflows.airflow_lake import MODULES, LakeAccess
from components.workflows.airflow_parts import JOBS, PARTS, Part

STATSD_MAPPINGS = Path(__file__).with_name("airflow_statsd.yaml")
LAKE_SETTINGS, LAKE_MODULES = "airflow-lake", "airflow-modules"
ADMIN_EMAIL = "airflow@{domain}"
# CLU-13
WORKERS_CPU_PERCENT, WORKERS_MEMORY_PERCENT = 70, 80
# OPS-8
LOG_TABLE_DAYS = 7
_WORKER_CONCURRENCY = {"dev": 4, "stg": 8, "prod": 16}
_SECCOMP = {"type": "RuntimeDefault"}
_CONTAINER_SECURITY = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
# the schema is there before anything asks for it, and a database that is being made gets its time
_MIGRATIONS_WAIT_SECONDS = 300
_CREATE_USER = f"""\
airflow db check-migrations --migration-wait-timeout={_MIGRATIONS_WAIT_SECONDS}
exec airflow users create --role Admin --username "$ADMIN_USERNAME" --password "$ADMIN_PASSWORD" \\
  --email "$ADMIN_EMAIL" --firstname Platform --lastname Administrator"""
_CLEAN_LOG_TABLE = f"""\
exec airflow db clean --tables log --skip-archive --yes \\
  --clean-before-timestamp "$(date --utc --date='-{LOG_TABLE_DAYS} days' +%Y-%m-%dT%H:%M:%S+00:00)\""""


@cache
def statsd_mappings() -> list[dict[str, Any]]:
    """How the exporter calls Airflow's metrics."""
    return read_table(STATSD_MAPPINGS)


def values(environment: Environment, bindings: Mapping[str, IdentityBinding], access: LakeAccess) -> dict[str, Any]:
    """The chart's values.

    Args:
        environment: the stack.
        bindings: cloud identities by name of the ServiceAccount.
        access: how it gets at the lake.
    """
    parts = {part.key: _part(environment, part, bindings.get(part.account), access) for part in PARTS}
    jobs = {part.key: _job(environment, part) for part in JOBS}
    workers = parts.pop("workers")
    return {
        "executor": "CeleryExecutor",
        "labels": {"app": "airflow"},
        "securityContexts": {
            "pod": {"runAsNonRoot": True, "runAsUser": 50000, "fsGroup": 0, "seccompProfile": _SECCOMP},
            "containers": _CONTAINER_SECURITY,
        },
        "images": {"migrationsWaitTimeout": _MIGRATIONS_WAIT_SECONDS},
        # tasks run in the workers: nothing here calls the API server
        "rbac": {"create": False},
        "allowPodLaunching": False,
        "logs": {"emptyDirConfig": {"sizeLimit": "2Gi"}},
        "secret": [
            {"envName": variable, "secretName": secret, "secretKey": key}
            for variable, (secret, key) in secrets.FURTHER_VARIABLES.items()
        ],
        "extraEnvFrom": f"- configMapRef:\n    name: {LAKE_SETTINGS}",
        **_modules(access),
        # tasks have no business with the metadata
        "enableBuiltInSecretEnvVars": {"AIRFLOW_CONN_AIRFLOW_DB": False},
        "config": _config(environment, access),
        **_secrets(),
        **_merged(parts, _specifics(environment)),
        "workers": _workers(environment, workers),
        **_merged(jobs, _job_specifics(environment)),
        "statsd": _statsd(environment),
        "redis": {"enabled": False},
        "postgresql": {"enabled": False},
    }


def _modules(access: LakeAccess) -> dict[str, Any]:
    if not access.modules:
        return {}
    return {
        "volumes": [{"name": "modules", "configMap": {"name": LAKE_MODULES}}],
        "volumeMounts": [{"name": "modules", "mountPath": MODULES, "readOnly": True}],
    }


def _restarted(access: LakeAccess) -> dict[str, Any]:
    """Other pods for other modules: a process imports one once."""
    if not access.modules:
        return {}
    digest = hashlib.sha256("".join(access.modules.values()).encode()).hexdigest()
    return {"podAnnotations": {"checksum/modules": digest}}


def _secrets() -> dict[str, Any]:
    return {
        "data": {
            "metadataSecretName": secrets.METADATA,
            "resultBackendSecretName": secrets.RESULT_BACKEND,
            "brokerUrlSecretName": secrets.BROKER,
        },
        "fernetKeySecretName": secrets.FERNET,
        "apiSecretKeySecretName": secrets.API,
        "jwtSecretName": secrets.JWT,
    }


def _config(environment: Environment, access: LakeAccess) -> dict[str, Any]:
    return {
        # the API inside the cluster has another address; the chart fills it in
        "api": {"base_url": f"https://{environment.host('airflow')}", "workers": 1},
        "celery": {"worker_concurrency": _WORKER_CONCURRENCY[environment.profile]},
        "core": {"load_examples": "False"},
        "dag_processor": {"refresh_interval": 60},
        "logging": {
            "json_logs": "True",
            "remote_logging": "True",
            "remote_log_conn_id": access.connection,
            "delete_local_logs": "True",
        },
    }


def _part(environment: Environment, part: Part, binding: IdentityBinding | None, access: LakeAccess) -> dict[str, Any]:
    size = environment.size(part.size)
    return {
        "replicas": size.replicas,
        "resources": size.resources,
        "priorityClassName": Priority.HIGH.value,
        "labels": _labels(environment, part, binding),
        "serviceAccount": _account(binding),
        "podDisruptionBudget": {"enabled": size.replicas > 1, "config": {"maxUnavailable": 1}},
        "topologySpreadConstraints": _spread(environment, part),
        **_keys(binding),
        **_restarted(access),
    }


def _keys(binding: IdentityBinding | None) -> dict[str, Any]:
    """Of an account that signs in with keys; none where the cloud knows it."""
    credentials = binding.credentials if binding else None
    if credentials is None:
        return {}
    files = {"extraVolumes": credentials.volumes(), "extraVolumeMounts": credentials.mounts()}
    return {"env": credentials.references(), **{key: value for key, value in files.items() if value}}


def _labels(environment: Environment, part: Part, binding: IdentityBinding | None = None) -> dict[str, str]:
    return {
        "app": part.app,
        **environment.client_labels(*part.destinations),
        **(binding.pod_labels if binding else {}),
    }


def _account(binding: IdentityBinding | None = None) -> dict[str, Any]:
    return {"automountServiceAccountToken": False, "annotations": dict(binding.annotations) if binding else {}}


def _spread(environment: Environment, part: Part) -> list[dict[str, Any]]:
    if not environment.is_highly_available:
        return []
    return [
        {
            "maxSkew": 1,
            "topologyKey": "topology.kubernetes.io/zone",
            "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": {"matchLabels": part.selector},
            "matchLabelKeys": ["pod-template-hash"],
        }
    ]


def _specifics(environment: Environment) -> dict[str, dict[str, Any]]:
    slow_start = {"startupProbe": {"failureThreshold": 24}}
    without_groomer = {"logGroomerSidecar": {"enabled": False}}
    return {
        "apiServer": {
            **slow_start,
            "args": ["bash", "-c", "exec airflow api-server --proxy-headers"],
            # only the gateway and its neighbours reach it
            "env": [{"name": "FORWARDED_ALLOW_IPS", "value": "*"}],
            "allowPodLogReading": False,
        },
        "scheduler": {**slow_start, **without_groomer},
        # logs of its parsing stay here, those of tasks go to the lake
        "dagProcessor": {
            "logGroomerSidecar": {"retentionDays": 2, "resources": environment.size("airflow-log-groomer").resources}
        },
        "triggerer": {**without_groomer, "persistence": {"enabled": False}},
    }


def _workers(environment: Environment, common: Mapping[str, Any]) -> dict[str, Any]:
    size = environment.size("airflow-worker")
    account = common["serviceAccount"]
    celery = {
        # the autoscaler owns their number
        **{key: value for key, value in common.items() if key not in {"replicas", "serviceAccount"}},
        "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}},
        "logGroomerSidecar": {"enabled": False},
        # without volumes of their own they are a Deployment
        "persistence": {"enabled": False},
        "hpa": {
            "enabled": True,
            "minReplicaCount": size.replicas,
            "maxReplicaCount": size.max_replicas,
            "metrics": [
                _utilisation("cpu", WORKERS_CPU_PERCENT),
                _utilisation("memory", WORKERS_MEMORY_PERCENT),
            ],
        },
    }
    return {"serviceAccount": account, "celery": celery}


def _utilisation(resource: str, percent: int) -> dict[str, Any]:
    target = {"type": "Utilization", "averageUtilization": percent}
    return {"type": "Resource", "resource": {"name": resource, "target": target}}


def _job(environment: Environment, part: Part) -> dict[str, Any]:
    return {
        "resources": environment.size("airflow-job").resources,
        "priorityClassName": Priority.STANDARD.value,
        "labels": _labels(environment, part),
        "serviceAccount": _account(),
        "applyCustomEnv": False,
    }


def _job_specifics(environment: Environment) -> dict[str, dict[str, Any]]:
    admin = [
        {"name": f"ADMIN_{key.upper()}", "valueFrom": {"secretKeyRef": {"name": secrets.ADMIN, "key": key}}}
        for key in ("username", "password")
    ]
    email = {"name": "ADMIN_EMAIL", "value": ADMIN_EMAIL.format(domain=environment.base_domain)}
    return {
        # a hook would not be run
        "migrateDatabaseJob": {"useHelmHooks": False},
        "createUserJob": {"useHelmHooks": False, "args": ["bash", "-ec", _CREATE_USER], "env": [*admin, email]},
        "databaseCleanup": {
            "enabled": True,
            "schedule": "30 3 * * *",
            "args": ["bash", "-ec", _CLEAN_LOG_TABLE],
        },
    }


def _statsd(environment: Environment) -> dict[str, Any]:
    digest = hashlib.sha256(STATSD_MAPPINGS.read_bytes()).hexdigest()
    return {
        "enabled": True,
        "overrideMappings": statsd_mappings(),
        # it reads them once
        "podAnnotations": {"checksum/mappings": digest},
        "resources": environment.size("airflow-statsd").resources,
        "priorityClassName": Priority.STANDARD.value,
        "serviceAccount": _account(),
        "securityContexts": {
            "pod": {"runAsNonRoot": True, "runAsUser": 65534, "seccompProfile": _SECCOMP},
            "container": {**_CONTAINER_SECURITY, "readOnlyRootFilesystem": True},
        },
        "labels": {"app": "airflow"},
    }


def _merged(common: Mapping[str, dict[str, Any]], specific: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    return {key: _completed(value, specific.get(key, {})) for key, value in common.items()}


def _completed(common: Mapping[str, Any], specific: Mapping[str, Any]) -> dict[str, Any]:
    variables = [*common.get("env", ()), *specific.get("env", ())]
    return {**common, **specific, **({"env": variables} if variables else {})}
