"""Readings as streams of the Lab Streaming Layer, stamped with the time of capture.

A stream for each of a few people at once, of irregular rate, and one of markers that tell of each
change of a word: "1 happy", "1 not sure", "1 not seen".
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mien.errors import SettingsError, SinkError, one_line
from mien.protocols import Sink
from mien.sinks.columns import NOT_SEEN
from mien.sinks.lsl.channels import Channel, last_sample, looks, make_channels, sample
from mien.sinks.lsl.library import MARKERS, LslSettings, clock_offset
from mien.sinks.lsl.slots import Slot, Slots
from mien.types import Analysis, Frame

# Somebody whose face is lost for less finds the same stream; a tracker gives back the number later.
HOLD_SECONDS = 2.0
# A stream of this machine answers after half a second, when each port is asked.
SEARCH_SECONDS = 1.5
# What was sent last has to reach who listens before the streams go.
FLUSH_SECONDS = 0.5
WAIT_STEP = 0.2
MANUFACTURER = "mien"


@dataclass(frozen=True, slots=True)
class Maker:
    """What reads, as the streams tell it.

    Attributes:
        version: Of mien.
        labels: The classes, in the order of the bundle.
        other: Whether the bundle tells something else apart.
        model: Its name, version and sha256.
    """

    version: str
    labels: Sequence[str]
    other: bool = False
    model: Mapping[str, Any] = field(default_factory=dict)


class LslSink(Sink):
    """A `Sink` that sends readings as streams.

    Stamps are those of liblsl's clock: of a frame whose time of day is known, when it was captured;
    of a file, when the run came to it plus the file's own time, however fast it is read.
    """

    def __init__(
        self, lsl: Any, settings: LslSettings, maker: Maker, say: Callable[[str], None]
    ) -> None:
        """Make the streams, so that a program can choose them before anybody is seen.

        Args:
            lsl: pylsl, configured.
            settings: What they are called, and how many there are.
            maker: What reads.
            say: Told in one line of what is left out.

        Raises:
            SettingsError: Streams of this name are there already.
            SinkError: They cannot be made.
        """
        self._lsl, self._say, self._lock = lsl, say, threading.Lock()
        self._slots = Slots(settings.lsl_people, HOLD_SECONDS)
        self._channels = make_channels(maker.labels, other=maker.other)
        self._stamps = _Stamps(lsl)
        self._left_out = self._closed = False
        name = settings.lsl_name
        _refuse_used(lsl, name)
        about = _About(lsl, maker, self._channels, self._stamps.offset)
        try:
            self._people = [about.outlet(f"{name} {slot.number}") for slot in self._slots.slots]
            self._markers = about.markers(f"{name} {MARKERS}")
        except RuntimeError as error:
            raise SinkError(
                f"--lsl: its streams cannot be made here ({one_line(error)}); are its ports, "
                "16572 to 16604, all in use?"
            ) from error

    def wait(self, seconds: float) -> bool:
        """Wait for a program that listens; return whether there is one."""
        end = time.monotonic() + seconds
        # In small parts, for Ctrl-C is not heard inside the library.
        while not (found := bool(self._markers.wait_for_consumers(WAIT_STEP))):
            if time.monotonic() >= end:
                break
        return found

    def write(self, frame: Frame, analysis: Analysis) -> None:  # noqa: ARG002 - the protocol's
        """Send a sample for each face that has a stream, and a marker for each change."""
        with self._lock:
            if self._closed:
                raise SinkError("--lsl: its streams are closed already")
            stamp = self._stamps.of(analysis)
            rows = {row["track_id"]: row for row in analysis.to_rows()}
            places = self._seat(analysis, rows, stamp)
            for track, slot in places.items():
                self._push(slot, sample(self._channels, rows[track]), rows[track]["shown"], stamp)
            if len(places) < len(rows) and not self._left_out:
                self._left_out = True
                self._say(
                    f"--lsl: more people than the {len(self._people)} who have a stream are seen; "
                    "those beyond are not sent (--lsl-people gives more)"
                )

    def mark(self, word: str, moment: float) -> None:
        """Send a marker of somebody's own.

        Args:
            word: Any text.
            moment: When it was, in seconds since 1970.
        """
        with self._lock:
            if not self._closed:
                self._markers.push_sample([word], moment + self._stamps.offset)

    def close(self) -> None:
        """Say that nobody is seen any more, and end the streams."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for slot in self._slots.slots:
                self._unsee(slot, self._stamps.last_time, self._stamps.next())
            outlets = [*self._people, self._markers]
            if any(one.have_consumers() for one in outlets):
                time.sleep(FLUSH_SECONDS)
            self._people, self._markers = [], None
            del outlets

    def _seat(
        self, analysis: Analysis, rows: Mapping[int, Mapping[str, Any]], stamp: float
    ) -> dict[int, Slot]:
        """Return who has which stream, once those who are gone are said to be."""
        for slot in self._slots.slots:
            if slot.person is None:
                continue
            source, track = slot.person
            here = source == analysis.source
            # Files come one after the other: who was in the last one is in none any more.
            is_over = not here and analysis.captured is None
            is_away = track not in rows if here else stamp - slot.last > HOLD_SECONDS
            if is_over or is_away:
                self._unsee(slot, analysis.timestamp, stamp)
            if is_over:
                slot.person = None
        return self._slots.seat(analysis.source, rows, stamp)

    def _unsee(self, slot: Slot, time: float, stamp: float) -> None:
        if slot.person is not None and slot.word != NOT_SEEN:
            self._push(slot, last_sample(self._channels, time, slot.person[1]), NOT_SEEN, stamp)

    def _push(self, slot: Slot, values: list[float], word: str, stamp: float) -> None:
        self._people[slot.number - 1].push_sample(values, stamp)
        if word != slot.word:
            slot.word = word
            self._markers.push_sample([f"{slot.number} {word}"], stamp)


