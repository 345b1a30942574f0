"""The vault that holds the platform's credentials."""
