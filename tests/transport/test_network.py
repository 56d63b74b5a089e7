"""Proxies, certificates and name lookups."""

from __future__ import annotations

import socket
import socketserver
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from support import fail
from typing_extensions import override

from tap_gladly.transport import client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support import Sync

API = "https://api.example"
VARIABLES = "HTTPS_PROXY, ALL_PROXY and NO_PROXY"
INVALID_PROXY = (
    "The URL of the proxy is invalid. Use a URL such as http://proxy.example:3128 in the variables "
    f"{VARIABLES}."
)


class ProxyHandler(socketserver.StreamRequestHandler):
    """Answers each CONNECT with the server's reply, and closes the connection."""

    @override
    def handle(self) -> None:
        """Read one request and answer it."""
        lines = []
        while (line := self.rfile.readline().strip()) != b"":
            lines.append(line.decode())
        server: Proxy = self.server  # type: ignore[assignment]
        server.requests.append(lines[0])
        self.wfile.write(server.reply)


class Proxy(socketserver.ThreadingTCPServer):
    """A proxy on a loopback port."""

    daemon_threads = True

    def __init__(self, reply: bytes) -> None:
        super().__init__(("127.0.0.1", 0), ProxyHandler)
        self.reply = reply
        self.requests: list[str] = []

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.server_address[1]}"


@contextmanager
def run_proxy(reply: bytes) -> Iterator[Proxy]:
    """Run a proxy that answers CONNECT with these bytes."""
    with Proxy(reply) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "no_proxy",
        "requests_ca_bundle",
        "curl_ca_bundle",
    ):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("407 Proxy Authentication Required", "requires authentication (407)"),
        ("403 No", "denied the connection (403)"),
    ],
)
def test_proxy_that_rejects_is_one_line(
    sync: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    *,
    status: str,
    words: str,
) -> None:
    """The error names the proxy and its answer, without its password, and nothing is retried."""
    with run_proxy(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()) as proxy:
        monkeypatch.setenv("https_proxy", f"http://user:secret@{proxy.address}")
        errors = fail(sync, log, api_url=API)

    assert errors == [f"The proxy at {proxy.address} {words}. Check the variables {VARIABLES}."]
    assert len(proxy.requests) == 1
    assert proxy.requests[0].startswith("CONNECT api.example:443 ")
    assert "secret" not in log.text


@pytest.mark.parametrize("reply", [b"HTTP/1.1 502 Bad Gateway\r\n\r\n", b"", b"what?\r\n\r\n"])
def test_proxy_that_fails_is_retried_and_named(
    sync: Callable[..., Sync], log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, reply: bytes
) -> None:
    """A proxy may be down for a while. The error blames the proxy, not Gladly's host."""
    monkeypatch.setattr(client, "OUTAGE_SECONDS", 0.1)
    with run_proxy(reply) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:secret@{proxy.address}")
        errors = fail(sync, log, api_url=API)

    assert len(errors) == 1
    assert f"the proxy at {proxy.address}" in errors[0]
    assert "Check the proxy and the network, then run again" in errors[0]
    assert len(proxy.requests) > 1
    assert "secret" not in log.text


def test_proxy_that_refuses_connections_is_named(
    sync: Callable[..., Sync], log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If nothing listens at the proxy's port, the error names the proxy."""
    monkeypatch.setattr(client, "OUTAGE_SECONDS", 0.1)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")

    errors = fail(sync, log, api_url=API)

    assert f"the proxy at 127.0.0.1:{port} failed: the connection was refused." in errors[0]


def test_proxy_with_an_unknown_name_is_one_line(
    sync: Callable[..., Sync], log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error blames the proxy's name, not `organization`, and nothing is retried."""
    lookups = fail_lookups(monkeypatch, socket.EAI_NONAME)
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@proxy.example:3128")

    errors = fail(sync, log, api_url=API)

    reason = "can't be reached: the host name does not resolve"
    assert errors == [f"The proxy at proxy.example:3128 {reason}. Check the variables {VARIABLES}."]
    assert set(lookups) == {"proxy.example"}
    assert len(lookups) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://[::1",
        "http://",
        "http://:8080",
        "http://proxy.example:port",
        "http://proxy.example:99999",
        "gopher://x:1",
        "http://proxy..example:3128",
        f"http://{'x' * 64}.example:3128",
        "localhost:3128",
        "user:secret@localhost:3128",
        "http://proxy example:3128",
    ],
)
def test_invalid_proxy_url_is_one_line(
    sync: Callable[..., Sync], log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """The error doesn't repeat the URL, which may hold a password."""
    monkeypatch.setenv("HTTPS_PROXY", url)

    errors = fail(sync, log, api_url=API)

    assert errors == [INVALID_PROXY]


def test_socks_proxy_without_its_package_is_one_line(
    sync: Callable[..., Sync], log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests needs PySocks for SOCKS."""
    monkeypatch.setenv("ALL_PROXY", "socks5://user:secret@proxy.example:1080")

    errors = fail(sync, log, api_url=API)

    assert len(errors) == 1
    assert errors[0].startswith(
        "The proxy at proxy.example:1080 is a SOCKS proxy, which needs the package PySocks."
    )
    assert "secret" not in log.text


def fail_lookups(monkeypatch: pytest.MonkeyPatch, code: int) -> list[str]:
    """Make every lookup of a name fail; return the names that are looked up."""
    lookups: list[str] = []

    def look_up(host: str, *_: object, **__: object) -> None:
        lookups.append(host)
        raise socket.gaierror(code, "lookup failed")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return lookups


@pytest.mark.parametrize("code", [socket.EAI_AGAIN, socket.EAI_FAIL], ids=["EAI_AGAIN", "EAI_FAIL"])
def test_temporary_lookup_failure_is_retried(
    sync: Callable[..., Sync], log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """The name server didn't answer, or failed, which doesn't mean that the name is unknown."""
    lookups = fail_lookups(monkeypatch, code)
    monkeypatch.setattr(client, "OUTAGE_SECONDS", 0.1)

    errors = fail(sync, log, api_url=API)

    assert len(lookups) > 2
    assert "the host name could not be looked up. Check api_url and the network" in errors[0]


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("content", [None, b"not a certificate", b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_unusable_certificate_bundle_is_one_line(
    sync: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    *,
    variable: str,
    content: bytes | None,
) -> None:
    """The error names the variable before any request, for a missing file and one that isn't PEM."""
    path = tmp_path / "bundle.pem"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv(variable, str(path))

    errors = fail(sync, log, api_url=API)

    assert len(errors) == 1
    assert errors[0].startswith(f"{variable} names a file that ")
    assert errors[0].endswith(". Correct or unset the variable.")
    assert str(path) not in log.text


def test_certificate_bundle_may_be_a_folder(
    sync: Callable[..., Sync], log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A folder of certificates is accepted, as requests does; the lookup fails after that."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    fail_lookups(monkeypatch, socket.EAI_NONAME)

    errors = fail(sync, log, api_url=API)

    assert "the host name does not resolve" in errors[0]
