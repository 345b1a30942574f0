"""PostgreSQL run by the cloud."""
