"""A database server for the tests of what uses one."""

from components.database import DatabaseServer, databases
from tests.unit.components.environment import gate


def database_server() -> DatabaseServer:
    """A server with every database; call it inside a program."""
    return DatabaseServer(databases(), gate("database"))
