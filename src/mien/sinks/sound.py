"""The sound of what is read, in the video that is written: as it was, or as AAC."""

import contextlib
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import PurePath
from typing import Protocol

import av
import numpy as np

from mien.sinks.mp4 import AAC_LAYOUT, AAC_RATE, Mp4Writer
from mien.sources.media.sound import Sound, SoundPacket
from mien.types import FloatArray, Frame
from mien.vision.images.formats import SUFFIXES

# What browsers play in MP4, and so is copied; everything else becomes AAC.
COPIED = frozenset({"aac", "mp3", "opus", "flac"})
# Sound that is off by less is not moved: stamps are rounded, and a gap is heard.
JITTER_SECONDS = 0.04
# Samples of a frame of AAC, and of silence at a time: an hour of it takes no memory.
CHUNK, LONGEST_SILENCE = 1024, AAC_RATE
# Before the first frame a decoder of sound warms up, which is not heard.
WARM_UP_SECONDS = 0.05


class _Into(Protocol):
    def take(self, sound: Sound, heard: SoundPacket) -> float: ...
    def finish(self) -> None: ...


class SoundTrack:
    """Brings the sound of the files whose frames are written, in time with them.

    Where one file has sound of a kind that browsers play in MP4, its packets are copied. Other
    kinds, and the sound of several files, of which no two need to be alike, become AAC.
    """

    def __init__(self, names: Sequence[str]) -> None:
        """Look which of the sources have sound.

        Args:
            names: Of files and devices.
        """
        found = self._find(names)
        self.template = found[0] if len(found) == 1 and _is_copied(found[0]) else None
        self.exists = bool(found)
        self._found = found
        self._sound: Sound | None = None
        self._source: str | None = None
        self._into: _Into | None = None
        # Until when there is sound.
        self.end = 0.0

    def begin(self, writer: Mp4Writer) -> None:
        """Take the file that is written, made for `template` or AAC."""
        for sound in self._found:
            sound.close()
        self._found.clear()
        self._into = _Encoded(writer) if self.template is None else _Copied(writer)

    def leave(self, end: float) -> None:
        """End the sound of a source, whose last frame is over at a time of the output."""
        if self._sound is not None and self._into is not None:
            self._take(self._sound, self._into, self._sound.rest(end))
            self._sound.close()
            self._sound = None

    def accompany(self, frame: Frame, time: float) -> None:
        """Write what is heard until a frame, which is shown at a time of the output."""
        if self._into is None or frame.stamp is None:
            return
        if frame.source != self._source:
            self._source, self._sound = frame.source, Sound.open(frame.source)
        if self._sound is not None:
            self._sound.place(frame.stamp, time)
            self._take(self._sound, self._into, self._sound.until(time))

    def finish(self, end: float) -> None:
        """Write what is left; close all files."""
        self.leave(end)
        if self._into is not None:
            self._into.finish()

    def close(self) -> None:
        """Close all files."""
        for sound in (*self._found, *filter(None, [self._sound])):
            sound.close()
        self._found.clear()
        self._sound = None

    def _take(self, sound: Sound, into: _Into, heard: Iterator[SoundPacket]) -> None:
        for packet in heard:
            self.end = max(self.end, into.take(sound, packet))

    @staticmethod
    def _find(names: Sequence[str]) -> list[Sound]:
        """Open the sound of the sources that have some, two at most."""
        found: list[Sound] = []
        for name in names:
            if len(found) < 2 and PurePath(name).suffix.lower() not in SUFFIXES:
                sound = Sound.open(name)
                found += [] if sound is None else [sound]
        return found


def _is_copied(sound: Sound) -> bool:
    context = sound.stream.codec_context
    # AAC of broadcasts has its header in each packet, and MP4 has it once, in front.
    headed = context.codec.canonical_name != "aac" or context.extradata
    return context.codec.canonical_name in COPIED and bool(headed)


class _Copied:
    """Writes packets as they are."""

    def __init__(self, writer: Mp4Writer) -> None:
        self._writer = writer
        self._last: int | None = None

    def take(self, _: Sound, heard: SoundPacket) -> float:
        packet, step = heard.packet, heard.packet.time_base
        length = float((packet.duration or 0) * step)
        if heard.time + length < -WARM_UP_SECONDS:
            return 0.0
        stamp = round(heard.time / step)
        # Where recordings were joined, the end of one may reach into the next.
        if self._last is not None and stamp <= self._last:
            return 0.0
        packet.pts = packet.dts = self._last = stamp
        self._writer.copy_sound(packet)
        return heard.time + length

    def finish(self) -> None:
        """Nothing is held back."""


class _Encoded:
    """Decodes packets, and makes one track of AAC of them, with silence where there is none."""

    def __init__(self, writer: Mp4Writer) -> None:
        self._writer = writer
        self._sound: Sound | None = None
        self._resampler = _resampler()
        self._held = np.zeros((AAC_LAYOUT.nb_channels, 0), np.float32)
        self._written = 0

    def take(self, sound: Sound, heard: SoundPacket) -> float:
        if sound is not self._sound:
            self._sound, self._resampler = sound, _resampler()
        time = heard.time
        # What is damaged is silence.
        with contextlib.suppress(av.FFmpegError, ValueError):
            for decoded in sound.decode(heard):
                samples = self._resampled(decoded)
                self._add(samples, time)
                time += samples.shape[1] / AAC_RATE
        return time

    def finish(self) -> None:
        if self._held.shape[1]:
            self._write(self._held)
        self._writer.encode_sound(None)

    def _resampled(self, decoded: av.AudioFrame) -> FloatArray:
        decoded.pts = None
        try:
            parts = self._resampler.resample(decoded)
        except ValueError:
            # The number of channels, or the rate, may change on the way.
            self._resampler = _resampler()
            parts = self._resampler.resample(decoded)
        empty = np.zeros((AAC_LAYOUT.nb_channels, 0), np.float32)
        return np.concatenate([empty, *(part.to_ndarray() for part in parts)], axis=1)

    def _add(self, samples: FloatArray, time: float) -> None:
        late = round(time * AAC_RATE) - self._written - self._held.shape[1]
        if abs(late) > JITTER_SECONDS * AAC_RATE:
            samples = samples[:, max(0, -late) :]
            while late > 0:
                silence = min(late, LONGEST_SILENCE)
                self._append(np.zeros((AAC_LAYOUT.nb_channels, silence), np.float32))
                late -= silence
        self._append(samples)

    def _append(self, samples: FloatArray) -> None:
        held = np.concatenate([self._held, samples], axis=1)
        whole = held.shape[1] // CHUNK * CHUNK
        for start in range(0, whole, CHUNK):
            self._write(held[:, start : start + CHUNK])
        self._held = held[:, whole:]

    def _write(self, samples: FloatArray) -> None:
        chunk = np.ascontiguousarray(samples)
        frame = av.AudioFrame.from_ndarray(chunk, format="fltp", layout=AAC_LAYOUT.name)
        frame.sample_rate, frame.pts = AAC_RATE, self._written
        frame.time_base = Fraction(1, AAC_RATE)
        self._written += samples.shape[1]
        self._writer.encode_sound(frame)


def _resampler() -> av.AudioResampler:
    return av.AudioResampler(format="fltp", layout=AAC_LAYOUT.name, rate=AAC_RATE)
