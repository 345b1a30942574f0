"""How applications reach their databases."""

import pytest

from components.base import SecretKey
from components.database import databases, databases_of
from components.secrets import inventory
from tests.unit.components.database.server import database_server
from tests.unit.recording import RecordingEngine


def test_a_database_is_reached_by_one_name_on_every_stack(engine: RecordingEngine) -> None:
    connection = engine.deploy(database_server).database("kestra")

    assert (connection.host, connection.port) == ("postgres.data.svc.cluster.local", 5432)
    assert connection.jdbc_url == "jdbc:postgresql://postgres.data.svc.cluster.local:5432/kestra?sslmode=require"
    assert connection.url_template("postgresql+psycopg2") == (
        "postgresql+psycopg2://{{ .username }}:{{ .password }}@postgres.data.svc.cluster.local:5432/kestra"
        "?sslmode=require"
    )
    assert connection.credentials["password"] == SecretKey("postgres/kestra", "password")


def test_an_unknown_database_is_named(engine: RecordingEngine) -> None:
    server = engine.deploy(database_server)

    with pytest.raises(KeyError, match="no database is called crm"):
        server.database("crm")


@pytest.mark.parametrize("name", databases())
def test_the_vault_has_the_owners_credentials_where_the_database_is(name: str) -> None:
    row = databases()[name]
    secret = inventory()[row.secret_path]

    assert secret.fixed == {"username": row.owner}
    assert secret.generated.keys() == {"password"}
    assert secret.components == ((row.component,) if row.component else ())


def test_a_stack_has_the_databases_of_what_it_runs() -> None:
    assert databases_of(()).keys() == {"analytics"}
    assert databases_of({"kestra", "kafka"}).keys() == {"analytics", "kestra"}
    assert databases().keys() == {"analytics", "airflow", "kestra", "camunda", "flowable", "mlflow"}
