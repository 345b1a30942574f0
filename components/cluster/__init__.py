"""The Kubernetes cluster."""
