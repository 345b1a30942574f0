"""Checks over the whole object set of a platform: what an object names exists."""
