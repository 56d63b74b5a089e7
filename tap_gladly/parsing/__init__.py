"""Parsing: bytes to records, without I/O."""
