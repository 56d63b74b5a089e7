"""An emulator on a loopback port, a clock that stands still, and a client."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from gladly_emulator import AGENT_EMAIL, API_TOKEN, Emulator, GeneratedExports, StaticExports

from .exported_files import ExportedFiles

Call = Callable[..., requests.Response]


@pytest.fixture
def now() -> datetime:
    """A Wednesday noon."""
    return datetime(2026, 3, 4, 12, 0, tzinfo=timezone.utc)


@pytest.fixture
def exports() -> StaticExports:
    """No jobs yet."""
    return StaticExports()


@pytest.fixture
def emulator(exports: StaticExports, now: datetime) -> Iterator[Emulator]:
    """An emulator of these exports at this time, without a rate limit."""
    with Emulator(exports, clock=lambda: now, requests_per_second=None) as emulator:
        yield emulator


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """A session with good credentials."""
    with requests.Session() as session:
        session.auth = (AGENT_EMAIL, API_TOKEN)
        session.trust_env = False
        yield session


@pytest.fixture
def send_request(emulator: Emulator, session: requests.Session) -> Call:
    """Make a request to a path of the emulator: `(method, path, **options)`."""

    def call(method: str, path: str, **options: Any) -> requests.Response:
        return session.request(method, emulator.url + path, **{"timeout": 20, **options})

    return call


@pytest.fixture
def get_export(send_request: Call) -> Call:
    """Get a path below /api/v1/export."""

    def get(path: str, **options: Any) -> requests.Response:
        return send_request("GET", f"/api/v1/export{path}", **options)

    return get


@pytest.fixture
def raw_socket(emulator: Emulator) -> Iterator[socket.socket]:
    """A bare connection to the emulator."""
    address = urlsplit(emulator.url)
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=20) as connection:
        yield connection


@pytest.fixture(scope="session")
def exported_files() -> ExportedFiles:
    """Everything the default organization exports."""
    return ExportedFiles(GeneratedExports())
