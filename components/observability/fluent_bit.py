"""Fluent Bit: every container's log, with Kubernetes' metadata and the fields that searches count on.

Source: OBS-LOGS-3, OBS-LOGS-6, OBS-LOGS-9, CLU-18.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import yaml

from components.base import Environment, PlatformChart, PlatformChartArgs, Priority, service_monitor
from components.observability import loki
from components.observability.elasticsearch import CERTIFICATE_SECRET, HOST, LOGS, PORT, user_secret
from components.observability.pods import COMPONENT, CONTAINER_SECURITY, NAMESPACE

CONFIGURATION = "fluent-bit-config"
_DIRECTORY = "/fluent-bit/etc/conf"
_FILE, _SCRIPT = "fluent-bit.yaml", Path(__file__).with_name("fluent_bit.lua")
_STATE = "/var/lib/fluent-bit"
_AUTHORITY = "/authority"
_HTTP_PORT = 2020
_LINES = "kube.*"


@dataclass(frozen=True)
class FluentBitArgs:
    """What Fluent Bit needs.

    Args:
        environment: the stack that it is part of.
        log_store: gate: Elasticsearch takes logs.
        to_loki: whether Loki gets them as well.
    """

    environment: Environment
    log_store: pulumi.Resource
    to_loki: bool = False


class FluentBit(pulumi.ComponentResource):
    """Fluent Bit on every node, with the ConfigMap ``fluent-bit-config``.

    It runs as root, without any capability, because the node's log files are root's. What a target does not take waits
    on the node's disk.

    Args:
        name: logical name.
        args: its targets.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: the DaemonSet stands.

    Source: OBS-LOGS-3, OBS-LOGS-6.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: FluentBitArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:observability:FluentBit", name, None, opts)
        environment = args.environment
        namespace = environment.namespaces[NAMESPACE]
        files = {
            _FILE: yaml.safe_dump(pipeline(to_loki=args.to_loki), sort_keys=False),
            _SCRIPT.name: _SCRIPT.read_text(encoding="utf-8"),
        }

        def inside(*gates: pulumi.Resource) -> pulumi.ResourceOptions:
            return pulumi.ResourceOptions(
                parent=self, depends_on=[namespace.ready, *gates], deleted_with=namespace.resource
            )

        def metadata(object_name: str) -> kubernetes.meta.v1.ObjectMetaArgsDict:
            return {"name": object_name, "namespace": NAMESPACE, "labels": environment.labels("fluent-bit", COMPONENT)}

        configuration = kubernetes.core.v1.ConfigMap(
            CONFIGURATION, metadata=metadata(CONFIGURATION), data=files, opts=inside()
        )
        self.ready = PlatformChart(
            name,
            PlatformChartArgs(
                environment=environment,
                chart="fluent-bit",
                namespace=namespace,
                values=_values(environment, hashlib.sha256("".join(files.values()).encode()).hexdigest()),
                component=COMPONENT,
                after=[configuration, args.log_store, *environment.allow_host_access(namespace, "fluent-bit")],
                destinations=["api-server"],
                pod_labels={"app": "fluent-bit"},
            ),
            pulumi.ResourceOptions(parent=self),
        ).ready
        if environment.monitors:
            # the chart's own depends on what it can learn of the cluster when it is rendered
            service_monitor(
                "fluent-bit",
                metadata("fluent-bit"),
                inside(environment.monitors),
                selected={"app.kubernetes.io/name": "fluent-bit"},
                port="http",
                path="/api/v2/metrics/prometheus",
            )
        self.register_outputs({})


def pipeline(*, to_loki: bool) -> Mapping[str, Any]:
    """Fluent Bit's configuration.

    Args:
        to_loki: whether Loki gets the lines as well.
    """
    return {
        "service": {
            "flush": 1,
            "log_level": "info",
            "http_server": True,
            "http_listen": "0.0.0.0",  # noqa: S104 - probes and Prometheus come from outside the pod
            "http_port": _HTTP_PORT,
            "health_check": True,
            "storage.path": f"{_STATE}/buffers",
            "storage.metrics": True,
            "storage.backlog.mem_limit": "32M",
        },
        "pipeline": {
            "inputs": [_container_logs()],
            "filters": _filters(),
            "outputs": [_to_elasticsearch(), *([_to_loki()] if to_loki else [])],
        },
    }


