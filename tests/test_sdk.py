"""Facts about private parts of the SDK that the tap relies on."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from singer_sdk import Stream, Tap
from singer_sdk.plugin_base import PluginBase
from singer_sdk.streams import core
from singer_sdk.streams._state import StreamStateManager

from tap_gladly.state.sdk_state import NoOpStateManager
from tap_gladly.streams.base import GladlyStream
from tap_gladly.tap import TapGladly

if TYPE_CHECKING:
    from singer_sdk.helpers.types import TapState

STATE_MANAGER = {
    "finalize_progress_markers",
    "finalize_state",
    "get_context_state",
    "get_starting_replication_value",
    "get_state_partition_context",
    "get_state_partitions",
    "increment_state",
    "is_state_non_resumable",
    "log_sort_error",
    "stream_state",
    "write_replication_key_signpost",
    "write_starting_replication_value",
}


def public_names(kind: type) -> set[str]:
    """Return the names of a class's public attributes."""
    return {name for name in vars(kind) if not name.startswith("_")}


def test_state_manager_has_no_new_methods() -> None:
    """The SDK's state manager has only the methods that `NoOpStateManager` accounts for."""
    assert public_names(StreamStateManager) == STATE_MANAGER


def test_no_op_state_manager_never_changes_the_state() -> None:
    """No call that the SDK makes during a sync changes the state."""
    state: TapState = {}
    manager = NoOpStateManager(stream_name="customers", tap_state=state)

    manager.write_starting_replication_value(None, "INCREMENTAL", "x", {"start_date": "2026-11-20"})
    manager.write_replication_key_signpost("2026-11-20")
    manager.increment_state({"x": "2026-11-20"}, replication_key="x")
    manager.finalize_state(manager.get_context_state(None))
    manager.finalize_progress_markers()
    manager.is_flushed = False

    assert state == {}
    assert manager.is_flushed
    assert not manager.is_state_non_resumable()
    assert manager.get_state_partitions() is None


def test_state_is_written_only_through_the_manager() -> None:
    """`Stream` writes state only through its manager, so a no-op manager is enough."""
    source = inspect.getsource(core)

    assert "write_stream_state" not in source
    assert source.count("state_writer.write_state(") == 1
    assert "if not self.state_manager.is_flushed:" in inspect.getsource(Stream._write_state_message)


def test_private_hooks_exist_and_are_called() -> None:
    """The private methods that the tap overrides exist in the SDK, which calls them as expected."""
    assert inspect.signature(Stream._write_schema_message) == inspect.signature(
        GladlyStream._write_schema_message
    )
    assert inspect.signature(Tap._validate_config) == inspect.signature(TapGladly._validate_config)
    assert "self._write_schema_message()" in inspect.getsource(Stream.sync)
    assert "config_dict.update(self._env_var_config)" in inspect.getsource(PluginBase.__init__)
    assert "self._validate_config(raise_errors=" in inspect.getsource(PluginBase.__init__)
    assert "signal.SIGTERM, self._handle_termination" in inspect.getsource(Tap._setup_signal_handlers)
    assert "_write_record_message" in vars(Stream)


def test_command_line_ends_in_the_overridden_methods() -> None:
    """The SDK marks `sync_all` and `run_connection_test` as final, and its command line calls them."""
    for method in (Tap.sync_all, Tap.run_connection_test):
        assert "final\n" in inspect.getsource(method).partition("def ")[0]
    assert "tap.sync_all()" in inspect.getsource(Tap.invoke)
    assert "tap.run_connection_test()" in inspect.getsource(Tap.cb_test)


def test_lines_that_go_to_debug_have_the_expected_text() -> None:
    """The tap recognizes these lines of the SDK by their beginning."""
    assert "\"Skipping deselected stream '%s'.\"" in inspect.getsource(Tap.sync_all)
    assert "\"Added '%s' as child stream to '%s'\"" in inspect.getsource(Tap)
    assert '"Skipping parse of env var settings..."' in inspect.getsource(PluginBase)


def test_activate_version_is_sent_before_the_first_record() -> None:
    """The SDK sends ACTIVATE_VERSION when a full-table stream starts, so the tap defers it."""
    source = inspect.getsource(Stream.sync)
    version = source.index("self._write_activate_version_message(self._stream_version)")

    assert version < source.index("self._sync_records(")
