"""Meltano runs from the emulator into targets, in an environment of their own: `make e2e`."""
