"""Where in a cloud a stack lives."""
