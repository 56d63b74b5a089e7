"""The built wheel and sdist. These tests need the package index; `make package` runs them."""
