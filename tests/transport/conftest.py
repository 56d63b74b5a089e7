"""Fixtures: one stream at a time, whose endpoint replies with raw bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from raw_server import RawServer, with_length
from support import SETTINGS

from tap_gladly.streams.reports import base as reports
from tap_gladly.transport import backoff, client

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from support import Sync

    from transport.surfaces import Surface


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry for long enough, without long waits."""
    monkeypatch.setattr(backoff, "FIRST_WAIT_SECONDS", 0.0001)
    monkeypatch.setattr(backoff, "MAX_WAIT_SECONDS", 0.001)
    monkeypatch.setattr(client, "OUTAGE_SECONDS", 60)
    monkeypatch.setattr(reports, "OUTAGE_SECONDS", 60)


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up soon."""
    monkeypatch.setattr(client, "OUTAGE_SECONDS", 0.05)
    monkeypatch.setattr(reports, "OUTAGE_SECONDS", 0.05)


@pytest.fixture
def load_surface(
    sync: Callable[..., Sync], catalog: Callable[..., dict[str, Any]]
) -> Callable[[Surface, Callable[[int], bytes]], list[str]]:
    """Load one stream, whose endpoint replies as given: `load_surface(surface, reply, **settings)`."""

    def run(surface: Surface, reply: Callable[[int], bytes], **more: Any) -> list[str]:
        def answer(path: str, number: int) -> bytes:
            path = path.removeprefix("/api/v1")
            if path == surface.path:
                return reply(number)
            return with_length(surface.job_list)

        with RawServer(answer) as server:
            settings = {
                **SETTINGS,
                "api_url": server.url,
                "start_date": "2026-11-20",
                "end_date": surface.end_date,
            }
            run = sync(catalog=catalog(surface.stream), **{**settings, **more})
        return [row.get(surface.key, "") for row in run.rows(surface.stream)]

    return run
