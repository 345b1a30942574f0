"""Stand-ins for the vendors' provider plugins."""
