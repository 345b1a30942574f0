"""Whom alerts reach, and Alertmanager's part of the chart.

Source: OBS-ALERT-1, OBS-ALERT-17, OBS-METRICS-10.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.base import Environment, ExternalSecretArgs, Priority, SecretKey
from components.observability.pods import COMPONENT, NAMESPACE, pod_labels, volume_claim

CREDENTIALS_SECRET = "alertmanager-credentials"  # noqa: S105 - a Secret's name
# where the operator mounts it
_CREDENTIALS = f"/etc/alertmanager/secrets/{CREDENTIALS_SECRET}"
_NOBODY, _EVERYBODY, _ON_CALL = "nobody", "everybody", "on-call"
_SUMMARY = '{{ range .Alerts }}{{ .Labels.alertname }}: {{ .Annotations.summary }}{{ "\\n" }}{{ end }}'


@dataclass(frozen=True)
class EmailReceiver:
    """Alerts by e-mail.

    Args:
        recipients: addresses that get them.
        sender: address that they come from.
        smtp_host: server that takes them, with TLS, on the port for submissions.
        username: account on the server; its password is in the vault.
    """

    recipients: Sequence[str]
    sender: str
    smtp_host: str
    username: str


@dataclass(frozen=True)
class Receivers:
    """Whom alerts reach; their credentials are in the vault, below ``alerting/``.

    Args:
        slack_channel: channel for every alert; None: not told.
        pagerduty: whether critical alerts call somebody.
        email: who gets every alert by e-mail; None: nobody.
    """

    slack_channel: str | None = None
    pagerduty: bool = False
    email: EmailReceiver | None = None

    @property
    def credentials(self) -> Mapping[str, SecretKey]:
        """Name of the file in Alertmanager's pod -> what the vault has for it."""
        all_of_them = {
            "slack": (self.slack_channel, SecretKey("alerting/slack", "url")),
            "pagerduty": (self.pagerduty, SecretKey("alerting/pagerduty", "routing-key")),
            "smtp": (self.email, SecretKey("alerting/smtp")),
        }
        return {name: key for name, (on, key) in all_of_them.items() if on}


def credentials_secret(environment: Environment, receivers: Receivers) -> ExternalSecretArgs | None:
    """What Alertmanager shows to those who pass alerts on; None: there is nobody."""
    if not receivers.credentials:
        return None
    return ExternalSecretArgs(
        environment=environment,
        namespace=environment.namespaces[NAMESPACE],
        keys=receivers.credentials,
        component=COMPONENT,
    )


def configuration(receivers: Receivers) -> Mapping[str, Any]:
    """Alertmanager's configuration: credentials are files, so there is nothing secret in it.

    Everybody hears of every alert, those on call of critical ones too; heartbeats reach nobody.
    """
    by_name = {_NOBODY: {}, _EVERYBODY: _everybody(receivers), _ON_CALL: _on_call(receivers)}
    told = {name: how for name, how in by_name.items() if how or name == _NOBODY}
    everybody = _EVERYBODY if _EVERYBODY in told else _NOBODY
    routes: list[dict[str, Any]] = [{"matchers": ['alertname =~ "Watchdog|InfoInhibitor"'], "receiver": _NOBODY}]
    if _ON_CALL in told:
        routes.append({"matchers": ['severity = "critical"'], "receiver": _ON_CALL, "continue": True})
    routes.append({"matchers": ['severity =~ "critical|warning"'], "receiver": everybody})
    return {
        "route": {
            "receiver": everybody,
            "group_by": ["alertname", "namespace"],
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "4h",
            "routes": routes,
        },
        "inhibit_rules": [
            {
                "source_matchers": ['severity = "critical"'],
                "target_matchers": ['severity = "warning"'],
                "equal": ["alertname", "namespace"],
            }
        ],
        "receivers": [{"name": name, **how} for name, how in told.items()],
        "templates": [],
    }


def _everybody(receivers: Receivers) -> dict[str, Any]:
    how: dict[str, Any] = {}
    if receivers.slack_channel:
        slack = {"api_url_file": f"{_CREDENTIALS}/slack", "channel": receivers.slack_channel, "text": _SUMMARY}
        how["slack_configs"] = [{**slack, "send_resolved": True}]
    if receivers.email:
        how["email_configs"] = [_by_email(receivers.email)]
    return how


def _by_email(email: EmailReceiver) -> dict[str, Any]:
    return {
        "to": ", ".join(email.recipients),
        "from": email.sender,
        # the one port that the destination "mail" opens
        "smarthost": f"{email.smtp_host}:587",
        "auth_username": email.username,
        "auth_password_file": f"{_CREDENTIALS}/smtp",
        "require_tls": True,
        "send_resolved": True,
    }


def _on_call(receivers: Receivers) -> dict[str, Any]:
    if not receivers.pagerduty:
        return {}
    return {"pagerduty_configs": [{"routing_key_file": f"{_CREDENTIALS}/pagerduty", "send_resolved": True}]}


def values(environment: Environment, receivers: Receivers) -> dict[str, Any]:
    """What the chart is told of Alertmanager.

    The chart keeps the configuration in the Secret ``alertmanager-prometheus-kube-prometheus-alertmanager``.
    """
    size = environment.size("alertmanager")
    return {
        "config": configuration(receivers),
        "podDisruptionBudget": {"enabled": size.replicas > 1},
        "alertmanagerSpec": {
            "secrets": [CREDENTIALS_SECRET] if receivers.credentials else [],
            "replicas": size.replicas,
            "resources": size.resources,
            "priorityClassName": Priority.CRITICAL.value,
            "logFormat": "json",
            "podMetadata": {"labels": pod_labels(environment, "alertmanager", "internet", "mail")},
            "topologySpreadConstraints": environment.spread({"app.kubernetes.io/name": "alertmanager"}),
            "storage": {"volumeClaimTemplate": {"spec": volume_claim(environment, str(size.storage))}},
        },
    }
