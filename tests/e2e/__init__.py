"""Meltano with this tap. These tests need the package index; `make e2e` runs them."""
