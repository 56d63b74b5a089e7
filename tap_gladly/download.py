"""Export files: here whole, or not at all."""

from __future__ import annotations

import tempfile
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from requests import Response

MEMORY_LIMIT_BYTES = 4 * 1024 * 1024
"""A file up to this size stays in memory; a larger one goes to a temporary file that has no name."""

_CHUNK_BYTES = 256 * 1024


def download(response: Response) -> IO[bytes]:
    """Read a response's body to its end.

    Nothing of a file may be sent before it is here whole: a connection that is cut then costs another
    download, never half a file. The body passes through memory in pieces.

    Returns:
        The body, at its start. Its space is given back when it is closed, or when the process ends.

    Raises:
        requests.RequestException: The body ended early, or is not what its headers say.
    """
    file = tempfile.SpooledTemporaryFile(max_size=MEMORY_LIMIT_BYTES)  # noqa: SIM115 - the caller closes it
    try:
        for chunk in response.iter_content(_CHUNK_BYTES):
            file.write(chunk)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file
