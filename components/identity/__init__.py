"""Who may do what in the cloud."""
