"""`python -m tap_gladly`."""

from __future__ import annotations

from tap_gladly.tap import TapGladly

if __name__ == "__main__":
    TapGladly.cli()
