"""Elasticsearch and Kibana, run by their operator ECK.

Source: OBS-LOGS-1, OBS-LOGS-2, NET-9, NET-12.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import yaml

from components.base import (
    Environment,
    ExternalSecret,
    ExternalSecretArgs,
    PlatformChart,
    PlatformChartArgs,
    Priority,
    SecretKey,
)
from components.observability.pods import (
    COMPONENT,
    CONTAINER_SECURITY,
    NAMESPACE,
    POD_SECURITY,
    alias_service,
    pod_labels,
    volume_claim,
)
from components.security import INTERNAL_ISSUER

NAME, KIBANA = "elasticsearch", "kibana"
# renovate: datasource=docker depName=docker.elastic.co/elasticsearch/elasticsearch
VERSION = "9.5.0"
PORT, KIBANA_PORT = 9200, 5601
KIBANA_SERVICE = "kibana-kibana"
HOST = f"{NAME}.{NAMESPACE}.svc"
CERTIFICATE_SECRET = f"{NAME}-http"
LOGS = "platform-logs"
SELECTED = {"common.k8s.elastic.co/type": NAME, "elasticsearch.k8s.elastic.co/cluster-name": NAME}
_KIBANA_SELECTED = {"common.k8s.elastic.co/type": KIBANA, "kibana.k8s.elastic.co/name": KIBANA}
_ROLES_SECRET = f"{NAME}-roles"
_USER_ID = 1000
# who may do what, beside the operator's own superuser
_ROLES: Mapping[str, Mapping[str, Any]] = {
    "platform_setup": {"cluster": ["monitor", "manage_ilm", "manage_index_templates"]},
    "platform_shipper": {
        "cluster": ["monitor"],
        "indices": [{"names": [f"{LOGS}*"], "privileges": ["auto_configure", "create_doc"]}],
    },
    "platform_reader": {
        "cluster": ["monitor"],
        "indices": [{"names": [f"{LOGS}*"], "privileges": ["read", "view_index_metadata"]}],
    },
}
_USERS = {"setup": "platform_setup,kibana_admin", "shipper": "platform_shipper", "grafana": "platform_reader"}


def user_secret(user: str) -> str:
    """Name of the Secret with a user's ``username`` and ``password``."""
    return f"{NAME}-{user}"


@dataclass(frozen=True)
class ElasticsearchArgs:
    """What Elasticsearch needs.

    Args:
        environment: the stack that it is part of.
        certificates: gate: the internal issuer stands.
    """

    environment: Environment
    certificates: pulumi.Resource


