"""Fixtures: an emulator with a fixed clock, and clients for it."""

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
    """Return the emulator's time, a Wednesday at noon."""
    return datetime(2026, 3, 4, 12, 0, tzinfo=timezone.utc)


@pytest.fixture
def exports() -> StaticExports:
    """Return a dataset without jobs."""
    return StaticExports()


@pytest.fixture
def emulator(exports: StaticExports, now: datetime) -> Iterator[Emulator]:
    """Run an emulator of this dataset at this time, without a rate limit."""
    with Emulator(exports, clock=lambda: now, requests_per_second=None) as emulator:
        yield emulator


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """Return a session with valid credentials."""
    with requests.Session() as session:
        session.auth = (AGENT_EMAIL, API_TOKEN)
        session.trust_env = False
        yield session


@pytest.fixture
def send_request(emulator: Emulator, session: requests.Session) -> Call:
    """Return a function that sends a request to the emulator: `(method, path, **options)`."""

    def call(method: str, path: str, **options: Any) -> requests.Response:
        return session.request(method, emulator.url + path, **{"timeout": 20, **options})

    return call


@pytest.fixture
def get_export(send_request: Call) -> Call:
    """Return a function that gets a path below /api/v1/export."""

    def get(path: str, **options: Any) -> requests.Response:
        return send_request("GET", f"/api/v1/export{path}", **options)

    return get


@pytest.fixture
def raw_socket(emulator: Emulator) -> Iterator[socket.socket]:
    """Return a TCP connection to the emulator."""
    address = urlsplit(emulator.url)
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=20) as connection:
        yield connection


@pytest.fixture(scope="session")
def exported_files() -> ExportedFiles:
    """Return all files of the default invented organization."""
    return ExportedFiles(GeneratedExports())