class _Stamps:
    """Tells the time of frames by liblsl's clock."""

    def __init__(self, lsl: Any) -> None:
        self._lsl = lsl
        self.offset = clock_offset(lsl)
        self._source: str | None = None
        self._start = self._last = 0.0
        self.last_time = 0.0

    def of(self, analysis: Analysis) -> float:
        self.last_time = analysis.timestamp
        if analysis.captured is not None:
            self._last = analysis.captured + self.offset
            return self._last
        if analysis.source != self._source:
            # A file is read faster than it lasts: the next one begins after it.
            self._source = analysis.source
            self._start = self.next() - analysis.timestamp
        self._last = self._start + analysis.timestamp
        return self._last

    def next(self) -> float:
        """Return a time that is not before any so far."""
        return max(float(self._lsl.local_clock()), self._last)


class _About:
    """Makes outlets that say what they hold."""

    def __init__(self, lsl: Any, maker: Maker, channels: Sequence[Channel], offset: float) -> None:
        self._lsl, self._maker, self._channels, self._offset = lsl, maker, channels, offset

    def outlet(self, name: str) -> Any:
        """Make the stream of one person."""
        info = self._info(name, "Expression", len(self._channels), self._lsl.cf_double64)
        told = info.desc().append_child("channels")
        for channel in self._channels:
            one = told.append_child("channel")
            one.append_child_value("label", channel.name)
            one.append_child_value("unit", channel.unit)
            one.append_child_value("type", "Expression")
            one.append_child_value("meaning", channel.meaning)
        return self._lsl.StreamOutlet(info)

    def markers(self, name: str) -> Any:
        """Make the stream of markers."""
        info = self._info(name, "Markers", 1, self._lsl.cf_string)
        told = info.desc().append_child("channels").append_child("channel")
        told.append_child_value("label", "marker")
        told.append_child_value("meaning", "number of the stream and its new word; or a word typed")
        return self._lsl.StreamOutlet(info)

    def _info(self, name: str, kind: str, channels: int, form: int) -> Any:
        # By this a program that lost the stream knows it again.
        known = f"{MANUFACTURER}: {name}"
        rate = self._lsl.IRREGULAR_RATE
        info = self._lsl.StreamInfo(name, kind, channels, rate, form, known)
        told = info.desc()
        told.append_child_value("manufacturer", MANUFACTURER)
        told.append_child_value("version", self._maker.version)
        # Added to a stamp it gives seconds since 1970-01-01T00:00:00Z.
        told.append_child_value("seconds_since_1970", repr(-self._offset))
        model = told.append_child("model")
        for key in ("name", "version", "sha256"):
            if value := self._maker.model.get(key):
                model.append_child_value(key, str(value))
        words = told.append_child("looks")
        for number, word in looks(self._maker.labels).items():
            one = words.append_child("look")
            one.append_child_value("index", str(number))
            one.append_child_value("word", word)
        return info


def _refuse_used(lsl: Any, name: str) -> None:
    found = lsl.resolve_byprop("name", f"{name} {MARKERS}", 1, SEARCH_SECONDS)
    if found:
        raise SettingsError(
            f"--lsl-name {name}: streams of this name are there already, sent by "
            f"{found[0].hostname()}; end those, or choose another name"
        )
