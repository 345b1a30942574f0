"""Airflow's credentials: what the chart asks for by name, from the vault.

Source: WF-AIRFLOW-11, A-20, TGT-13.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from components.base import SecretKey
from components.cache import CacheServer
from components.database import DatabaseConnection

BROKER_DATABASE = 2
METADATA, RESULT_BACKEND, BROKER = "airflow-metadata", "airflow-result-backend", "airflow-broker-url"
FERNET, API, JWT, ADMIN = "airflow-fernet-key", "airflow-api-secret-key", "airflow-jwt-secret", "airflow-admin"
# variable that Airflow reads -> Secret and key; beside those that the chart sets itself
FURTHER_VARIABLES = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": (METADATA, "connection-async")}


@dataclass(frozen=True)
class Credential:
    """A Secret: what it is read from, and the templates of its keys."""

    keys: Mapping[str, SecretKey]
    template: Mapping[str, str]


def credentials(database: DatabaseConnection, cache: CacheServer) -> Mapping[str, Credential]:
    """Airflow's Secrets by name.

    Args:
        database: of the metadata, and of what tasks give back.
        cache: holds the queue between scheduler and workers.
    """
    url = database.url_template("postgresql+psycopg2")
    # another driver, another name for the same setting
    url_async = database.url_template("postgresql+asyncpg").replace("?sslmode=", "?ssl=")
    return {
        METADATA: Credential(database.credentials, {"connection": url, "connection-async": url_async}),
        RESULT_BACKEND: Credential(database.credentials, {"connection": f"db+{url}"}),
        BROKER: Credential(cache.credentials, {"connection": cache.url_template(BROKER_DATABASE)}),
        FERNET: _single("airflow/fernet", "fernet-key"),
        API: _single("airflow/api", "api-secret-key"),
        JWT: _single("airflow/jwt", "jwt-secret"),
        ADMIN: Credential({key: SecretKey("airflow/admin", key) for key in ("username", "password")}, {}),
    }


def _single(path: str, key: str) -> Credential:
    return Credential({"key": SecretKey(path, "key")}, {key: "{{ .key }}"})
