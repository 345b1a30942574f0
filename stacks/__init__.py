"""What is composed: the settings, one foundation per cloud, the platform over it."""
