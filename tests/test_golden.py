"""Golden files: a small sync, whole, with its log; and the catalog."""

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
def small_organization(exports: StaticExports) -> StaticExports:
    """Three jobs: one with everything, one that is not done, one that lost a file."""
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
    """Messages, their order and the state, but for the moment of extraction."""
    output = re.sub(r'"time_extracted":"[^"]+"', '"time_extracted":"..."', sync().output)

    golden("sync.jsonl", output)


@pytest.mark.usefixtures("small_organization")
def test_sync_logs_the_golden_lines(
    sync: Callable[..., Sync], golden: Callable[[str, str], None], log: pytest.LogCaptureFixture
) -> None:
    """Everything that a run says of itself, from INFO on, but for the SDK's metrics."""
    sync()

    told = [record for record in log.records if record.name.startswith("tap-gladly")]
    text = "".join(f"{record.levelname} {record.getMessage()}\n" for record in told)
    golden("sync.log", re.sub(r"[\d.]+ h ago", "... h ago", text))


def test_catalog_is_the_golden_catalog(golden: Callable[[str, str], None]) -> None:
    """Streams, keys, replication, schemas and metadata."""
    catalog = TapGladly(validate_config=False).catalog_dict

    golden("catalog.json", json.dumps(catalog, indent=1) + "\n")
