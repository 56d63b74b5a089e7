"""Proxies and certificates that the environment sets for the HTTP library."""

from __future__ import annotations

import os
import re
import ssl
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.utils import select_proxy
from singer_sdk.exceptions import RetriableAPIError
from urllib3.exceptions import LocationParseError

from tap_gladly.exceptions import NetworkConfigError, describe_failure, is_permanent

if TYPE_CHECKING:
    from collections.abc import Mapping


_PROXY_SCHEMES = {"http", "https", "socks4", "socks4a", "socks5", "socks5h"}
_PROXY_VARIABLES = "HTTPS_PROXY, ALL_PROXY and NO_PROXY"
_TUNNEL_STATUS = re.compile(r"Tunnel connection failed: (\d{3})", re.ASCII)
_REJECTIONS = {"403": "denied the connection", "407": "requires authentication"}


class ProxyFailureError(RetriableAPIError):
    """A request through a proxy failed; a retry may help."""


def find_proxy(url: str, proxies: Mapping[str, str]) -> str:
    """Return host and port of the proxy for a URL, without its credentials; empty if there is none.

    Raises:
        NetworkConfigError: The proxy's URL can't be used.
    """
    proxy = select_proxy(url, dict(proxies))
    if not proxy:
        return ""
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        # urllib3 before 2.8 accepts a space in a host, so that the connection fails only later.
        is_host = re.fullmatch(r"\S+", parts.hostname or "") is not None
        is_valid = is_host and parts.port != 0 and parts.scheme.lower() in _PROXY_SCHEMES
    except ValueError:
        raise _invalid_proxy() from None  # the cause quotes the URL, which may hold a password
    if not is_valid:
        raise _invalid_proxy()
    address = parts.netloc.rpartition("@")[2]
    if parts.scheme.lower().startswith("socks") and not find_spec("socks"):
        raise NetworkConfigError(
            f"The proxy at {address} is a SOCKS proxy, which needs the package PySocks. Install it, or check "
            f"the variables {_PROXY_VARIABLES}."
        )
    return address


def _invalid_proxy() -> NetworkConfigError:
    return NetworkConfigError(
        "The URL of the proxy is invalid. Use a URL such as http://proxy.example:3128 in the variables "
        f"{_PROXY_VARIABLES}."
    )


def describe_proxy_failure(error: Exception, proxy: str) -> Exception:
    """Return the error for a failed request through a proxy.

    Args:
        error: The failure.
        proxy: Its host and port.

    Returns:
        A `NetworkConfigError` if a retry can't help, otherwise a `ProxyFailureError`.
    """
    if isinstance(error, (requests.exceptions.InvalidURL, LocationParseError)):
        return _invalid_proxy()
    if not isinstance(error, requests.exceptions.ProxyError):
        return ProxyFailureError(f"{describe_failure(error)}, through the proxy at {proxy}")
    status = _TUNNEL_STATUS.search(str(error))
    if status and status[1] in _REJECTIONS:
        reason = f"{_REJECTIONS[status[1]]} ({status[1]})"
        return NetworkConfigError(f"The proxy at {proxy} {reason}. Check the variables {_PROXY_VARIABLES}.")
    if is_permanent(error):
        return NetworkConfigError(
            f"The proxy at {proxy} can't be reached: {describe_failure(error)}. Check the variables "
            f"{_PROXY_VARIABLES}."
        )
    reason = f"it returned {status[1]}" if status else describe_failure(error)
    return ProxyFailureError(f"the proxy at {proxy} failed: {reason}")


def check_certificates(verify: Any) -> None:  # noqa: ANN401 # as requests takes it: a bool or a path
    """Check the certificate authorities that REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names.

    Raises:
        NetworkConfigError: The file or folder is missing, or isn't PEM.
    """
    if isinstance(verify, str) and (problem := _find_certificate_problem(verify)):
        variable = "REQUESTS_CA_BUNDLE" if os.environ.get("REQUESTS_CA_BUNDLE") else "CURL_CA_BUNDLE"
        raise NetworkConfigError(f"{variable} names a file that {problem}. Correct or unset the variable.")


@cache
def _find_certificate_problem(path: str) -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if os.path.isdir(path):  # noqa: PTH112 - as requests looks at it
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(cafile=path)
    except ssl.SSLError:
        return "isn't a PEM file with certificates"
    except OSError as error:
        return f"can't be read: {error.strerror}"
    return ""
