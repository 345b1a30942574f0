"""Stand-in for the Kubernetes provider: server-side apply against a real API server."""
