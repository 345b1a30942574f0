"""Grafana's part of the chart: who signs on with which role, and its datasources.

Source: OBS-DASH-1, OBS-DASH-2, SEC-13, SEC-20, A-20.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.base import Environment, ExternalSecretArgs, Priority, SecretKey
from components.observability import dashboards
from components.observability.datasources import Datasource
from components.observability.pods import COMPONENT, CONTAINER_SECURITY, NAMESPACE, POD_SECURITY

ADMINISTRATOR_SECRET = "grafana-administrator"  # noqa: S105 - a Secret's name
CREDENTIALS_SECRET = "grafana-credentials"  # noqa: S105 - a Secret's name
_CLIENT_SECRET = "SIGN_ON_CLIENT_SECRET"  # noqa: S105 - a variable's name
SELECTED = {"app.kubernetes.io/name": "grafana", "app.kubernetes.io/instance": "prometheus"}


@dataclass(frozen=True)
class SignOn:
    """How people sign on, and which role they get; members of none of the groups are refused.

    Args:
        client_id: what the identity provider calls this platform; the client's secret is in the vault.
        authorization_url: page of the provider where people sign on.
        token_url: address where codes become tokens.
        userinfo_url: address that tells a person's groups.
        admin_group: members administer Grafana.
        editor_group: members change dashboards.
        viewer_group: members look.
    """

    client_id: str
    authorization_url: str
    token_url: str
    userinfo_url: str
    admin_group: str
    editor_group: str
    viewer_group: str

    @property
    def role_path(self) -> str:
        """The role in Grafana by the person's groups, in JMESPath. Source: SEC-20."""
        roles = {self.admin_group: "GrafanaAdmin", self.editor_group: "Editor", self.viewer_group: "Viewer"}
        return " || ".join(f"contains(groups[*], '{group}') && '{role}'" for group, role in roles.items())


def administrator_secret(environment: Environment) -> ExternalSecretArgs:
    """The administrator's own account, with a generated password. Source: A-20."""
    return _external_secret(
        environment,
        {
            "admin-user": SecretKey("grafana/administrator", "username"),
            "admin-password": SecretKey("grafana/administrator"),
        },
    )


def credentials_secret(
    environment: Environment, datasources: Sequence[Datasource], sign_on: SignOn | None
) -> ExternalSecretArgs | None:
    """What Grafana signs on with, at its datasources and at the identity provider; None: nothing."""
    keys = {variable: key for datasource in datasources for variable, key in datasource.credentials.items()}
    if sign_on:
        keys[_CLIENT_SECRET] = SecretKey("sso/client", "secret")
    return _external_secret(environment, keys) if keys else None


def _external_secret(environment: Environment, keys: Mapping[str, SecretKey]) -> ExternalSecretArgs:
    return ExternalSecretArgs(
        environment=environment,
        namespace=environment.namespaces[NAMESPACE],
        keys=keys,
        component=COMPONENT,
    )


def values(environment: Environment, datasources: Sequence[Datasource], sign_on: SignOn | None) -> dict[str, Any]:
    """What the chart is told of Grafana.

    Dashboards and datasources come from ConfigMaps and people from the identity provider, so nothing in it has to be
    kept: one replica without a volume.
    """
    size = environment.size("grafana")
    signs_on = sign_on is not None or any(datasource.credentials for datasource in datasources)
    authorities = {
        variable: {"secretKeyRef": {"name": secret, "key": "ca.crt"}}
        for datasource in datasources
        for variable, secret in datasource.authorities.items()
    }
    destinations = ["api-server", "database", "single-sign-on"]
    return {
        "replicas": size.replicas,
        "resources": size.resources,
        "priorityClassName": Priority.HIGH.value,
        "podLabels": {"app": "grafana", **environment.client_labels(*destinations)},
        "securityContext": {**POD_SECURITY, "runAsUser": 472, "runAsGroup": 472, "fsGroup": 472},
        "containerSecurityContext": CONTAINER_SECURITY,
        "extraEmptyDirMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - the pod's own
        "admin": {"existingSecret": ADMINISTRATOR_SECRET},
        "envFromSecrets": [{"name": CREDENTIALS_SECRET}] if signs_on else [],
        "envValueFrom": authorities,
        "testFramework": {"enabled": False},
        "sidecar": {
            "resources": environment.size("grafana-sidecar").resources,
            "securityContext": CONTAINER_SECURITY,
            "dashboards": {
                "folderAnnotation": dashboards.FOLDER_ANNOTATION,
                "provider": {"foldersFromFilesStructure": True},
            },
        },
        "grafana.ini": _configuration(environment, sign_on),
    }


def _configuration(environment: Environment, sign_on: SignOn | None) -> dict[str, Any]:
    host = environment.host("grafana")
    configuration: dict[str, Any] = {
        "server": {"domain": host, "root_url": f"https://{host}/"},
        "security": {"cookie_secure": True, "strict_transport_security": True},
        "users": {"allow_sign_up": False},
        "log.console": {"format": "json"},
        # nothing is fetched or reported at run time
        "analytics": {"check_for_updates": False, "check_for_plugin_updates": False, "reporting_enabled": False},
        "plugins": {"preinstall_disabled": True},
    }
    if sign_on:
        configuration["auth.generic_oauth"] = _generic_oauth(sign_on)
    return configuration


def _generic_oauth(sign_on: SignOn) -> dict[str, Any]:
    return {
        "enabled": True,
        "name": "Single sign-on",
        "allow_sign_up": True,
        "auto_login": True,
        "use_pkce": True,
        "scopes": "openid profile email groups",
        "client_id": sign_on.client_id,
        "client_secret": f"$__env{{{_CLIENT_SECRET}}}",
        "auth_url": sign_on.authorization_url,
        "token_url": sign_on.token_url,
        "api_url": sign_on.userinfo_url,
        "role_attribute_path": sign_on.role_path,
        "role_attribute_strict": True,
        "allow_assign_grafana_admin": True,
    }
