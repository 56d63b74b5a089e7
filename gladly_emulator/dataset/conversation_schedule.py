"""Which conversations start in an hour, and in which hours they go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from gladly_emulator.dataset.business_hours import (
    HOURS_A_DAY,
    OPENS,
    count_open,
    count_quiet,
    is_open,
    open_hour,
)
from gladly_emulator.dataset.directory import Dice
from gladly_emulator.dataset.scenarios import DELAYS, PLANS, Scene, answer_mail, ask_by_mail

if TYPE_CHECKING:
    from collections.abc import Iterator

# One quiet hour in this many has mail.
_QUIET_BLOCK: Final = 7
_BUSYNESS: Final = (0.6, 0.9, 1.1, 1.2, 1.2, 1.1, 1.1, 1.0, 0.8)


class Act(NamedTuple):
    """What a conversation has of an hour; `number` keeps its dice apart from the other acts'."""

    hour: int
    number: int
    scene: Scene


class Opening(NamedTuple):
    """A conversation as it is planned when it starts."""

    key: str
    channel: str
    acts: tuple[Act, ...]


class Diary:
    """The conversations of an organization, always the same for a seed and an hour."""

    def __init__(self, seed: int, conversations_per_hour: float) -> None:
        self._seed = seed
        self._per_hour = conversations_per_hour

    def has_mail(self, hour: int) -> bool:
        """Tell whether a quiet hour is the one of its seven in which mail comes."""
        block, place = divmod(count_quiet(hour), _QUIET_BLOCK)
        return place == Dice(f"{self._seed} quiet {block}").randrange(_QUIET_BLOCK)

    def iter_openings(self, hour: int) -> Iterator[Opening]:
        """Yield the conversations that start in this hour."""
        if not is_open(hour):
            yield from self._iter_mail(hour)
            return
        worked = count_open(hour)
        dice = Dice(f"{self._seed} hour {hour}")
        first = dice.randrange(len(PLANS))
        busyness = _BUSYNESS[hour % 24 - OPENS]
        for number in range(int(self._per_hour * busyness + dice.random())):
            plan = PLANS[(first + number) % len(PLANS)]
            acts = tuple(Act(open_hour(worked + delay), delay, scene) for delay, scene in plan.scenes.items())
            yield Opening(f"{self._seed} {hour} {number}", plan.channel, acts)

    def iter_acts(self, hour: int) -> Iterator[tuple[Opening, Act]]:
        """Yield what falls into this hour, of whichever conversations."""
        if not is_open(hour):
            yield from ((opening, opening.acts[0]) for opening in self._iter_mail(hour))
            return
        worked = count_open(hour)
        for delay in DELAYS:
            for opening in self.iter_openings(open_hour(worked - delay)):
                yield from ((opening, act) for act in opening.acts if act.number == delay)
        if worked % HOURS_A_DAY == 0:
            for quiet in range(open_hour(worked - 1) + 1, hour):
                yield from ((opening, opening.acts[1]) for opening in self._iter_mail(quiet))

    def _iter_mail(self, hour: int) -> Iterator[Opening]:
        """Yield the conversations that start by mail in a quiet hour; the desk answers when it opens."""
        if not self.has_mail(hour):
            return
        acts = (Act(hour, 0, ask_by_mail), Act(open_hour(count_open(hour)), 1, answer_mail))
        for number in range(1 + int(self._per_hour / 20)):
            yield Opening(f"{self._seed} {hour} {number}", "EMAIL", acts)
