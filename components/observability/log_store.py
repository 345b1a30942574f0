"""What the log store keeps, how long, in which fields, and the searches that go with it.

Source: OBS-LOGS-1, OBS-LOGS-6, OBS-LOGS-7.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import Environment, Priority, Resources
from components.observability.elasticsearch import (
    CERTIFICATE_SECRET,
    HOST,
    KIBANA_PORT,
    KIBANA_SERVICE,
    LOGS,
    PORT,
    user_secret,
)
from components.observability.pods import COMPONENT, NAMESPACE
from components.tables import read_table

NAME = "elasticsearch-setup"
# renovate: datasource=docker depName=docker.io/curlimages/curl
IMAGE = "docker.io/curlimages/curl:8.11.1"
# the image's own user, by number: the kubelet cannot check a name
_USER_ID = 100
# what the requirements call the hot tier's retention
RETENTION_DAYS = 30
_SCRIPT = Path(__file__).with_name("log_store.sh")
_SEARCHES = Path(__file__).with_name("kibana_searches.yaml")
_DATA_VIEW = {"id": LOGS, "type": "index-pattern"}


@dataclass(frozen=True)
class LogStoreArgs:
    """What the log store needs.

    Args:
        environment: the stack that it is part of.
        elasticsearch: gate: Elasticsearch and Kibana stand.
    """

    environment: Environment
    elasticsearch: pulumi.Resource


class LogStore(pulumi.ComponentResource):
    """The data stream ``platform-logs``: 30 days hot, then gone; made by a Job that may run again at any time.

    Args:
        name: logical name.
        args: what it needs.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: logs may come.

    Source: OBS-LOGS-1, OBS-LOGS-6, OBS-LOGS-7.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: LogStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:observability:LogStore", name, None, opts)
        self._environment = args.environment
        self._namespace = args.environment.namespaces[NAMESPACE]
        files = {
            "setup.sh": _SCRIPT.read_text(encoding="utf-8"),
            "lifecycle.json": json.dumps(lifecycle(), indent=2),
            "template.json": json.dumps(template(args.environment.is_highly_available), indent=2),
            "searches.ndjson": "".join(f"{json.dumps(item)}\n" for item in searches()),
        }
        configuration = kubernetes.core.v1.ConfigMap(NAME, metadata=self._metadata(), data=files, opts=self._inside())
        digest = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
        self.ready = kubernetes.batch.v1.Job(
            NAME,
            metadata=self._metadata(),
            spec={
                "backoff_limit": 6,
                "active_deadline_seconds": 3600,
                "template": {
                    # other files make another run
                    "metadata": {
                        "labels": args.environment.labels(NAME, COMPONENT),
                        "annotations": {"checksum/setup": digest},
                    },
                    "spec": self._pod(),
                },
            },
            opts=pulumi.ResourceOptions.merge(
                self._inside(configuration, args.elasticsearch),
                pulumi.ResourceOptions(
                    # a Job's pods cannot be changed, and its name is its own
                    delete_before_replace=True,
                    custom_timeouts=pulumi.CustomTimeouts(create="30m"),
                ),
            ),
        )
        self.register_outputs({})

    def _inside(self, *gates: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self, depends_on=[self._namespace.ready, *gates], deleted_with=self._namespace.resource
        )

    def _metadata(self) -> kubernetes.meta.v1.ObjectMetaArgsDict:
        return {"name": NAME, "namespace": NAMESPACE, "labels": self._environment.labels(NAME, COMPONENT)}

    def _pod(self) -> kubernetes.core.v1.PodSpecArgsDict:
        return {
            "restart_policy": "OnFailure",
            "automount_service_account_token": False,
            "enable_service_links": False,
            "priority_class_name": Priority.STANDARD.value,
            "security_context": {
                "run_as_non_root": True,
                "run_as_user": _USER_ID,
                "run_as_group": _USER_ID,
                "seccomp_profile": {"type": "RuntimeDefault"},
            },
            "containers": [self._container()],
            "volumes": [
                {"name": "setup", "config_map": {"name": NAME}},
                {
                    "name": "authority",
                    "secret": {
                        "secret_name": CERTIFICATE_SECRET,
                        "items": [{"key": "ca.crt", "path": "ca.crt"}],
                    },
                },
            ],
        }

    def _container(self) -> kubernetes.core.v1.ContainerArgsDict:
        addresses = {
            "ELASTICSEARCH": f"https://{HOST}:{PORT}",
            "KIBANA": f"http://{KIBANA_SERVICE}.{NAMESPACE}.svc:{KIBANA_PORT}",
            "LOGS": LOGS,
        }
        secret, size = user_secret("setup"), self._environment.size(NAME)
        return {
            "name": "setup",
            "image": IMAGE,
            "command": ["sh", "/setup/setup.sh"],
            "resources": Resources(size.cpu, size.memory, size.cpu_limit).specification(),
            "env": [
                *({"name": name, "value": value} for name, value in addresses.items()),
                *(
                    {"name": key.upper(), "value_from": {"secret_key_ref": {"name": secret, "key": key}}}
                    for key in ("username", "password")
                ),
            ],
            "security_context": {
                "allow_privilege_escalation": False,
                "read_only_root_filesystem": True,
                "capabilities": {"drop": ["ALL"]},
            },
            "volume_mounts": [
                {"name": "setup", "mount_path": "/setup", "read_only": True},
                {"name": "authority", "mount_path": "/authority", "read_only": True},
            ],
        }


