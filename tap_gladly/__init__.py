"""Singer tap for Gladly, the customer-service platform."""

__version__ = "0.5.0"
DISTRIBUTION = "tap-gladly"
"""The package's `name` in pyproject.toml."""
