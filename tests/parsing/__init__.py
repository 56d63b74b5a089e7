"""Tests of bytes to records."""