def lifecycle() -> Mapping[str, Any]:
    """The lifecycle policy of Elasticsearch: a new index every day, each gone 30 days after its last line."""
    rollover = {"max_age": "1d", "max_primary_shard_size": "25gb"}
    return {
        "policy": {
            "phases": {
                "hot": {"actions": {"rollover": rollover, "set_priority": {"priority": 100}}},
                "delete": {"min_age": f"{RETENTION_DAYS}d", "actions": {"delete": {}}},
            }
        }
    }


def template(replicated: bool) -> Mapping[str, Any]:
    """The index template: the fields that searches count on, and room for what applications add.

    Args:
        replicated: whether each index has a copy on another node.
    """
    keyword = {"type": "keyword", "ignore_above": 1024}
    fields = {
        "@timestamp": {"type": "date"},
        "automation_type": keyword,
        "level": keyword,
        "state": keyword,
        "status": keyword,
        "stream": keyword,
        "log": {"type": "match_only_text"},
        "kubernetes": {
            "properties": {
                **dict.fromkeys(("namespace_name", "pod_name", "container_name", "host", "container_image"), keyword),
                # labels come and go with applications: one field holds them all
                "labels": {"type": "flattened"},
            }
        },
    }
    return {
        "index_patterns": [f"{LOGS}*"],
        "data_stream": {},
        # above Elasticsearch's own templates
        "priority": 500,
        "template": {
            "settings": {
                "index.lifecycle.name": LOGS,
                "index.number_of_shards": 1,
                "index.number_of_replicas": 1 if replicated else 0,
                "index.codec": "best_compression",
                "index.refresh_interval": "5s",
                "index.mapping.total_fields.limit": 2000,
                # a line with one field too many, or of another type, still counts
                "index.mapping.total_fields.ignore_dynamic_beyond_limit": True,
                "index.mapping.ignore_malformed": True,
            },
            "mappings": {"dynamic": True, "date_detection": False, "properties": fields},
        },
    }


def searches() -> Iterator[Mapping[str, Any]]:
    """Kibana's saved objects: the data view and the searches of the table. Source: OBS-LOGS-7."""
    yield {**_DATA_VIEW, "attributes": {"title": f"{LOGS}*", "name": "Logs", "timeFieldName": "@timestamp"}}
    for identifier, row in read_table(_SEARCHES).items():
        reference = "kibanaSavedObjectMeta.searchSourceJSON.index"
        source = {"query": {"query": row["query"], "language": "kuery"}, "filter": [], "indexRefName": reference}
        yield {
            "id": identifier,
            "type": "search",
            "attributes": {
                "title": row["title"],
                "columns": row["columns"],
                "sort": [["@timestamp", "desc"]],
                "kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps(source)},
            },
            "references": [{**_DATA_VIEW, "name": reference}],
        }
