"""Object stores: the lake's zones, incoming documents and backups."""
