"""Sign-on for everything behind the gateway.

Source: SEC-13, NET-7, A-11.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import (
    Environment,
    Exposure,
    ExternalSecret,
    ExternalSecretArgs,
    PlatformChart,
    PlatformChartArgs,
    Priority,
    SecretKey,
)
from components.cache import CacheServer
from components.edge import sign_on
from components.edge.sign_on_proxy import SignOnProxyArgs

_CREDENTIALS, _SESSIONS = "oauth2-proxy", "oauth2-proxy-sessions"
_SELECTED = {"app.kubernetes.io/name": sign_on.SERVICE}
# a working day; then people sign on again, and whoever left the group is out
_SESSION = "8h"


@dataclass(frozen=True)
class OAuth2ProxyArgs:
    """What oauth2-proxy needs.

    Args:
        environment: the stack that it is part of.
        issuer_url: address of the identity provider.
        client_id: what the provider calls this platform.
        groups: of the provider; whoever is in none of them gets in nowhere.
        sessions: where its sessions are.
    """

    environment: Environment
    issuer_url: str
    client_id: str
    groups: Sequence[str]
    sessions: CacheServer


class OAuth2Proxy(pulumi.ComponentResource):
    """oauth2-proxy at ``auth.<base domain>``: one sign-on, one cookie, for all hosts under the base domain.

    Its sessions are in Valkey, so that each of its replicas knows them and the cookie stays small.

    Args:
        name: logical name.
        args: identity provider and groups.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: it runs.
        shared: what proxies have in common with it that stand in front of single applications.

    Source: SEC-13, NET-7.
    """

    ready: pulumi.Resource
    shared: SignOnProxyArgs

    def __init__(self, name: str, args: OAuth2ProxyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:edge:OAuth2Proxy", name, None, opts)
        self._args = args
        environment = args.environment
        self._namespace = environment.namespaces["ingress"]
        secrets = [
            self._secret(
                _CREDENTIALS,
                {
                    "client-secret": SecretKey("sso/client", "secret"),
                    "cookie-secret": SecretKey("sso/cookie", "secret"),
                },
            ),
            self._secret(_SESSIONS, {"redis-password": args.sessions.credentials["password"]}),
        ]
        gates = [*secrets, args.sessions.ready]
        self.ready = PlatformChart(
            name,
            PlatformChartArgs(
                environment=environment,
                chart="oauth2-proxy",
                namespace=self._namespace,
                values=_values(args),
                component="edge",
                after=gates,
                destinations=["cache", "single-sign-on"],
            ),
            pulumi.ResourceOptions(parent=self),
        ).ready
        self.shared = SignOnProxyArgs(environment, _shared_configuration(args), _variables(), self.ready)
        if environment.edge is not None:
            environment.edge.expose(
                Exposure(
                    sign_on.HOST, self._namespace, sign_on.SERVICE, sign_on.PORT, ("/",), self.ready, pod_port="http"
                ),
                pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})

    def _secret(self, name: str, keys: dict[str, SecretKey]) -> pulumi.Resource:
        environment = self._args.environment
        return ExternalSecret(
            name,
            ExternalSecretArgs(environment, self._namespace, keys, "edge"),
            pulumi.ResourceOptions(parent=self),
        ).ready


def _values(args: OAuth2ProxyArgs) -> dict[str, Any]:
    environment = args.environment
    size = environment.size(sign_on.SERVICE)
    return {
        "replicaCount": size.replicas,
        "resources": size.resources,
        "priorityClassName": Priority.CRITICAL.value,
        "enableServiceLinks": False,
        "serviceAccount": {"automountServiceAccountToken": False},
        "topologySpreadConstraints": environment.spread(_SELECTED),
        "podDisruptionBudget": {"enabled": size.replicas > 1},
        "config": {
            "existingSecret": _CREDENTIALS,
            "requiredSecretKeys": ["client-secret", "cookie-secret"],
            "configFile": _configuration(args),
        },
        "sessionStorage": {
            "type": "redis",
            "redis": {
                "existingSecret": _SESSIONS,
                "passwordKey": "redis-password",
                "standalone": {"connectionUrl": _sessions_url(args)},
            },
        },
        "metrics": {"enabled": True, "serviceMonitor": {"enabled": environment.monitors is not None}},
    }


def _variables() -> list[kubernetes.core.v1.EnvVarArgsDict]:
    """The credentials, as the chart hands them to its own proxy."""
    keys = {
        "CLIENT_SECRET": (_CREDENTIALS, "client-secret"),
        "COOKIE_SECRET": (_CREDENTIALS, "cookie-secret"),
        "REDIS_PASSWORD": (_SESSIONS, "redis-password"),
    }
    return [
        {"name": f"OAUTH2_PROXY_{name}", "value_from": {"secret_key_ref": {"name": secret, "key": key}}}
        for name, (secret, key) in keys.items()
    ]


def _shared_configuration(args: OAuth2ProxyArgs) -> str:
    """The same sign-on, cookie and sessions."""
    sessions = {"session_store_type": "redis", "redis_connection_url": _sessions_url(args)}
    return _lines({**_settings(args), **sessions})


def _sessions_url(args: OAuth2ProxyArgs) -> str:
    return f"redis://{args.sessions.host}:{args.sessions.port}"


def _configuration(args: OAuth2ProxyArgs) -> str:
    # it judges requests and serves none
    return _lines({**_settings(args), "upstreams": ["static://200"], "set_xauthrequest": True})


def _lines(settings: Mapping[str, Any]) -> str:
    """The program's configuration file; of TOML it needs no more than JSON's own values."""
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items())


def _settings(args: OAuth2ProxyArgs) -> dict[str, Any]:
    environment = args.environment
    return {
        "provider": "oidc",
        "oidc_issuer_url": args.issuer_url,
        "client_id": args.client_id,
        "code_challenge_method": "S256",
        "redirect_url": f"https://{environment.host(sign_on.HOST)}/oauth2/callback",
        "skip_provider_button": True,
        "email_domains": ["*"],
        "allowed_groups": list(args.groups),
        "cookie_domains": [f".{environment.base_domain}"],
        "whitelist_domains": [f".{environment.base_domain}"],
        "cookie_secure": True,
        "cookie_httponly": True,
        "cookie_samesite": "lax",
        "cookie_expire": _SESSION,
        # behind the gateway: it says which host and which scheme a request had
        "reverse_proxy": True,
    }
