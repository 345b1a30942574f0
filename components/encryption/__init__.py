"""Keys that encrypt what the platform keeps."""
