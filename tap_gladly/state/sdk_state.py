"""The SDK's state manager, replaced by one that does nothing."""

from __future__ import annotations

from typing import Any

from singer_sdk.streams._state import StreamStateManager
from typing_extensions import override


class NoOpStateManager(StreamStateManager):
    """Keeps the SDK's hands off the state, where each stream keeps a bookmark of its own.

    The SDK would move a bookmark with every row, compare replication keys as text, and add markers of its
    own. A private class is the only way in: `Stream.state_manager`, which is public, returns one.
    """

    @property  # type: ignore[explicit-override] # an attribute there
    @override
    def is_flushed(self) -> bool:
        """True: the SDK has nothing to write."""
        return True

    @is_flushed.setter
    def is_flushed(self, value: bool) -> None:
        """Nothing to keep."""

    @property
    @override
    def stream_state(self) -> dict[str, Any]:
        return {}

    @override
    def get_context_state(self, context: object) -> dict[str, Any]:
        return {}

    @override
    def get_state_partitions(self) -> None:
        return None

    @override
    def increment_state(self, *args: object, **kwargs: object) -> None:
        return None

    @override
    def write_starting_replication_value(self, *args: object, **kwargs: object) -> None:
        return None
