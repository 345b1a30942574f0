"""What Kestra is told: its queue, repository and storage, and who may call it.

Source: WF-KESTRA-12, A-10, A-20.
"""

from collections.abc import Mapping
from typing import Any

import yaml

# Kestra 1.x has one tenant, `main`; the shorter path is what it was before, and what the older callers know
WEBHOOKS = ("/api/v1/main/executions/webhook/", "/api/v1/executions/webhook/")


def configuration(jdbc_url: str, host: str, storage: Mapping[str, Any], *, serves: bool) -> str:
    """Kestra's configuration, a YAML document; credentials and addresses are variables of its environment.

    Args:
        jdbc_url: of its database.
        host: public name.
        storage: where its files are, in its own form.
        serves: whether the server has API and UI.
    """
    document = {
        "datasources": {
            "postgres": {
                "url": jdbc_url,
                "driver-class-name": "org.postgresql.Driver",
                "username": "${DATABASE_USERNAME}",
                "password": "${DATABASE_PASSWORD}",
            }
        },
        "kestra": {
            "url": f"https://{host}/",
            "queue": {"type": "postgres"},
            "repository": {"type": "postgres"},
            "storage": dict(storage),
            # flows see variables with this prefix, and so none of the server's own
            "variables": {"env-vars-prefix": "ENV_"},
            # no Docker beside it: scripts run as processes of the worker
            "plugins": {"defaults": [_default("io.kestra.plugin.scripts", "io.kestra.plugin.core.runner.Process")]},
            "anonymous-usage-report": {"enabled": False},
            "tutorial-flows": {"enabled": False},
            **({"server": {"basic-auth": _basic_auth()}} if serves else {}),
        },
    }
    return yaml.safe_dump(document, sort_keys=False)


def _default(plugin: str, runner: str) -> dict[str, object]:
    return {"type": plugin, "values": {"taskRunner": {"type": runner}}}


def _basic_auth() -> dict[str, object]:
    return {"username": "${ADMIN_USERNAME}", "password": "${ADMIN_PASSWORD}", "open-urls": list(WEBHOOKS)}
