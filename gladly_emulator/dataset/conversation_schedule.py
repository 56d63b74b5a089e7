"""Which conversations start in an hour, and in which hours they continue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from gladly_emulator.dataset.business_hours import (
    HOURS_PER_DAY,
    OPENING_HOUR,
    closed_hours_before,
    is_open,
    nth_open_hour,
    open_hours_before,
)
from gladly_emulator.dataset.scenarios import DELAYS, SCENARIOS, Step, answer_email, send_email
from gladly_emulator.dataset.seeding import SeededRandom

if TYPE_CHECKING:
    from collections.abc import Iterator

# One of this many consecutive closed hours gets email.
_CLOSED_BLOCK: Final = 7
_LOAD_BY_HOUR: Final = (0.6, 0.9, 1.1, 1.2, 1.2, 1.1, 1.1, 1.0, 0.8)


class PlannedStep(NamedTuple):
    """The part of a conversation that falls into one hour. `number` seeds the part's random numbers."""

    hour: int
    number: int
    run: Step


class PlannedConversation(NamedTuple):
    """A conversation with all its planned steps."""

    key: str
    channel: str
    steps: tuple[PlannedStep, ...]


class ConversationSchedule:
    """An organization's conversations. The same seed and hour always return the same ones."""

    def __init__(self, seed: int, conversations_per_hour: float) -> None:
        self._seed = seed
        self._per_hour = conversations_per_hour

    def gets_email(self, hour: int) -> bool:
        """Return whether email arrives in this closed hour."""
        block, position = divmod(closed_hours_before(hour), _CLOSED_BLOCK)
        return position == SeededRandom(f"{self._seed} quiet {block}").randrange(_CLOSED_BLOCK)

    def iter_new_conversations(self, hour: int) -> Iterator[PlannedConversation]:
        """Yield the conversations that start in this hour."""
        if not is_open(hour):
            yield from self._iter_email(hour)
            return
        open_hours = open_hours_before(hour)
        rng = SeededRandom(f"{self._seed} hour {hour}")
        first = rng.randrange(len(SCENARIOS))
        load = _LOAD_BY_HOUR[hour % 24 - OPENING_HOUR]
        for number in range(int(self._per_hour * load + rng.random())):
            scenario = SCENARIOS[(first + number) % len(SCENARIOS)]
            steps = tuple(
                PlannedStep(nth_open_hour(open_hours + delay), delay, run)
                for delay, run in scenario.steps.items()
            )
            yield PlannedConversation(f"{self._seed} {hour} {number}", scenario.channel, steps)

    def iter_steps(self, hour: int) -> Iterator[tuple[PlannedConversation, PlannedStep]]:
        """Yield every step that falls into this hour, with its conversation."""
        if not is_open(hour):
            yield from ((conversation, conversation.steps[0]) for conversation in self._iter_email(hour))
            return
        open_hours = open_hours_before(hour)
        for delay in DELAYS:
            for conversation in self.iter_new_conversations(nth_open_hour(open_hours - delay)):
                yield from ((conversation, step) for step in conversation.steps if step.number == delay)
        if open_hours % HOURS_PER_DAY == 0:
            for closed_hour in range(nth_open_hour(open_hours - 1) + 1, hour):
                yield from (
                    (conversation, conversation.steps[1]) for conversation in self._iter_email(closed_hour)
                )

    def _iter_email(self, hour: int) -> Iterator[PlannedConversation]:
        """Yield the conversations that start by email in a closed hour. Agents answer when they open."""
        if not self.gets_email(hour):
            return
        steps = (
            PlannedStep(hour, 0, send_email),
            PlannedStep(nth_open_hour(open_hours_before(hour)), 1, answer_email),
        )
        for number in range(1 + int(self._per_hour / 20)):
            yield PlannedConversation(f"{self._seed} {hour} {number}", "EMAIL", steps)
