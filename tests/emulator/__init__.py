"""Tests that the emulator behaves as Gladly documents."""
