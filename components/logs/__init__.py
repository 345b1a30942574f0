"""Where the cloud's own services write their logs."""
