"""Where requests may go: the addresses that the settings `organization` and `api_url` stand for."""

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
    """Turn the setting `organization` into the base address of the organization's API host.

    Accepted are a name (`myorg`), a name with its region (`myorg.us-1`), and a host or a pasted address on
    gladly.com or gladly.qa. Credentials go to this address, so anything else is refused.

    Raises:
        ValueError: It is none of these.
    """
    text = organization.strip()
    host = _host_of_pasted_address(text) if "." in text or "/" in text else text
    host = host.lower() if host.isascii() else ""
    if _ORGANIZATION.fullmatch(host):
        host = f"{host}.gladly.com"
    if not _GLADLY_HOST.fullmatch(host):
        raise ValueError(
            "is neither a name such as myorg or myorg.us-1 nor a host on gladly.com or gladly.qa"
        )
    return f"https://{host}"


def _host_of_pasted_address(text: str) -> str:
    parts = _split(text if "://" in text else f"https://{text}")
    plain = parts.scheme in {"http", "https"} and parts.netloc.lower() == parts.hostname
    return parts.hostname or "" if plain else ""


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return urlsplit("")
    # Letters such as the Kelvin sign turn into ASCII when lowered, so a look-alike would pass.
    return parts if url.isascii() else urlsplit("")


def resolve_api_url(api_url: str) -> str:
    """Check the setting `api_url`, a base address in place of the organization's own.

    Raises:
        ValueError: It is not scheme, host and port alone, or not HTTPS although the host is not this machine.
    """
    parts = _split(api_url.strip())
    bare = not (parts.query or parts.fragment or "@" in parts.netloc) and parts.path in {"", "/"}
    secure = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or ""))
    if not (parts.hostname and bare and secure):
        raise ValueError(
            "is not scheme, host and port alone, such as https://proxy.example:8443; "
            "plain http goes to this machine only"
        )
    return f"{parts.scheme}://{parts.netloc}"


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def resolve_base_url(config: Mapping[str, Any]) -> str:
    """Give the address that requests go to: scheme, host and port.

    Raises:
        ValueError: `organization` or `api_url` is not usable; the message says why.
    """
    own = resolve_organization(config["organization"])
    return resolve_api_url(config["api_url"]) if config.get("api_url") else own
