"""A state manager for the SDK that does nothing, because each stream keeps its own bookmark."""

from __future__ import annotations

from typing import Any

from singer_sdk.streams._state import StreamStateManager
from typing_extensions import override


class NoOpStateManager(StreamStateManager):
    """Keeps the SDK from changing the state.

    The SDK would advance a bookmark with every row, compare replication keys as text, and add markers of its
    own. The base class is private, but the public property `Stream.state_manager` returns one.
    """

    @property  # type: ignore[explicit-override] # an attribute in the base class
    @override
    def is_flushed(self) -> bool:
        """True: the SDK has nothing to write."""
        return True

    @is_flushed.setter
    def is_flushed(self, value: bool) -> None:
        """Ignore the value."""

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
