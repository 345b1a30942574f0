"""Valkey: caches, locks and short-lived queues."""

from components.cache.server import CacheServer
from components.cache.valkey import Valkey, ValkeyArgs

__all__ = ["CacheServer", "Valkey", "ValkeyArgs"]
