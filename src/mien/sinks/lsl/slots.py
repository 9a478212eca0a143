"""Which stream is whose: people who come and go share a few places."""

from collections.abc import Iterable
from dataclasses import dataclass

Person = tuple[str, int]  # the source, and the number of the track in it


@dataclass(slots=True)
class Slot:
    """A place for one person at a time.

    Attributes:
        number: From 1.
        person: Who has it; None where it is free.
        last: When that person was last seen, in seconds.
        word: What was last said of the place.
    """

    number: int
    person: Person | None = None
    last: float = 0.0
    word: str = ""


class Slots:
    """Gives each person the first free place; who was away for a moment finds it kept."""

    def __init__(self, count: int, hold: float) -> None:
        """Make places.

        Args:
            count: How many.
            hold: For so many seconds a place is kept for somebody who is not seen.
        """
        self.slots = tuple(Slot(number) for number in range(1, count + 1))
        self._hold = hold

    def seat(self, source: str, tracks: Iterable[int], now: float) -> dict[int, Slot]:
        """Return the place of each track that has one.

        Args:
            source: Of what the frame is.
            tracks: Who is in it.
            now: Its time in seconds.
        """
        people = [(source, track) for track in tracks]
        taken = {slot.person: slot for slot in self.slots if slot.person in people}
        for slot in self.slots:
            if slot.person is not None and slot.person not in taken:
                self._release(slot, now)
        for person in people:
            free = next((slot for slot in self.slots if slot.person is None), None)
            if person not in taken and free is not None:
                free.person = person
                taken[person] = free
        for slot in taken.values():
            slot.last = now
        return {person[1]: taken[person] for person in people if person in taken}

    def _release(self, slot: Slot, now: float) -> None:
        if now - slot.last > self._hold:
            slot.person = None
