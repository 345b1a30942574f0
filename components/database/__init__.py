"""PostgreSQL: its databases, where it runs, and how applications reach it."""

from components.database.databases import DatabaseRow, databases, databases_of
from components.database.server import DatabaseConnection, DatabaseServer

__all__ = ["DatabaseConnection", "DatabaseRow", "DatabaseServer", "databases", "databases_of"]
