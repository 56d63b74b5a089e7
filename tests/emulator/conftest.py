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

from .fortnight import Fortnight

Call = Callable[..., requests.Response]


@pytest.fixture
def emulated_now() -> datetime:
    """A Wednesday noon."""
    return datetime(2026, 3, 4, 12, 0, tzinfo=timezone.utc)


@pytest.fixture
def emulated_exports() -> StaticExports:
    """No jobs yet."""
    return StaticExports()


@pytest.fixture
def emulated(emulated_exports: StaticExports, emulated_now: datetime) -> Iterator[Emulator]:
    """An emulator of these exports at this time, without a rate limit."""
    with Emulator(emulated_exports, clock=lambda: emulated_now, requests_per_second=None) as emulator:
        yield emulator


@pytest.fixture
def emulated_session() -> Iterator[requests.Session]:
    """A session with good credentials."""
    with requests.Session() as session:
        session.auth = (AGENT_EMAIL, API_TOKEN)
        session.trust_env = False
        yield session


@pytest.fixture
def emulated_call(emulated: Emulator, emulated_session: requests.Session) -> Call:
    """Make a request to a path of the emulator: `(method, path, **options)`."""

    def call(method: str, path: str, **options: Any) -> requests.Response:
        return emulated_session.request(method, emulated.url + path, **{"timeout": 20, **options})

    return call


@pytest.fixture
def emulated_get(emulated_call: Call) -> Call:
    """Get a path below /api/v1/export."""

    def get(path: str, **options: Any) -> requests.Response:
        return emulated_call("GET", f"/api/v1/export{path}", **options)

    return get


@pytest.fixture
def emulated_socket(emulated: Emulator) -> Iterator[socket.socket]:
    """A bare connection to the emulator."""
    address = urlsplit(emulated.url)
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=20) as connection:
        yield connection


@pytest.fixture(scope="session")
def emulated_fortnight() -> Fortnight:
    """Everything the default organization exports."""
    return Fortnight(GeneratedExports())
