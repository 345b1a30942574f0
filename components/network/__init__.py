"""The network that the platform lives in."""
