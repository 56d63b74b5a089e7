"""Reports in other encodings and time zones, and with long column names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import Sync, list_warnings

if TYPE_CHECKING:
    from collections.abc import Callable

    from gladly_emulator import StaticExports

EVENTS = "conversation_timestamps_report"


@pytest.fixture
def sync_events(exports: StaticExports, sync_streams: Callable[..., Sync]) -> Callable[[bytes], Sync]:
    """Load one window of ConversationTimestampsReport."""

    def run(body: bytes) -> Sync:
        exports.reports.put("ConversationTimestampsReport", body)
        return sync_streams(EVENTS, start_date="2026-11-24")

    return run


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("Zoë €5".encode("cp1252"), "Zoë €5"),
        ("Zoë ".encode() + b"\xe9", "Zoë \ufffd"),
        (b"Zo\x81", "Zo\ufffd"),
        ("Zoë\u2028".encode(), "Zoë\u2028"),
    ],
    ids=["windows-1252", "damaged UTF-8", "neither", "UTF-8"],
)
def test_cell_that_is_not_utf_8_is_reported(
    sync_events: Callable[[bytes], Sync], log: pytest.LogCaptureFixture, cell: bytes, text: str
) -> None:
    """A warning names the stream, the window and the number of lines, and quotes nothing."""
    run = sync_events(b"Conversation ID,Initiator Agent Name\nv1," + cell + b"\nv2,plain\n")

    assert [row["initiator_agent_name"] for row in run.rows(EVENTS)] == [text, "plain"]
    warnings = [line for line in list_warnings(log) if "UTF-8" in line]
    is_valid = text == "Zoë\u2028"
    assert len(warnings) == (0 if is_valid else 1)
    assert is_valid or warnings[0].startswith(
        f"{EVENTS}, 2026-11-24T00:00Z to 2026-11-25T00:00Z: 1 lines aren't UTF-8"
    )
    assert "Zo" not in "".join(warnings)


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "EST"])
def test_report_in_another_timezone_keeps_ambiguous_timestamps(
    sync_events: Callable[[bytes], Sync], log: pytest.LogCaptureFixture, zone: str
) -> None:
    """A timestamp without an offset goes to `_unmapped`; one with an offset is unambiguous."""
    run = sync_events(
        b"Timezone Filter,Timestamp,Conversation ID\n"
        b"%b,2026-11-24 06:16:05,v1\n%b,2026-11-24T06:16:05-05:00,v2\n" % (zone.encode(), zone.encode())
    )

    first, second = run.rows(EVENTS)
    assert (first["timestamp"], first["_unmapped"]) == (None, {"timestamp": "2026-11-24 06:16:05"})
    assert (second["timestamp"], second.get("_unmapped")) == ("2026-11-24T06:16:05-05:00", None)
    assert len([text for text in list_warnings(log) if "in another time zone" in text]) == 1


@pytest.mark.parametrize("zone", ["UTC", "Etc/UTC", "utc", "GMT", ""])
def test_report_in_utc_has_timestamps_in_utc(
    sync_events: Callable[[bytes], Sync], log: pytest.LogCaptureFixture, zone: str
) -> None:
    """Gladly may spell the requested time zone in several ways, or not at all."""
    run = sync_events(
        b"Timezone Filter,Timestamp,Conversation ID\n%b,2026-11-24 06:16:05,v1\n" % zone.encode()
    )

    assert run.rows(EVENTS)[0]["timestamp"] == "2026-11-24T06:16:05.000000Z"
    assert "timezone" not in "".join(text for text in list_warnings(log) if "lacks" not in text)
