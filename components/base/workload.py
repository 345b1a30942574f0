"""The shape of every workload that is ours: hardened, bounded, probed, spread out and scaled.

Source: CLU-14, CLU-15, NET-9, POL-1..3, SEC-2; Pod Security "restricted".
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pulumi
import pulumi_kubernetes as kubernetes

from components.base.autoscaling import Autoscaling
from components.base.container import Container, Mount
from components.base.destinations import client_labels
from components.base.monitoring import service_monitor
from components.base.namespace import Namespace
from components.base.scheduling import Priority
from components.charts import RESTART, uses_secrets
from components.identity import CREDENTIAL_FILES, IdentityBinding
from components.ownership import Ownership

# each replica's own volume
_VOLUME = "data"


@dataclass(frozen=True)
class Metrics:
    """Where a workload shows its metrics.

    Args:
        gate: the cluster knows ServiceMonitor.
        port: name of the Service's port.
        path: of the metrics.
    """

    gate: pulumi.Resource
    port: str = "http"
    path: str = "/metrics"


@dataclass(frozen=True)
class Storage:
    """A volume that each replica keeps when it is replaced.

    Args:
        size: as a Kubernetes quantity.
        path: where it is in the container.
        storage_class: of the volume.
    """

    size: str
    path: str
    storage_class: str


@dataclass(frozen=True)
class WorkloadArgs:
    """What a workload needs.

    Args:
        namespace: where it runs.
        component: its part in the platform, for labels and cost reports.
        container: what it runs.
        autoscaling: its replicas; the autoscaler owns their number. None: ``replicas`` of them.
        spread_zones: whether an uneven spread over zones keeps a pod waiting, rather than only being avoided.
        ownership: labels.
        service_ports: name of the container's port -> port of the Service; empty: nothing calls it, and it has none.
        version: of the application, for labels.
        replicas: how many, where nothing scales it.
        settings: kept in a ConfigMap; a change rolls the pods.
        settings_name: name of the ConfigMap; the workload's where None.
        variables: environment variable -> key of the settings; None: every key is a variable.
        secrets: names of Secrets whose keys become environment variables.
        destinations: names of what it may call (see ``components/base/destinations.yaml``).
        identity: its permissions in the cloud.
        metrics: where it shows its metrics; None: nothing scrapes it.
        after: gates to wait for, beside the namespace's.
        priority: when there is no room for all.
        user: numeric user and group; None: the image's own, which must not be root.
        grace_period_seconds: time to finish when asked to stop.
        storage: with it the workload is a StatefulSet, whose replicas have names: ``<name>-0.<name>-peers``.
        permissions: what it may do in its namespace through the Kubernetes API; empty: it does not get there.
    """

    namespace: Namespace
    component: str
    container: Container
    autoscaling: Autoscaling | None
    spread_zones: bool
    ownership: Ownership
    service_ports: Mapping[str, int]
    version: str
    replicas: int = 1
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    settings_name: str | None = None
    variables: Mapping[str, str] | None = None
    secrets: Sequence[str] = ()
    destinations: Sequence[str] = ()
    identity: IdentityBinding | None = None
    metrics: Metrics | None = None
    after: Sequence[pulumi.Resource] = ()
    priority: Priority = Priority.STANDARD
    user: int | None = None
    grace_period_seconds: int = 30
    storage: Storage | None = None
    permissions: Sequence[kubernetes.rbac.v1.PolicyRuleArgsDict] = ()


class Workload(pulumi.ComponentResource):
    """Deployment with ServiceAccount, Role, ConfigMap, Service, autoscaler, disruption budget and monitor of one name.

    With storage it is a StatefulSet, which has a Service ``<name>-peers`` as well.

    Args:
        name: Kubernetes name of all of them.
        args: what it runs, and how much of it.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: the replicas are available, and its Service, autoscaler and disruption budget stand.
        address: in-cluster DNS name of the Service.

    Source: CLU-14, CLU-15, POL-1..3.
    """

    ready: pulumi.Resource
    address: str

    def __init__(self, name: str, args: WorkloadArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:base:Workload", name, None, opts)
        self._name, self._args = name, args
        self._settings_name = args.settings_name or name
        self._labels = args.ownership.labels(name, component=args.component, version=args.version)
        self._selector = {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": name}
        account = self._account()
        prerequisites = [account, self._settings(), *self._role(account), *args.after]
        deployment = (
            self._stateful_set(args.storage, prerequisites) if args.storage else self._deployment(prerequisites)
        )
        scaling = [self._autoscaler(args.autoscaling, deployment)] if args.autoscaling else []
        budget = self._disruption_budget()
        self.ready = self._service(deployment, *scaling, *budget) if args.service_ports else deployment
        if args.metrics:
            self._monitor(args.metrics)
        self.address = f"{name}.{args.namespace.name}.svc.cluster.local"
        self.register_outputs({"address": self.address})

    def _inside(self, *gates: pulumi.Resource, ignored: Sequence[str] = ()) -> pulumi.ResourceOptions:
        namespace = self._args.namespace
        return pulumi.ResourceOptions(
            parent=self,
            depends_on=[namespace.ready, *gates],
            deleted_with=namespace.resource,
            ignore_changes=list(ignored) or None,
        )

    def _account(self) -> pulumi.Resource:
        binding = self._args.identity or IdentityBinding()
        return kubernetes.core.v1.ServiceAccount(
            self._name,
            metadata={**self._metadata(), "annotations": dict(binding.annotations) or None},
            automount_service_account_token=False,
            opts=self._inside(*([binding.ready] if binding.ready else [])),
        )

    def _role(self, account: pulumi.Resource) -> list[pulumi.Resource]:
        if not self._args.permissions:
            return []
        role = kubernetes.rbac.v1.Role(
            self._name, metadata=self._metadata(), rules=list(self._args.permissions), opts=self._inside()
        )
        subject: kubernetes.rbac.v1.SubjectArgsDict = {
            "kind": "ServiceAccount",
            "name": self._name,
            "namespace": self._args.namespace.name,
        }
        return [
            kubernetes.rbac.v1.RoleBinding(
                self._name,
                metadata=self._metadata(),
                role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": self._name},
                subjects=[subject],
                opts=self._inside(role, account),
            )
        ]

    def _metadata(self, name: str | None = None) -> kubernetes.meta.v1.ObjectMetaArgsDict:
        return {"name": name or self._name, "namespace": self._args.namespace.name, "labels": self._labels}

    def _restarted(self, template: kubernetes.core.v1.PodTemplateSpecArgsDict) -> kubernetes.meta.v1.ObjectMetaArgsDict:
        return {**self._metadata(), "annotations": RESTART if uses_secrets(template) else None}

    def _settings(self) -> pulumi.Resource:
        return kubernetes.core.v1.ConfigMap(
            self._name, metadata=self._metadata(self._settings_name), data=self._args.settings, opts=self._inside()
        )

    def _deployment(self, after: Sequence[pulumi.Resource]) -> pulumi.Resource:
        autoscaling = self._args.autoscaling
        template = self._template(revision="pod-template-hash")
        spec: kubernetes.apps.v1.DeploymentSpecArgsDict = {
            # an autoscaler owns their number
            "replicas": autoscaling.initial if autoscaling else self._args.replicas,
            "selector": {"match_labels": self._selector},
            "revision_history_limit": 5,
            "strategy": {"type": "RollingUpdate", "rolling_update": {"max_unavailable": 0, "max_surge": 1}},
            "template": template,
        }
        ignored = ["spec.replicas"] if autoscaling and autoscaling.initial else []
        return kubernetes.apps.v1.Deployment(
            self._name, metadata=self._restarted(template), spec=spec, opts=self._inside(*after, ignored=ignored)
        )

    def _stateful_set(self, storage: Storage, after: Sequence[pulumi.Resource]) -> pulumi.Resource:
        claim: kubernetes.core.v1.PersistentVolumeClaimArgsDict = {
            "metadata": {"name": _VOLUME, "labels": self._labels},
            "spec": {
                "access_modes": ["ReadWriteOnce"],
                "storage_class_name": storage.storage_class,
                "resources": {"requests": {"storage": storage.size}},
            },
        }
        template = self._template(revision="controller-revision-hash")
        spec: kubernetes.apps.v1.StatefulSetSpecArgsDict = {
            "replicas": self._args.replicas,
            "selector": {"match_labels": self._selector},
            "service_name": f"{self._name}-peers",
            "revision_history_limit": 5,
            # replicas that form a cluster wait for each other
            "pod_management_policy": "Parallel",
            "template": template,
            "volume_claim_templates": [claim],
        }
        return kubernetes.apps.v1.StatefulSet(
            self._name, metadata=self._restarted(template), spec=spec, opts=self._inside(self._peers(), *after)
        )

    def _peers(self) -> pulumi.Resource:
        name = f"{self._name}-peers"
        # labels of its own: a monitor that found both Services would scrape every replica twice
        labels = self._args.ownership.labels(name, component=self._args.component)
        return kubernetes.core.v1.Service(
            name,
            metadata={**self._metadata(name), "labels": labels},
            spec={
                "cluster_ip": "None",
                "selector": self._selector,
                "ports": self._ports(),
                # a replica that has yet to find the others is not ready
                "publish_not_ready_addresses": True,
            },
            opts=self._inside(),
        )

    def _template(self, *, revision: str) -> kubernetes.core.v1.PodTemplateSpecArgsDict:
        # a pod reads its environment once: another digest makes new pods
        digest = hashlib.sha256(json.dumps(self._args.settings, sort_keys=True).encode()).hexdigest()
        identity = self._args.identity
        return {
            "metadata": {
                "labels": {
                    **self._labels,
                    **client_labels(*self._args.destinations, *(["api-server"] if self._args.permissions else [])),
                    **(identity.pod_labels if identity else {}),
                },
                "annotations": {"checksum/settings": digest},
            },
            "spec": self._pod(revision),
        }

    def _pod(self, revision: str) -> kubernetes.core.v1.PodSpecArgsDict:
        user = self._args.user
        storage, identity = self._args.storage, self._args.identity or IdentityBinding()
        owned = replace(self._args.container, mounts=[*self._args.container.mounts, *_credential_files(identity)])
        container = owned.specification({_VOLUME: storage.path} if storage else None)
        container["env"] = [*self._variables(), *self._args.container.env] or None
        container["env_from"] = [
            *([{"config_map_ref": {"name": self._settings_name}}] if self._args.variables is None else []),
            *({"secret_ref": {"name": secret}} for secret in (*self._args.secrets, *identity.secrets)),
        ] or None
        return {
            "service_account_name": self._name,
            "automount_service_account_token": bool(self._args.permissions),
            "enable_service_links": False,
            "priority_class_name": self._args.priority.value,
            "termination_grace_period_seconds": self._args.grace_period_seconds,
            "security_context": {
                "run_as_non_root": True,
                "run_as_user": user,
                "run_as_group": user,
                "fs_group": user,
                "fs_group_change_policy": "OnRootMismatch" if storage else None,
                "seccomp_profile": {"type": "RuntimeDefault"},
            },
            "topology_spread_constraints": [
                self._spread("topology.kubernetes.io/zone", revision, strict=self._args.spread_zones),
                self._spread("kubernetes.io/hostname", revision, strict=False),
            ],
            "containers": [container],
            "volumes": owned.volumes(),
        }

    def _variables(self) -> Sequence[kubernetes.core.v1.EnvVarArgsDict]:
        return [
            {"name": name, "value_from": {"config_map_key_ref": {"name": self._settings_name, "key": key}}}
            for name, key in (self._args.variables or {}).items()
        ]

    def _spread(
        self, topology_key: str, revision: str, *, strict: bool
    ) -> kubernetes.core.v1.TopologySpreadConstraintArgsDict:
        return {
            "max_skew": 1,
            "topology_key": topology_key,
            "when_unsatisfiable": "DoNotSchedule" if strict else "ScheduleAnyway",
            "label_selector": {"match_labels": self._selector},
            # without it a rolling update is spread together with the pods that it replaces
            "match_label_keys": [revision],
        }

    def _service(self, *after: pulumi.Resource) -> pulumi.Resource:
        # comes last: the provider waits until a Service has pods
        return kubernetes.core.v1.Service(
            self._name,
            metadata=self._metadata(),
            spec={"type": "ClusterIP", "selector": self._selector, "ports": self._ports()},
            opts=self._inside(*after),
        )

    def _ports(self) -> list[kubernetes.core.v1.ServicePortArgsDict]:
        return [
            {"name": name, "port": port, "target_port": name, "protocol": "TCP"}
            for name, port in self._args.service_ports.items()
        ]

    def _autoscaler(self, bounds: Autoscaling, deployment: pulumi.Resource) -> pulumi.Resource:
        return kubernetes.autoscaling.v2.HorizontalPodAutoscaler(
            self._name,
            metadata=self._metadata(bounds.name),
            spec=bounds.specification(self._name),
            opts=self._inside(deployment),
        )

    def _monitor(self, metrics: Metrics) -> pulumi.Resource:
        return service_monitor(
            self._name,
            self._metadata(),
            self._inside(metrics.gate),
            selected=self._selector,
            port=metrics.port,
            path=metrics.path,
        )

    def _disruption_budget(self) -> list[pulumi.Resource]:
        if (self._args.autoscaling.minimum if self._args.autoscaling else self._args.replicas) < 2:
            # a budget over a single replica would only block the draining of its node
            return []
        return [
            kubernetes.policy.v1.PodDisruptionBudget(
                self._name,
                metadata=self._metadata(),
                spec={
                    "max_unavailable": 1,
                    "selector": {"match_labels": self._selector},
                    "unhealthy_pod_eviction_policy": "AlwaysAllow",
                },
                opts=self._inside(),
            )
        ]


def _credential_files(identity: IdentityBinding) -> list[Mount]:
    credentials = identity.credentials
    if credentials is None or not credentials.files:
        return []
    items: list[kubernetes.core.v1.KeyToPathArgsDict] = [{"key": name, "path": name} for name in credentials.files]
    source: kubernetes.core.v1.VolumeArgsDict = {
        "name": "object-store",
        "secret": {"secret_name": credentials.secret, "items": items},
    }
    return [Mount("object-store", CREDENTIAL_FILES, source)]
