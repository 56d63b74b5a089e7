"""The base URL of requests, from the settings `organization` and `api_url`."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

_GLADLY_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,2}gladly\.(?:com|qa)")
_ORGANIZATION = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z]{2}-[a-z0-9]+)?")


def resolve_organization(organization: str) -> str:
    """Return the base URL for the setting `organization`.

    The setting is a name (`myorg`), a name with a region (`myorg.us-1`), or a host or pasted URL on
    gladly.com or gladly.qa. The token is sent to this URL, so the tap rejects anything else.

    Raises:
        ValueError: The setting is none of these.
    """
    text = organization.strip()
    host = _parse_pasted_host(text) if "." in text or "/" in text else text
    host = host.lower() if host.isascii() else ""
    if _ORGANIZATION.fullmatch(host):
        host = f"{host}.gladly.com"
    if not _GLADLY_HOST.fullmatch(host):
        raise ValueError("must be a name, such as myorg or myorg.us-1, or a host on gladly.com or gladly.qa")
    return f"https://{host}"


def _parse_pasted_host(text: str) -> str:
    parts = _split(text if "://" in text else f"https://{text}")
    plain = parts.scheme in {"http", "https"} and parts.netloc.lower() == parts.hostname
    return parts.hostname or "" if plain else ""


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return urlsplit("")
    # Letters such as the Kelvin sign become ASCII in lower case, so a look-alike would pass.
    return parts if url.isascii() else urlsplit("")


def resolve_api_url(api_url: str) -> str:
    """Return the base URL for the setting `api_url`, which replaces the organization's own.

    Raises:
        ValueError: The setting has more than a scheme, host and port, or uses HTTP for another machine.
    """
    parts = _split(api_url.strip())
    bare = not (parts.query or parts.fragment or "@" in parts.netloc) and parts.path in {"", "/"}
    secure = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or ""))
    if not (parts.hostname and bare and secure):
        raise ValueError(
            "must be a scheme, host and port, such as https://proxy.example:8443; "
            "http is allowed for loopback addresses only"
        )
    return f"{parts.scheme}://{parts.netloc}"


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def resolve_base_url(config: Mapping[str, Any]) -> str:
    """Return the base URL of requests: scheme, host and port.

    Raises:
        ValueError: `organization` or `api_url` is invalid; the message says why.
    """
    own = resolve_organization(config["organization"])
    return resolve_api_url(config["api_url"]) if config.get("api_url") else own
