"""Sign-on in front of one application, where the way in cannot ask for it.

Source: SEC-13, NET-7, A-31.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import (
    Container,
    Environment,
    Exposure,
    HttpProbe,
    Metrics,
    Mount,
    Priority,
    Resources,
    Workload,
    WorkloadArgs,
)
from components.charts import bill_of_materials

PORT, _METRICS_PORT = 4180, 44180
_CONFIGURATION = "/etc/oauth2-proxy"


@dataclass(frozen=True)
class SignOnProxyArgs:
    """What every such proxy shares with the one at ``auth.<base domain>``.

    Args:
        environment: the stack that it is part of.
        configuration: of oauth2-proxy, without what belongs to one application.
        env: its credentials, as environment variables.
        ready: gate: the secret, the sessions and the common proxy stand.
    """

    environment: Environment
    configuration: str
    env: Sequence[kubernetes.core.v1.EnvVarArgsDict]
    ready: pulumi.Resource


class SignOnProxy(pulumi.ComponentResource):
    """An oauth2-proxy that leads to one application; people who signed on at another host need not do so again.

    Args:
        name: of the application.
        args: what all of them share.
        exposure: the application; its public paths pass without sign-on.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: it answers.
        service: name of its Service, in the namespace ``ingress``.
        port: of the Service.

    Source: SEC-13, NET-7, A-31.
    """

    ready: pulumi.Resource
    service: str
    port: int

    def __init__(
        self, name: str, args: SignOnProxyArgs, exposure: Exposure, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("biz-automation:edge:SignOnProxy", name, None, opts)
        environment = args.environment
        size, version = environment.size("oauth2-proxy"), bill_of_materials()["oauth2-proxy"].app_version
        self.service, self.port = f"{name}-sign-on", PORT
        file = f"{self.service}-configuration"
        workload = Workload(
            self.service,
            WorkloadArgs(
                namespace=environment.namespaces["ingress"],
                component="edge",
                container=Container(
                    name="oauth2-proxy",
                    image=f"quay.io/oauth2-proxy/oauth2-proxy:v{version}",
                    resources=Resources.of(size),
                    liveness=HttpProbe("/ping"),
                    readiness=HttpProbe("/ready"),
                    startup=HttpProbe("/ping", period_seconds=2, failure_threshold=15),
                    ports={"http": PORT, "metrics": _METRICS_PORT},
                    args=[f"--config={_CONFIGURATION}/oauth2-proxy.cfg"],
                    env=args.env,
                    mounts=[Mount("configuration", _CONFIGURATION, {"name": "", "config_map": {"name": file}})],
                ),
                autoscaling=None,
                spread_zones=False,
                ownership=environment.ownership,
                service_ports={"http": PORT, "metrics": _METRICS_PORT},
                version=version,
                replicas=size.replicas,
                settings={"oauth2-proxy.cfg": args.configuration + _own(exposure)},
                settings_name=file,
                variables={},
                destinations=["cache", "single-sign-on"],
                metrics=Metrics(environment.monitors, "metrics") if environment.monitors else None,
                after=[args.ready, *([exposure.after] if exposure.after else [])],
                priority=Priority.CRITICAL,
                user=65532,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.ready = workload.ready
        self.register_outputs({})


def _own(exposure: Exposure) -> str:
    """What belongs to one application; of TOML the configuration file needs no more than JSON's own values."""
    settings: dict[str, Any] = {
        "http_address": f"0.0.0.0:{PORT}",
        "metrics_address": f"0.0.0.0:{_METRICS_PORT}",
        "upstreams": [f"http://{exposure.service}.{exposure.namespace.name}.svc.cluster.local:{exposure.port}"],
        # the application learns who it is, and only from here
        "pass_user_headers": True,
        "pass_host_header": True,
        "skip_auth_routes": [f"^{re.escape(path)}" for path in exposure.public_paths],
    }
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items())
