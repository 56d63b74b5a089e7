"""Golden files: the messages and the log of a small sync, and the catalog."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Sync

    from gladly_emulator import StaticExports

ITEMS = b"""\
{"id":"i1","customerId":"c1","conversationId":"v1","timestamp":"2026-11-20T04:10:00.5Z",\
"initiator":{"id":"c1","type":"CUSTOMER"},\
"content":{"type":"CHAT_MESSAGE","content":"\xc2\xbfHola? \xf0\x9f\x8c\xbf"}}\r
{"id":"i2","customerId":"c1","timestamp":"2026-11-20T04:10:31Z","content":{"type":"KIOSK","score":9.50}}

{"id":"i3","customerId":"c1","timestamp":
{"id":"i4","customerId":"c2","timestamp":"2026-11-20T04:12:00.072729331Z","channel":"EMAIL",\
"content":{"type":"EMAIL","from":"a@mail.example","to":["b@mail.example"],"content":"\\ud83d lone"}}"""


@pytest.fixture
def small_organization(exports: StaticExports, set_clock: Callable[[str], None]) -> StaticExports:
    """Serve three jobs: one with all files, one in progress, and one that lacks a file it lists.

    The clock is 45 minutes after the last job, so that no job counts as expired or stuck.
    """
    set_clock("2026-11-20T10:00:00Z")
    exports.add_job("job-2", "2026-11-20T08:15:19Z", status="IN_PROGRESS")
    files = {
        "agents.jsonl": b'{"id":"a1","name":"Agent One","emailAddress":"one@shop.example"}\n',
        "customers.jsonl": b'{"id":"c1","name":"Customer 1","phoneNumbers":["+15550100001"]}\n{"id":"c2"}',
        "conversation_items.jsonl": ITEMS,
        "topics.jsonl": b"",
    }
    exports.add_job("job-1", "2026-11-20T07:15:19.07272933Z", files)
    exports.add_job("job-3", "2026-11-20T09:15:19.5Z", {"agents.jsonl": b"", "topics.jsonl": b""})
    exports.remove_file("job-3", "topics.jsonl")
    return exports


@pytest.mark.usefixtures("small_organization")
def test_sync_sends_the_golden_messages(
    sync: Callable[..., Sync], golden: Callable[[str, str], None]
) -> None:
    """A sync sends these messages in this order. Only `time_extracted` differs."""
    output = re.sub(r'"time_extracted":"[^"]+"', '"time_extracted":"..."', sync().output)

    golden("sync.jsonl", output)


@pytest.mark.usefixtures("small_organization")
def test_sync_logs_the_golden_lines(
    sync: Callable[..., Sync], golden: Callable[[str, str], None], log: pytest.LogCaptureFixture
) -> None:
    """A sync logs these lines at INFO and above, besides the SDK's metrics."""
    sync()

    records = [record for record in log.records if record.name.startswith("tap-gladly")]
    text = "".join(f"{record.levelname} {record.getMessage()}\n" for record in records)
    golden("sync.log", re.sub(r"[\d.]+( s[; ])", r"...\1", text))


def test_catalog_is_the_golden_catalog(golden: Callable[[str, str], None]) -> None:
    """Discovery returns these streams, keys, replication methods, schemas and metadata."""
    entries = TapGladly(validate_config=False).catalog_dict["streams"]
    # The versions of the SDK differ in the order of an entry's members, which means nothing.
    catalog = {"streams": [dict(sorted(entry.items())) for entry in entries]}

    golden("catalog.json", json.dumps(catalog, indent=1) + "\n")
