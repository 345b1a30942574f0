"""What Kestra is told: its queue, repository and storage, and who may call it.

Source: WF-KESTRA-12, A-10, A-20.
"""

import yaml

# Kestra 1.x has one tenant, `main`; the shorter path is what it was before, and what the older callers know
WEBHOOKS = ("/api/v1/main/executions/webhook/", "/api/v1/executions/webhook/")
# a store other than AWS's own may want the bucket in the path; its address is a variable that the SDK reads itself
_S3 = {"bucket": "${LAKE_BUCKET}", "path": "kestra", "forcePathStyle": "${LAKE_PATH_STYLE:false}"}


def configuration(jdbc_url: str, host: str, *, serves: bool) -> str:
    """Kestra's configuration, a YAML document; credentials and the bucket are variables of its environment.

    Args:
        jdbc_url: of its database.
        host: public name.
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
            "storage": {"type": "s3", "s3": _S3},
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
