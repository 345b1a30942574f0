"""Container images that the platform builds."""
