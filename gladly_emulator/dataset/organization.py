"""The invented organization as a whole: its people, reference data, conversations, tasks and shifts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gladly_emulator.dataset.agent_shifts import Shift, iter_shifts
from gladly_emulator.dataset.conversation_history import ConversationHistory, build_history
from gladly_emulator.dataset.conversation_schedule import ConversationSchedule
from gladly_emulator.dataset.directory import Directory
from gladly_emulator.dataset.reference_data import ReferenceData
from gladly_emulator.dataset.tasks import MAX_DURATION, Task, plan_task
from gladly_emulator.timestamps import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gladly_emulator.dataset.conversation_schedule import PlannedConversation

# An event may fall into the hour before or after the items it belongs to.
_MARGIN_HOURS: Final = 1
_CHUNK: Final = 7 * DAY


class Organization:
    """An invented organization. The same seed returns the same data, which is generated on demand."""

    def __init__(self, seed: int, conversations_per_hour: float) -> None:
        customers = min(max(int(conversations_per_hour * 60), 200), 1_000_000)
        self.directory = Directory(seed, customers)
        self.reference_data = ReferenceData(seed, self.directory)
        self.schedule = ConversationSchedule(seed, conversations_per_hour)
        self.agent_names = {agent["id"]: agent["name"] for agent in self.directory.agents}
        self.topic_names = {topic["id"]: topic["name"] for topic in self.directory.topics}
        self.topic_parents = {
            topic["id"]: topic["parentId"] for topic in self.directory.topics if "parentId" in topic
        }
        self._seed = seed

    def iter_started(self, start: int, end: int) -> Iterator[ConversationHistory]:
        """Yield the conversations that start in a window, hour by hour."""
        for conversation in self._iter_conversations(start, end):
            history = build_history(conversation, self.directory, self.reference_data)
            if history is not None and start <= history.events[0].at < end:
                yield history

    def iter_active(self, start: int, end: int) -> Iterator[ConversationHistory]:
        """Yield each conversation that may have an event in a window."""
        seen = set()
        for hour in range(start // HOUR - _MARGIN_HOURS, (end - 1) // HOUR + _MARGIN_HOURS + 1):
            for conversation, _ in self.schedule.iter_steps(hour):
                if conversation.key not in seen:
                    seen.add(conversation.key)
                    history = build_history(conversation, self.directory, self.reference_data)
                    if history is not None:
                        yield history

    def iter_tasks(self, start: int, end: int) -> Iterator[Task]:
        """Yield each task that may have an event in a window."""
        for conversation in self._iter_conversations(start - MAX_DURATION, end):
            task = plan_task(conversation, self.directory, self.reference_data)
            if task is not None:
                yield task

    def iter_shifts(self, start: int, end: int) -> Iterator[Shift]:
        """Yield the agents' shifts on each day that overlaps a window."""
        return iter_shifts(self._seed, self.directory.agent_ids, start=start, end=end)

    def _iter_conversations(self, start: int, end: int) -> Iterator[PlannedConversation]:
        for hour in range(start // HOUR, (end - 1) // HOUR + 1):
            yield from self.schedule.iter_new_conversations(hour)


def split_window(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Split a window into parts whose data fits in memory."""
    for begin in range(start, end, _CHUNK):
        yield begin, min(begin + _CHUNK, end)