class Elasticsearch(pulumi.ComponentResource):
    """ECK, Elasticsearch at ``elasticsearch.observability.svc:9200`` over TLS, and Kibana at ``kibana-kibana:5601``.

    Args:
        name: logical name.
        args: what it needs.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: both are declared, and their Services stand.

    Source: OBS-LOGS-1, OBS-LOGS-2, NET-9, NET-12.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: ElasticsearchArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:observability:Elasticsearch", name, None, opts)
        self._environment = args.environment
        self._namespace = args.environment.namespaces[NAMESPACE]
        operator = self._operator()
        certificate = self._custom(
            "cert-manager.io/v1", "Certificate", CERTIFICATE_SECRET, _CERTIFICATE, args.certificates
        )
        users = [self._user(user, roles) for user, roles in _USERS.items()]
        elasticsearch = self._custom(
            "elasticsearch.k8s.elastic.co/v1",
            "Elasticsearch",
            NAME,
            _elasticsearch(self._environment),
            operator,
            certificate,
            self._roles(),
            *users,
        )
        kibana = self._custom("kibana.k8s.elastic.co/v1", "Kibana", KIBANA, _kibana(self._environment), elasticsearch)
        service = alias_service(NAME, self._environment, (PORT, PORT), SELECTED, self._inside(kibana))
        self.ready = alias_service(
            KIBANA_SERVICE, self._environment, (KIBANA_PORT, KIBANA_PORT), _KIBANA_SELECTED, self._inside(service)
        )
        self.register_outputs({})

    def _inside(self, *gates: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self, depends_on=[self._namespace.ready, *gates], deleted_with=self._namespace.resource
        )

    def _metadata(self, name: str) -> kubernetes.meta.v1.ObjectMetaArgsDict:
        return {"name": name, "namespace": NAMESPACE, "labels": self._environment.labels(name, COMPONENT)}

    def _operator(self) -> pulumi.Resource:
        return PlatformChart(
            "eck-operator",
            PlatformChartArgs(
                environment=self._environment,
                chart="eck-operator",
                namespace=self._namespace,
                values=_operator(self._environment),
                component=COMPONENT,
                destinations=["api-server"],
                pod_labels={"app": "elastic-operator"},
            ),
            pulumi.ResourceOptions(parent=self),
        ).ready

    def _custom(
        self, api_version: str, kind: str, name: str, spec: Mapping[str, Any], *gates: pulumi.Resource
    ) -> pulumi.Resource:
        return kubernetes.apiextensions.CustomResource(
            f"{kind.lower()}-{name}",
            api_version=api_version,
            kind=kind,
            metadata=self._metadata(name),
            spec=spec,
            opts=self._inside(*gates),
        )

    def _user(self, user: str, roles: str) -> pulumi.Resource:
        path = f"{NAME}/{user}"
        return ExternalSecret(
            user_secret(user),
            ExternalSecretArgs(
                environment=self._environment,
                namespace=self._namespace,
                keys={"username": SecretKey(path, "username"), "password": SecretKey(path)},
                component=COMPONENT,
                template={"username": "{{ .username }}", "password": "{{ .password }}", "roles": roles},
                type="kubernetes.io/basic-auth",
            ),
            pulumi.ResourceOptions(parent=self),
        ).ready

    def _roles(self) -> pulumi.Resource:
        """The operator reads roles from a Secret; there is nothing secret in them."""
        return kubernetes.core.v1.Secret(
            _ROLES_SECRET,
            metadata=self._metadata(_ROLES_SECRET),
            string_data={"roles.yml": yaml.safe_dump(dict(_ROLES), sort_keys=False)},
            opts=self._inside(),
        )


_CERTIFICATE: Mapping[str, Any] = {
    "secretName": CERTIFICATE_SECRET,
    "commonName": HOST,
    "dnsNames": [NAME, f"{NAME}.{NAMESPACE}", HOST, f"{HOST}.cluster.local", f"{NAME}-es-http.{NAMESPACE}.svc"],
    "duration": "8760h",
    "renewBefore": "720h",
    "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
    "issuerRef": {"kind": "ClusterIssuer", "name": INTERNAL_ISSUER},
}


def _operator(environment: Environment) -> dict[str, Any]:
    return {
        "resources": environment.size("eck-operator").resources,
        "priorityClassName": Priority.HIGH.value,
        "podSecurityContext": POD_SECURITY,
        "managedNamespaces": [NAMESPACE],
        # the definitions' schemas judge what the program declares; its certificate would change at run time
        "webhook": {"enabled": False},
        "telemetry": {"disabled": True},
        "config": {
            "metrics": {"port": "8080"},
            "setDefaultSecurityContext": "true",
        },
        "podMonitor": {"enabled": environment.monitors is not None},
        "serviceMonitor": {"enabled": False},
    }


def _elasticsearch(environment: Environment) -> dict[str, Any]:
    size = environment.size(NAME)
    return {
        "version": VERSION,
        "auth": {
            "fileRealm": [{"secretName": user_secret(user)} for user in _USERS],
            "roles": [{"secretName": _ROLES_SECRET}],
        },
        "http": {"tls": {"certificate": {"secretName": CERTIFICATE_SECRET}}},
        "volumeClaimDeletePolicy": "DeleteOnScaledownAndClusterDeletion"
        if environment.profile == "dev"
        else "DeleteOnScaledownOnly",
        "nodeSets": [
            {
                "name": "default",
                "count": size.replicas,
                # without mmap no privileged container has to raise a limit of the node's kernel
                "config": {"node.store.allow_mmap": False, "xpack.ml.enabled": False},
                "podTemplate": operator_pod(
                    environment, NAME, SELECTED, "elastic-internal-init-filesystem", "elastic-internal-suspend"
                ),
                "volumeClaimTemplates": [
                    {
                        "metadata": {"name": "elasticsearch-data"},
                        "spec": volume_claim(environment, str(size.storage)),
                    }
                ],
            }
        ],
    }


def _kibana(environment: Environment) -> dict[str, Any]:
    return {
        "version": VERSION,
        "count": environment.size(KIBANA).replicas,
        "elasticsearchRef": {"name": NAME},
        # whoever reaches it from outside does so through a port-forward (NET-10)
        "http": {"tls": {"selfSignedCertificate": {"disabled": True}}},
        "config": {"telemetry.optIn": False, "telemetry.allowChangingOptInStatus": False, "newsfeed.enabled": False},
        "podTemplate": operator_pod(environment, KIBANA, _KIBANA_SELECTED, "elastic-internal-init"),
    }


def operator_pod(
    environment: Environment, name: str, selected: Mapping[str, str], *preparations: str
) -> dict[str, Any]:
    """Pod template of what the operator runs.

    Args:
        environment: the stack that it is part of.
        name: of the application, and of its container.
        selected: labels by which the operator selects the pods.
        preparations: names of the init containers that the operator adds, which are bounded and hardened as well.
    """
    container = {
        "resources": environment.size(name).resources,
        "securityContext": CONTAINER_SECURITY,
    }
    return {
        "metadata": {"labels": pod_labels(environment, name)},
        "spec": {
            "priorityClassName": Priority.HIGH.value,
            "automountServiceAccountToken": False,
            "securityContext": {**POD_SECURITY, "runAsUser": _USER_ID, "runAsGroup": _USER_ID, "fsGroup": _USER_ID},
            "topologySpreadConstraints": environment.spread(selected),
            "initContainers": [{"name": preparation, **container} for preparation in preparations],
            "containers": [{"name": name, **container}],
        },
    }
