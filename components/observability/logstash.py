"""Logstash, for lines that have to be changed on their way.

Source: OBS-LOGS-4.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import Environment
from components.observability.elasticsearch import LOGS, NAME, VERSION, operator_pod, user_secret
from components.observability.pods import COMPONENT, CONTAINER_SECURITY, NAMESPACE

LOGSTASH = "logstash"
PORT = 8080
# the operator hands the connection over as variables with this prefix
_CLUSTER = "platform"


@dataclass(frozen=True)
class LogstashArgs:
    """What Logstash needs.

    Args:
        environment: the stack that it is part of.
        log_store: gate: Elasticsearch takes logs.
    """

    environment: Environment
    log_store: pulumi.Resource


class Logstash(pulumi.ComponentResource):
    """Logstash at ``logstash-ls-http:8080``: takes JSON over HTTP and adds it to the log store.

    Args:
        name: logical name.
        args: what it needs.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: it is declared.

    Source: OBS-LOGS-4.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: LogstashArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:observability:Logstash", name, None, opts)
        environment = args.environment
        namespace = environment.namespaces[NAMESPACE]
        self.ready = kubernetes.apiextensions.CustomResource(
            LOGSTASH,
            api_version="logstash.k8s.elastic.co/v1alpha1",
            kind="Logstash",
            metadata={
                "name": LOGSTASH,
                "namespace": NAMESPACE,
                "labels": environment.labels(LOGSTASH, COMPONENT),
            },
            spec=_specification(environment),
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[namespace.ready, args.log_store], deleted_with=namespace.resource
            ),
        )
        self.register_outputs({})


def _specification(environment: Environment) -> Mapping[str, Any]:
    return {
        "version": VERSION,
        "count": environment.size(LOGSTASH).replicas,
        "elasticsearchRefs": [{"name": NAME, "clusterName": _CLUSTER}],
        "pipelines": [{"pipeline.id": "main", "config.string": _PIPELINE}],
        "services": [
            {"name": "http", "service": {"spec": {"ports": [{"name": "http", "port": PORT, "targetPort": PORT}]}}}
        ],
        "podTemplate": _pod(environment),
    }


def _pod(environment: Environment) -> dict[str, Any]:
    template = operator_pod(
        environment, LOGSTASH, {"logstash.k8s.elastic.co/name": LOGSTASH}, "logstash-internal-init-config"
    )
    (container,) = template["spec"]["containers"]
    # its runtime unpacks libraries into /tmp
    container["securityContext"] = {**CONTAINER_SECURITY, "readOnlyRootFilesystem": False}
    # the user that the operator makes may write to indices of other names only
    container["env"] = [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": user_secret("shipper"), "key": name.lower()}}}
        for name in ("USERNAME", "PASSWORD")
    ]
    return template


_PIPELINE = f"""\
input {{ http {{ port => {PORT} }} }}
output {{
  elasticsearch {{
    hosts => ["${{{_CLUSTER.upper()}_ES_HOSTS}}"]
    user => "${{USERNAME}}"
    password => "${{PASSWORD}}"
    ssl_certificate_authorities => "${{{_CLUSTER.upper()}_ES_SSL_CERTIFICATE_AUTHORITY}}"
    index => "{LOGS}"
    action => "create"
  }}
}}
"""
