"""Access control: credentials and the API User permission."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from gladly_emulator.server.http_messages import Response, error_response

ORGANIZATION: Final = "brindlewick"
AGENT_EMAIL: Final = "exports@brindlewick.example"
API_TOKEN: Final = "local-token-that-opens-nothing"  # noqa: S105
UNPRIVILEGED_AGENT_EMAIL: Final = "reader@brindlewick.example"
UNPRIVILEGED_API_TOKEN: Final = "local-token-without-api-user"  # noqa: S105


def check_credentials(authorization: str | None) -> Response | None:
    """Return a 401 or 403 for this Authorization header, or None if it is valid."""
    credentials = _read_basic(authorization or "")
    if credentials == (AGENT_EMAIL, API_TOKEN):
        return None
    if credentials == (UNPRIVILEGED_AGENT_EMAIL, UNPRIVILEGED_API_TOKEN):
        return error_response(403, "invalid", "the user lacks the API User permission", attr="authorization")
    response = error_response(401, "invalid", "unknown email address or token", attr="authorization")
    return response.with_headers({"WWW-Authenticate": 'Basic realm="Gladly"'})


def _read_basic(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, token = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, token) if colon else None
