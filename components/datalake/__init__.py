"""Object stores: the lake's zones, incoming documents and backups."""

from components.datalake.object_store import ObjectStore

__all__ = ["ObjectStore"]
