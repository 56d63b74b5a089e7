"""What the emulator serves: an invented organization with generated data, and a dataset that tests fill."""
