"""The base URL of requests, from the settings `organization` and `api_url`."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

if TYPE_CHECKING:
    from collections.abc import Mapping

_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ORGANIZATION = re.compile(rf"{_LABEL}(?:\.[a-z]{{2}}-[a-z0-9]+)?")
_GLADLY_HOST = re.compile(rf"(?:{_LABEL}\.){{1,2}}gladly\.(?:com|qa)")
_PASTED_URL = re.compile(rf"(?:https?://)?({_LABEL}(?:\.{_LABEL})+)(?:[/?#][^\\\s]*)?")
_HOST = r"[a-z0-9][a-z0-9_-]{0,62}(?:\.[a-z0-9_-]{1,63})*\.?"
_API_URL = re.compile(rf"(https?)://({_HOST}|\[[0-9a-f:.]+\])(?::([0-9]{{1,5}}))?/?")
_MAX_PORT = 65535


def resolve_organization(organization: str) -> str:
    """Return the base URL for the setting `organization`.

    The setting is a name (`myorg`), a name with a region (`myorg.us-1`), or a host or pasted URL on
    gladly.com or gladly.qa. The token is sent to this URL, so the tap rejects anything else.

    Raises:
        ValueError: The setting is none of these.
    """
    text = _to_lower(organization)
    pasted = _PASTED_URL.fullmatch(text)
    host = f"{text}.gladly.com" if _ORGANIZATION.fullmatch(text) else pasted[1] if pasted else ""
    if not _GLADLY_HOST.fullmatch(host):
        raise ValueError("must be a name, such as myorg or myorg.us-1, or a host on gladly.com or gladly.qa")
    return _rebuild("https", host, port="")


def resolve_api_url(api_url: str) -> str:
    """Return the base URL for the setting `api_url`, which replaces the organization's own.

    Raises:
        ValueError: The setting has more than a scheme, host and port, or uses HTTP for another machine.
    """
    parts = _API_URL.fullmatch(_to_lower(api_url))
    scheme, host, port = parts.groups(default="") if parts else ("", "", "")
    is_secure = scheme == "https" or (scheme == "http" and _is_loopback(host))
    if not is_secure or int(port or 0) > _MAX_PORT:
        raise ValueError(
            "must be a scheme, host and port, such as https://proxy.example:8443; "
            "http is allowed for loopback addresses only"
        )
    return _rebuild(scheme, host, port=port)


def _to_lower(text: str) -> str:
    # Letters such as the Kelvin sign become ASCII in lower case, so a look-alike would pass.
    return text.strip().lower() if text.isascii() else ""


def _rebuild(scheme: str, host: str, *, port: str) -> str:
    """Return a URL, after a check that the HTTP library will connect to the same host.

    Raises:
        ValueError: It reads another host, or none.
    """
    url = f"{scheme}://{host}:{port}" if port else f"{scheme}://{host}"
    try:
        read = parse_url(url)
    except LocationParseError as error:
        raise ValueError("has no valid host") from error
    if (read.scheme, read.host, read.port, read.auth) != (scheme, host, int(port) if port else None, None):
        raise ValueError("has no valid host")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def resolve_base_url(config: Mapping[str, Any]) -> str:
    """Return the base URL of requests: scheme, host and port.

    Raises:
        ValueError: `organization` or `api_url` is invalid; the message says why.
    """
    own = resolve_organization(config["organization"])
    return resolve_api_url(config["api_url"]) if config.get("api_url") else own
