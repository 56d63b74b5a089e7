"""The invented organization as a whole: who there is, and what happens when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gladly_emulator.dataset.agent_shifts import Shift, iter_shifts
from gladly_emulator.dataset.conversation_history import History, read_history
from gladly_emulator.dataset.conversation_schedule import Diary
from gladly_emulator.dataset.directory import Organization
from gladly_emulator.dataset.reference_data import Rooms
from gladly_emulator.dataset.tasks import LONGEST, Task, read_task
from gladly_emulator.timestamps import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gladly_emulator.dataset.conversation_schedule import Opening

# An event may fall into the hour before or after that of the items it belongs to.
_MARGIN: Final = 1
_STRIDE: Final = 7 * DAY


class Company:
    """Everything about an invented organization, always the same for a seed, made as it is asked for."""

    def __init__(self, seed: int, conversations_per_hour: float) -> None:
        customers = min(max(int(conversations_per_hour * 60), 200), 1_000_000)
        self.organization = Organization(seed, customers)
        self.rooms = Rooms(seed, self.organization)
        self.diary = Diary(seed, conversations_per_hour)
        self.agent_names = {agent["id"]: agent["name"] for agent in self.organization.agents}
        self.topic_names = {topic["id"]: topic["name"] for topic in self.organization.topics}
        self.topic_parents = {
            topic["id"]: topic["parentId"] for topic in self.organization.topics if "parentId" in topic
        }
        self._seed = seed

    def iter_started(self, start: int, end: int) -> Iterator[History]:
        """Yield the conversations that started from one instant up to another, in order of hours."""
        for opening in self._iter_openings(start, end):
            history = read_history(opening, self.organization, self.rooms)
            if history is not None and start <= history.events[0].at < end:
                yield history

    def iter_active(self, start: int, end: int) -> Iterator[History]:
        """Yield each conversation that may have an event from one instant up to another."""
        seen = set()
        for hour in range(start // HOUR - _MARGIN, (end - 1) // HOUR + _MARGIN + 1):
            for opening, _ in self.diary.iter_acts(hour):
                if opening.key not in seen:
                    seen.add(opening.key)
                    history = read_history(opening, self.organization, self.rooms)
                    if history is not None:
                        yield history

    def iter_tasks(self, start: int, end: int) -> Iterator[Task]:
        """Yield each task that may have an event from one instant up to another."""
        for opening in self._iter_openings(start - LONGEST, end):
            task = read_task(opening, self.organization, self.rooms)
            if task is not None:
                yield task

    def iter_shifts(self, start: int, end: int) -> Iterator[Shift]:
        """Yield the agents' shifts of the days that this span touches."""
        return iter_shifts(self._seed, self.organization.hero_ids, start=start, end=end)

    def _iter_openings(self, start: int, end: int) -> Iterator[Opening]:
        for hour in range(start // HOUR, (end - 1) // HOUR + 1):
            yield from self.diary.iter_openings(hour)


def iter_strides(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Split a span of time into pieces that memory can hold."""
    for begin in range(start, end, _STRIDE):
        yield begin, min(begin + _STRIDE, end)
