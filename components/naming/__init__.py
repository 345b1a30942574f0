"""Names of cloud resources."""
