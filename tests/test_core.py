"""The SDK's standard test suite for taps, against the emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.testing import get_tap_test_class
from support import stream_metadata

from gladly_emulator import Emulator, Fault, GeneratedExports
from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from collections.abc import Iterator

# The suite needs settings at import time, before the emulator runs. The fixture sets the URL.
_SETTINGS = {
    "organization": "myorg",
    "agent_email": "agent@myorg.example",
    "api_token": "token",
    "api_url": "http://127.0.0.1:9",
}


def _select_all() -> dict[str, Any]:
    """Return a catalog that selects every stream, opt-in streams included."""
    catalog: dict[str, Any] = TapGladly(validate_config=False).catalog_dict
    for entry in catalog["streams"]:
        stream_metadata(entry)["selected"] = True
    return catalog


@pytest.fixture(scope="module", autouse=True)
def _organization() -> Iterator[None]:
    with Emulator(GeneratedExports(seed=7), requests_per_second=None, report_limits=None) as emulator:
        emulator.faults.add(Fault("garbage", path="agents.jsonl", lines={1: b'{"id":'}, times=None))
        _SETTINGS.update(emulator.settings)
        yield


@pytest.mark.filterwarnings("ignore:Fields in transformed catalog but not in records:UserWarning")
@pytest.mark.filterwarnings("ignore:No records were available to test:UserWarning")
class TestTapGladly(
    get_tap_test_class(  # type: ignore[misc] # created at run time
        TapGladly, config=_SETTINGS, catalog=_select_all(), parse_env_config=False
    )
):
    """All of the SDK's tests for a tap, its streams and their properties."""
