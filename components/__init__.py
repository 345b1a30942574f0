"""How each capability of the platform is made: one ComponentResource per file."""
