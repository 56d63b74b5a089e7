"""Settings: what they are and whether they are valid."""
