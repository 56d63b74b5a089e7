"""The emulator against the behaviour Gladly documents."""
