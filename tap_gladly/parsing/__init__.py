"""Bytes to records, without I/O."""
