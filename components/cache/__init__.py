"""Valkey: caches, locks and short-lived queues."""

from components.cache.server import CacheServer

__all__ = ["CacheServer"]
