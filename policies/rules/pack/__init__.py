"""What makes Pulumi policies of rules: discovery, exceptions, configuration."""