def _container_logs() -> Mapping[str, Any]:
    return {
        "name": "tail",
        "path": "/var/log/containers/*.log",
        # its own errors about a target must not become lines for that target
        "exclude_path": "/var/log/containers/fluent-bit-*.log",
        "multiline.parser": "cri",
        "tag": _LINES,
        "db": f"{_STATE}/positions.db",
        "skip_long_lines": True,
        "storage.type": "filesystem",
    }


def _filters() -> list[Mapping[str, Any]]:
    return [
        {
            "name": "kubernetes",
            "match": _LINES,
            # a line in JSON becomes fields
            "merge_log": True,
            "keep_log": False,
            "labels": True,
            "annotations": False,
            "k8s-logging.parser": False,
            "k8s-logging.exclude": True,
        },
        {"name": "lua", "match": _LINES, "script": f"{_DIRECTORY}/{_SCRIPT.name}", "call": "contract"},
    ]


def _to_elasticsearch() -> Mapping[str, Any]:
    return {
        "name": "es",
        "match": _LINES,
        "host": HOST,
        "port": PORT,
        "tls": True,
        "tls.verify": True,
        "tls.ca_file": f"{_AUTHORITY}/ca.crt",
        "http_user": "${ELASTICSEARCH_USERNAME}",
        "http_passwd": "${ELASTICSEARCH_PASSWORD}",
        "index": LOGS,
        # a data stream takes new lines only
        "write_operation": "create",
        "suppress_type_name": True,
        "time_key": "@timestamp",
        "time_key_nanos": True,
        "replace_dots": True,
        "compress": "gzip",
        "retry_limit": "no_limits",
        "storage.total_limit_size": "2G",
    }


def _to_loki() -> Mapping[str, Any]:
    labels = {
        "job": "fluent-bit",
        "namespace": "$kubernetes['namespace_name']",
        "container": "$kubernetes['container_name']",
        "app": "$kubernetes['labels']['app']",
    }
    return {
        "name": "loki",
        "match": _LINES,
        "host": loki.HOST,
        "port": loki.PORT,
        "labels": ", ".join(f"{label}={value}" for label, value in labels.items()),
        "remove_keys": "kubernetes",
        "line_format": "json",
        "retry_limit": 10,
        "storage.total_limit_size": "512M",
    }


def _values(environment: Environment, digest: str) -> dict[str, Any]:
    secret = user_secret("shipper")
    return {
        "testFramework": {"enabled": False},
        "existingConfigMap": CONFIGURATION,
        "args": ["--workdir=/fluent-bit/etc", f"--config={_DIRECTORY}/{_FILE}"],
        # a new configuration makes new pods
        "podAnnotations": {"checksum/configuration": digest},
        "resources": environment.size("fluent-bit").resources,
        "priorityClassName": Priority.HIGH.value,
        # logs of every node, whatever it is reserved for
        "tolerations": [{"operator": "Exists"}],
        "podSecurityContext": {"runAsUser": 0, "runAsGroup": 0, "seccompProfile": {"type": "RuntimeDefault"}},
        "securityContext": CONTAINER_SECURITY,
        "env": [
            {
                "name": f"ELASTICSEARCH_{key.upper()}",
                "valueFrom": {"secretKeyRef": {"name": secret, "key": key}},
            }
            for key in ("username", "password")
        ],
        "daemonSetVolumes": [
            {"name": "logs", "hostPath": {"path": "/var/log"}},
            {"name": "state", "hostPath": {"path": _STATE, "type": "DirectoryOrCreate"}},
            {
                "name": "authority",
                "secret": {"secretName": CERTIFICATE_SECRET, "items": [{"key": "ca.crt", "path": "ca.crt"}]},
            },
        ],
        "daemonSetVolumeMounts": [
            {"name": "logs", "mountPath": "/var/log", "readOnly": True},
            {"name": "state", "mountPath": _STATE},
            {"name": "authority", "mountPath": _AUTHORITY, "readOnly": True},
        ],
    }
