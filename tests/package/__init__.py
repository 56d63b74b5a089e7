"""Tests of the built wheel and sdist. `make package` runs them. They need the package index."""
