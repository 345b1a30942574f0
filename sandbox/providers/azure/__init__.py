"""Stand-in for the Azure Native provider: one store of ARM resources, driven by the tables in ``types``."""
