"""The control endpoints, and how the emulator starts and stops."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests

from gladly_emulator import Emulator, Fault, StaticExports

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    Call = Callable[..., requests.Response]


def test_control_ignores_credentials_and_faults(emulator: Emulator, exports: StaticExports) -> None:
    """Control endpoints return jobs and files without credentials or faults, and record no request."""
    exports.add_job("j", "2026-03-04T11:00:00Z", {"agents.jsonl": b"{}\n"})
    exports.list_as(b"nonsense")
    emulator.faults.add(Fault("reset", times=None))
    base = f"{emulator.url}/_emulator/jobs"

    assert requests.get(base, timeout=20).json()[0]["id"] == "j"
    assert requests.get(f"{base}/j/files/agents.jsonl", timeout=20).content == b"{}\n"
    assert requests.get(f"{base}/j/files/none", timeout=20).status_code == 404
    assert requests.get(f"{emulator.url}/_emulator/none", timeout=20).status_code == 404
    assert emulator.requests == []


def test_control_advances_the_clock(emulator: Emulator) -> None:
    """A separate process can advance the clock."""
    response = requests.post(f"{emulator.url}/_emulator/advance?hours=1.5", timeout=20)

    assert response.json() == {"now": "2026-03-04T13:30:00.000000Z"}
    assert requests.post(f"{emulator.url}/_emulator/advance?hours=x", timeout=20).status_code == 400
    assert requests.post(f"{emulator.url}/_emulator/advance", timeout=20).status_code == 400


def test_control_sets_faults(emulator: Emulator, get_export: Call) -> None:
    """A separate process can add and remove faults."""
    url = f"{emulator.url}/_emulator/faults"
    faults: list[dict[str, Any]] = [
        {"kind": "status", "status": 503, "path": "/jobs$"},
        {"kind": "garbage", "lines": {"0": "oops"}, "path": "/schedules$", "times": None},
        {"kind": "body", "body": "é", "path": "/jobs/x", "times": None},
    ]

    assert requests.post(url, json=faults, timeout=20).json() == {"added": 3}
    assert get_export("/jobs").status_code == 503
    assert get_export("/schedules").text.startswith("oops\n[")
    assert get_export("/jobs/x").content == "é".encode()

    assert requests.post(url, json=faults[0], timeout=20).json() == {"added": 1}
    assert requests.delete(url, timeout=20).status_code == 204
    assert get_export("/jobs").json() == []


@pytest.mark.parametrize(
    "body", ["{", "3", '{"kind":"flood"}', '{"kind":"status","color":1}', '[{"path":"("}]']
)
def test_control_rejects_invalid_faults(emulator: Emulator, body: str) -> None:
    """An invalid fault returns 400."""
    response = requests.post(f"{emulator.url}/_emulator/faults", data=body, timeout=20)

    assert response.status_code == 400


def test_emulator_listens_on_loopback_only_while_open() -> None:
    """The emulator listens on 127.0.0.1 inside the with block, and not outside it."""
    emulator = Emulator(StaticExports())
    with pytest.raises(RuntimeError, match="with block"):
        _ = emulator.url
    with emulator:
        assert urlsplit(emulator.url).hostname == "127.0.0.1"
        url = emulator.url

    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(url, timeout=20)


def test_emulator_stops_with_connections_open(
    emulator: Emulator, raw_socket: socket.socket, session: requests.Session
) -> None:
    """Stopping closes idle and half-written connections and leaves no thread."""
    session.get(f"{emulator.url}/api/v1/export/jobs", timeout=20)
    raw_socket.sendall(b"GET /api/v1/exp")
    before = threading.active_count()
    with Emulator(StaticExports()) as other:
        session.get(f"{other.url}/api/v1/export/jobs", timeout=20)
        assert threading.active_count() > before
    emulator.__exit__()

    assert raw_socket.recv(1) == b""
    assert not [thread for thread in threading.enumerate() if "process_request" in thread.name]


def test_emulator_can_be_restarted(exports: StaticExports) -> None:
    """A stopped emulator can be started again, on a new port."""
    emulator = Emulator(exports)
    for _ in range(2):
        with emulator:
            assert requests.get(f"{emulator.url}/_emulator/jobs", timeout=20).json() == []


def test_emulator_serves_clients_concurrently(emulator: Emulator, exports: StaticExports) -> None:
    """Connections are served concurrently."""
    exports.add_job("j", "2026-03-04T11:00:00Z", {"agents.jsonl": b"x" * 100_000})
    sizes: list[int] = []

    def call() -> None:
        url = f"{emulator.url}/_emulator/jobs/j/files/agents.jsonl"
        sizes.append(len(requests.get(url, timeout=20).content))

    threads = [threading.Thread(target=call) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sizes == [100_000] * 12
