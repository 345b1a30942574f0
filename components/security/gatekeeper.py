"""Admission policies in the cluster.

Source: POL-5, A-41.
"""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import Environment, PlatformChart, PlatformChartArgs, Priority, pod_monitor

_NAME = "gatekeeper"
# the operator looks for this very name to put its certificate in
_WEBHOOK = "gatekeeper-validating-webhook-configuration"
_SERVICE = "gatekeeper-webhook-service"
# what runs here keeps the cluster and Gatekeeper itself alive; it must start when Gatekeeper is down
EXEMPT_NAMESPACES = ("kube-system", "kube-node-lease", "security")
# no policy is about these, and heartbeats and permission checks must never wait for one
_UNJUDGED_GROUPS = ("authorization.k8s.io", "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io")


@dataclass(frozen=True)
class GatekeeperArgs:
    """What Gatekeeper needs.

    Args:
        environment: the stack that it is part of.
    """

    environment: Environment


class Gatekeeper(pulumi.ComponentResource):
    """OPA Gatekeeper: judges objects at admission, and audits those that are there.

    While it is down, dev and stg let objects pass and prod refuses them, except in the exempt namespaces. The webhook
    comes after the pods that answer it, or a first deployment would refuse itself.

    Args:
        name: logical name.
        args: the stack.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: it judges; constraint templates can follow.

    Source: POL-5, A-41.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: GatekeeperArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:security:Gatekeeper", name, None, opts)
        self._name, self._environment = name, args.environment
        self._namespace = args.environment.namespaces["security"]
        chart = PlatformChart(
            name,
            PlatformChartArgs(
                environment=args.environment,
                chart=_NAME,
                namespace=self._namespace,
                values=_values(args.environment),
                component="security",
                destinations=["api-server"],
            ),
            pulumi.ResourceOptions(parent=self),
        )
        if args.environment.monitors:
            self._monitor(args.environment.monitors)
        self.ready = self._webhook(chart.ready)
        self.register_outputs({})

    def _monitor(self, monitors: pulumi.Resource) -> None:
        labels = self._environment.labels(_NAME, "security")
        pod_monitor(
            self._name,
            {"name": _NAME, "namespace": self._namespace.name, "labels": labels},
            pulumi.ResourceOptions(
                parent=self, depends_on=[self._namespace.ready, monitors], deleted_with=self._namespace.resource
            ),
            selected={"gatekeeper.sh/system": "yes"},
            port="metrics",
        )

    def _webhook(self, after: pulumi.Resource) -> pulumi.Resource:
        strict = "Fail" if self._environment.profile == "prod" else "Ignore"
        objects: kubernetes.admissionregistration.v1.RuleWithOperationsArgsDict = {
            "api_groups": ["*"],
            "api_versions": ["*"],
            "operations": ["CREATE", "UPDATE"],
            # "*" leaves subresources out; this one adds containers to a pod that is there
            "resources": ["*", "pods/ephemeralcontainers"],
            "scope": "Namespaced",
        }
        namespaces: kubernetes.admissionregistration.v1.RuleWithOperationsArgsDict = {
            "api_groups": [""],
            "api_versions": ["*"],
            "operations": ["CREATE", "UPDATE"],
            "resources": ["namespaces"],
            "scope": "Cluster",
        }
        groups = ", ".join(f'"{group}"' for group in _UNJUDGED_GROUPS)
        return kubernetes.admissionregistration.v1.ValidatingWebhookConfiguration(
            self._name,
            metadata={"name": _WEBHOOK, "labels": self._environment.labels(_NAME, "security")},
            webhooks=[
                {
                    **_call("validation.gatekeeper.sh", "/v1/admit", strict, [objects, namespaces]),
                    "match_conditions": [
                        {"name": "groups", "expression": f"!(request.resource.group in [{groups}])"},
                        {
                            "name": "events",
                            "expression": '!(request.resource.group == "" && request.resource.resource == "events")',
                        },
                    ],
                },
                # nobody takes a namespace out of the policies by a label
                _call("check-ignore-label.gatekeeper.sh", "/v1/admitlabel", strict, [namespaces]),
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[after]),
        )


def _call(
    name: str,
    path: str,
    failure_policy: str,
    rules: list[kubernetes.admissionregistration.v1.RuleWithOperationsArgsDict],
) -> kubernetes.admissionregistration.v1.ValidatingWebhookArgsDict:
    exempt: kubernetes.meta.v1.LabelSelectorRequirementArgsDict = {
        "key": "kubernetes.io/metadata.name",
        "operator": "NotIn",
        "values": list(EXEMPT_NAMESPACES),
    }
    return {
        "name": name,
        "admission_review_versions": ["v1"],
        "client_config": {"service": {"name": _SERVICE, "namespace": "security", "path": path, "port": 443}},
        "failure_policy": failure_policy,
        "match_policy": "Exact",
        "namespace_selector": {"match_expressions": [exempt]},
        "rules": rules,
        "side_effects": "None",
        "timeout_seconds": 3,
    }


def _values(environment: Environment) -> dict[str, Any]:
    controller, audit = environment.size(_NAME), environment.size("gatekeeper-audit")
    selector = {"gatekeeper.sh/operation": "webhook"}
    return {
        "replicas": controller.replicas,
        "auditInterval": 300,
        "auditFromCache": False,
        "constraintViolationsLimit": 100,
        # policies that call out, or change what was written, are none of ours
        "enableExternalData": False,
        "disableMutation": True,
        # this component's own, which comes later
        "disableValidatingWebhook": True,
        # the quota of the namespace holds
        "resourceQuota": False,
        "upgradeCRDs": {"enabled": False},
        "postInstall": {"labelNamespace": {"enabled": False}, "probeWebhook": {"enabled": False}},
        "controllerManager": {
            # the chart itself adds the namespace that it is in
            "exemptNamespaces": [name for name in EXEMPT_NAMESPACES if name != "security"],
            "priorityClassName": Priority.CRITICAL.value,
            "resources": controller.resources,
            "podSecurityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "topologySpreadConstraints": environment.spread(selector) if controller.replicas > 1 else [],
        },
        "audit": {
            "priorityClassName": Priority.HIGH.value,
            "resources": audit.resources,
            "podSecurityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        },
        # over a single pod a budget would only block the draining of its node
        "pdb": {"controllerManager": {"minAvailable": min(controller.replicas - 1, 1)}},
    }
