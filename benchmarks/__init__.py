"""Benchmarks of the tap, compared with other ways to do the same work."""
