"""HTTPS: trusted and untrusted certificates, directly and through a proxy."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from raw_server import RawServer, with_length
from support import SETTINGS, fail
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from support import Sync

FOLDER = Path(__file__).parent
VALID, EXPIRED = FOLDER / "localhost.pem", FOLDER / "expired.pem"
TEAMS = with_length(b'[{"id":"a"}]')


class Tunnel(socketserver.StreamRequestHandler):
    """Answers CONNECT and passes the bytes of both sides on."""

    @override
    def handle(self) -> None:
        """Serve one tunnel."""
        target = self.rfile.readline().split()[1].decode()
        while self.rfile.readline().strip():
            pass
        host, _, port = target.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=10) as peer:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            backward = threading.Thread(target=pump, args=(peer, self.connection))
            backward.start()
            pump(self.connection, peer)
            backward.join(10)


def pump(source: socket.socket, destination: socket.socket) -> None:
    """Copy bytes until the source ends."""
    with suppress(OSError):
        while received := source.recv(65536):
            destination.sendall(received)
        destination.shutdown(socket.SHUT_WR)


@contextmanager
def run_tunnel() -> Iterator[str]:
    """Run a proxy, and yield its host and port."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Tunnel) as proxy:
        proxy.daemon_threads = True
        thread = threading.Thread(target=proxy.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"127.0.0.1:{proxy.server_address[1]}"
        finally:
            proxy.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "all_proxy", "no_proxy", "requests_ca_bundle", "curl_ca_bundle"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@contextmanager
def serve(
    certificate: Path, reply: Callable[[str, int], bytes] = lambda _path, _number: TEAMS
) -> Iterator[RawServer]:
    """Run an HTTPS server with a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with RawServer(reply, tls=context) as server:
        yield server


@pytest.fixture
def load(
    sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]
) -> Callable[[RawServer], list[str]]:
    """Load the teams from a server: `load(server)`."""
    return lambda server: sync(catalog=catalog("teams"), **{**SETTINGS, "api_url": server.url}).ids("teams")


def test_trusted_certificate_is_accepted(
    load: Callable[[RawServer], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """REQUESTS_CA_BUNDLE makes a certificate authority of the user's own trusted."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(VALID))
    with serve(VALID) as server:
        assert load(server) == ["a"]


def test_https_through_a_proxy(
    load: Callable[[RawServer], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy passes the encrypted bytes on."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(VALID))
    with serve(VALID) as server, run_tunnel() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:secret@{proxy}")

        assert load(server) == ["a"]


@pytest.mark.parametrize("cut", range(10, len(TEAMS), 7))
def test_truncated_https_response_is_retried(
    load: Callable[[RawServer], list[str]], monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    """A TLS connection that ends early, without its closing message, is no end of a response."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(VALID))
    with serve(VALID, lambda _, number: TEAMS if number else TEAMS[:cut]) as server:
        assert load(server) == ["a"]
        assert server.paths.count("/api/v1/teams") == 2


@pytest.mark.parametrize(
    ("certificate", "host", "bundle", "words"),
    [
        (
            VALID,
            "127.0.0.1",
            None,
            "is not trusted; to trust a certificate authority of your own, set REQUESTS_CA_BUNDLE to its PEM file",
        ),
        (EXPIRED, "127.0.0.1", EXPIRED, "has expired, or isn't valid yet by this machine's clock"),
        (VALID, "other.example", VALID, "is for another host"),
    ],
    ids=["untrusted", "expired", "other host"],
)
@pytest.mark.parametrize("is_proxied", [False, True], ids=["direct", "proxy"])
def test_rejected_certificate_is_one_line(
    sync: Callable[..., Sync],
    log: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    *,
    certificate: Path,
    host: str,
    bundle: Path | None,
    words: str,
    is_proxied: bool,
) -> None:
    """The error describes the problem with the certificate, and nothing is retried."""
    if bundle:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    look_up = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, *more, **named: look_up("127.0.0.1", *more, **named))
    with serve(certificate) as server, run_tunnel() as proxy:
        if is_proxied:
            monkeypatch.setenv("HTTPS_PROXY", f"http://user:secret@{proxy}")
        url = server.url.replace("127.0.0.1", host)
        errors = fail(sync, log, api_url=url)

    through = f", through the proxy at {proxy}. Check the proxy" if is_proxied else ". Check api_url"
    assert len(errors) == 1
    assert f"/export/jobs: the host's certificate {words}{through} and the network" in errors[0]
    assert "retries 0" in log.text
    assert "secret" not in log.text
