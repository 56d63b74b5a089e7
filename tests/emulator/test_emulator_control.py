"""The emulator's own endpoints, and its life from start to stop."""

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


def test_control_tells_the_truth(emulator: Emulator, exports: StaticExports) -> None:
    """Jobs and files are there without credentials, faults or a log entry."""
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
    """A separate process can let hours pass."""
    response = requests.post(f"{emulator.url}/_emulator/advance?hours=1.5", timeout=20)

    assert response.json() == {"now": "2026-03-04T13:30:00.000000Z"}
    assert requests.post(f"{emulator.url}/_emulator/advance?hours=x", timeout=20).status_code == 400
    assert requests.post(f"{emulator.url}/_emulator/advance", timeout=20).status_code == 400


def test_control_sets_faults(emulator: Emulator, get_export: Call) -> None:
    """A separate process can make things go wrong, and right again."""
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
    "body", ["{", "3", '{"kind":"flood"}', '{"kind":"status","colour":1}', '[{"path":"("}]']
)
def test_control_refuses_odd_faults(emulator: Emulator, body: str) -> None:
    """What describes no fault gets 400."""
    response = requests.post(f"{emulator.url}/_emulator/faults", data=body, timeout=20)

    assert response.status_code == 400


def test_emulator_listens_on_loopback_only_while_open() -> None:
    """The address is 127.0.0.1, and there is none outside the with block."""
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
    """Idle and half-written connections are ended, and no thread is left."""
    session.get(f"{emulator.url}/api/v1/export/jobs", timeout=20)
    raw_socket.sendall(b"GET /api/v1/exp")
    before = threading.active_count()
    with Emulator(StaticExports()) as other:
        session.get(f"{other.url}/api/v1/export/jobs", timeout=20)
        assert threading.active_count() > before
    emulator.__exit__()

    assert raw_socket.recv(1) == b""
    assert not [thread for thread in threading.enumerate() if "process_request" in thread.name]


def test_emulator_can_be_opened_again(exports: StaticExports) -> None:
    """A closed emulator opens again, on a port of its own."""
    emulator = Emulator(exports)
    for _ in range(2):
        with emulator:
            assert requests.get(f"{emulator.url}/_emulator/jobs", timeout=20).json() == []


def test_emulator_answers_many_clients_at_once(emulator: Emulator, exports: StaticExports) -> None:
    """Connections are served side by side."""
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
