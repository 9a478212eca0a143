"""What the page and the server say to each other over the one WebSocket.

The server speaks first; all texts are JSON objects with a `type`.

Server to page:

- `{"type": "hello", "version", "labels", "sources": [{"id", "name", "told"?}], "mode",
  "model", "markers", "streams", "teaches", "adapted"}`: at the start, and again where the page has
  had another model read. `mode` is what the page should begin with: "camera", "sample" or
  "configured". `model` is `{"name", "version", "terms", "usual"}` of the
  model that reads, or null: its terms as in model.json, and whether it can be shown somebody's
  usual face. `markers` is whether `mark` has somewhere to go, `streams` whether what is read is
  sent to other programs. `teaches` is whether a page can make a model of its own here, `adapted`
  whether that model reads now; how it is made is in `mien.web.teaching`.
- `{"type": "analysis", ...Analysis.to_dict()}`: the answer to one picture of the page's camera. Of
  each face, `reason` says why `label` is null, and `other` how probable it is that the face shows
  none of the labels; `confidence` and `probabilities` are given that it shows one.
- binary: one frame of a source that the server reads. 4 bytes big-endian length, that many bytes of
  JSON (an analysis as above), then the frame as a JPEG. The next frame comes only after `next`.
- `{"type": "picture", "id", ...Analysis.to_dict()}`: the answer to a picture by itself. Where parts
  were asked for, each face has `parts`: a list of `{"part", "effect", "region"}`, the greatest
  effect first, as `mien.models.occlusion.PartEffect` describes them.
- `{"type": "waiting", "message", "told"?}`: the source that the server reads has broken off and is
  waited for, for as long as it takes; the next frame ends it.
- `{"type": "ended"}`: the source that the server reads has come to its end.
- `{"type": "stopped"}`: the answer to each `stop`; nothing of the earlier stream comes after it.
- `{"type": "error", "message", "told"?}`: the stream could not start, or broke off. The connection
  stays. `message` is English; `told` is `{"code", "values"}`, from which the page says the same in
  its own language (`server` of `static/words`). So is the `told` of a source's name in `hello`.

Page to server:

- binary: a picture. 4 bytes big-endian length, that many bytes of JSON, then a JPEG. The JSON is
  one of these:
  - `{"type": "grab", "time"}`: of the stream that the page itself shows, its camera or a video; the
    time is in seconds on a clock of the page that only runs forward. One at a time: the next after
    the analysis.
  - `{"type": "picture", "id", "parts"}`: a picture by itself, which no stream notices; `parts` is
    whether to tell which parts of the faces the readings rest on. `id` comes back with the answer.
- `{"type": "watch", "source": "sample" | "configured"}`: let the server read a source.
- `{"type": "next"}`: the frame has been shown, send the next. A slow page thus never builds a lag.
- `{"type": "stop"}`: end the stream and free its source.
- `{"type": "usual", "track_id", "learn"}`: learn the usual face of somebody in the stream in the
  seconds that come, or (`learn` false) read them like anybody again. Each face of an analysis says
  in `usual` how far that is; null where nobody asked. Whoever is not there is nobody.
- `{"type": "mark", "word"}`: something happened just now, which the word tells of.

Whatever is not one of these closes the connection with a code and a reason.
"""

import math
import struct
from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from mien.errors import MienError, Told, printable
from mien.models.info import ModelInfo, Terms
from mien.models.neutral import can_be_shown
from mien.models.occlusion import PartEffect
from mien.parsing import TOO_DEEP
from mien.types import Analysis, QualityIssue, Reading, Reason
from mien.vision.parts import PartName
from mien.web.teaching import Adapt, Adapted, Adapting, Choose, Forget, Save

MAX_MESSAGE_BYTES = 2_000_000
# Codes of RFC 6455, section 7.4.1.
UNSUPPORTED, INVALID_DATA, POLICY_VIOLATION, TOO_BIG = 1003, 1007, 1008, 1009

SourceId = Literal["sample", "configured"]
# What a number of JavaScript holds exactly.
Identifier = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Mode = Literal["camera", "sample", "configured"]

# More than any header of the page takes.
MAX_HEADER_BYTES = 1000
# Letters of a marker: a word or a few, and no text.
MAX_WORD = 100

Point = tuple[float, float]
T = TypeVar("T")
_LENGTH = struct.Struct(">I")
_JPEG_START = b"\xff\xd8\xff"


class ProtocolError(MienError):
    """A message that the page must not send; `code` says in which way, as RFC 6455 does."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Watch(msgspec.Struct, frozen=True, tag="watch", forbid_unknown_fields=True):
    """Let the server read a source."""

    source: SourceId


class Next(msgspec.Struct, frozen=True, tag="next", forbid_unknown_fields=True):
    """The last frame has been shown."""


class Stop(msgspec.Struct, frozen=True, tag="stop", forbid_unknown_fields=True):
    """End the stream."""


class Usual(msgspec.Struct, frozen=True, tag="usual", forbid_unknown_fields=True):
    """Learn somebody's usual face, or forget it."""

    track_id: Identifier
    learn: bool


class Mark(msgspec.Struct, frozen=True, tag="mark", forbid_unknown_fields=True):
    """Something happened just now."""

    word: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_WORD)]


class Grab(msgspec.Struct, frozen=True, tag="grab", forbid_unknown_fields=True):
    """A picture of the page's own stream, taken at `time` in seconds."""

    time: float


class Still(msgspec.Struct, frozen=True, tag="picture", forbid_unknown_fields=True):
    """A picture by itself."""

    id: Identifier
    parts: bool = False


class Sentence(msgspec.Struct, frozen=True):
    """What the page says in its own language; see `mien.errors.Told`."""

    code: str
    values: "dict[str, str | float | Sentence]"


class SourceInfo(msgspec.Struct, frozen=True):
    """A source that the page may watch, and what to call it."""

    id: SourceId
    name: str
    told: Sentence | msgspec.UnsetType = msgspec.UNSET


class ModelFacts(msgspec.Struct, frozen=True):
    """What the page tells of the model that reads the faces."""

    name: str
    version: str
    terms: Terms
    usual: bool = False


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """What the page needs to know before anything else."""

    version: str
    labels: tuple[str, ...]
    sources: tuple[SourceInfo, ...]
    mode: Mode
    model: ModelFacts | None
    markers: bool = False
    streams: bool = False
    teaches: bool = False
    adapted: bool = False


class Stopped(msgspec.Struct, frozen=True, tag="stopped"):
    """The stream has stopped, as the page asked."""


class Waiting(msgspec.Struct, frozen=True, tag="waiting"):
    """The source has broken off and is waited for."""

    message: str
    told: Sentence | msgspec.UnsetType = msgspec.UNSET


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """The source has come to its end."""


class Failed(msgspec.Struct, frozen=True, tag="error"):
    """A stream could not start or broke off."""

    message: str
    told: Sentence | msgspec.UnsetType = msgspec.UNSET


class Unadapted(msgspec.Struct, frozen=True, tag="unadapted"):
    """Nothing was learnt."""

    message: str
    told: Sentence | msgspec.UnsetType = msgspec.UNSET


class PartFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much a reading rests on a part of the face; see `mien.models.occlusion.PartEffect`."""

    part: PartName
    effect: float
    region: tuple[Point, ...]


class QualityFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How well a face can be seen; see `mien.types.Quality`."""

    size: float
    sharpness: float
    brightness: float
    yaw: float | None
    issues: tuple[QualityIssue, ...]


class UsualFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of somebody's usual face; see `mien.types.UsualFace`."""

    state: Literal["learning", "on", "few", "unsteady"]
    share: float


class FaceFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is read from a face: `Reading.to_dict()`."""

    track_id: int
    box: tuple[float, float, float, float]
    score: float
    landmarks: tuple[Point, ...] | None
    label: str | None
    reason: Reason | None
    confidence: float
    other: float
    probabilities: dict[str, float]
    raw: dict[str, float]
    quality: QualityFacts
    usual: UsualFacts | None
    parts: tuple[PartFacts, ...] | msgspec.UnsetType = msgspec.UNSET


class Analyzed(msgspec.Struct, frozen=True, tag="analysis", forbid_unknown_fields=True):
    """What is read from one picture of a stream: `Analysis.to_dict()`."""

    frame: int
    time: float
    source: str
    size: tuple[int, int]
    faces: tuple[FaceFacts, ...]
    timings: dict[str, float]


class StillAnalyzed(Analyzed, frozen=True, tag="picture", forbid_unknown_fields=True, kw_only=True):
    """What is read from a picture by itself."""

    id: Identifier


Teaching = Adapt | Choose | Save | Forget
ClientMessage = Watch | Next | Stop | Usual | Mark | Teaching
# What is written as it is, and told of here for the types of the page.
AnalysisMessage = Analyzed | StillAnalyzed
ServerMessage = Hello | Stopped | Waiting | Ended | Failed | Adapting | Adapted | Unadapted
_DECODER: msgspec.json.Decoder[ClientMessage] = msgspec.json.Decoder(
    Watch | Next | Stop | Usual | Mark | Adapt | Choose | Save | Forget
)
_HEADER_DECODER: msgspec.json.Decoder[Grab | Still] = msgspec.json.Decoder(Grab | Still)


def facts_of(info: ModelInfo) -> ModelFacts:
    """Return what the page tells of a model."""
    return ModelFacts(info.name, info.version, info.terms, can_be_shown(info))


def decode_text(text: str) -> ClientMessage:
    """Decode a text message of the page.

    Raises:
        ProtocolError: It is too long, no JSON, or not one of the messages.
    """
    if len(text) > MAX_MESSAGE_BYTES:
        raise ProtocolError(TOO_BIG, "message too big")
    return _decode(_DECODER, text)


def decode_picture_message(data: bytes) -> tuple[Grab | Still, bytes]:
    """Split a binary message of the page into its header and its JPEG.

    Raises:
        ProtocolError: It is too big or too short, the header is none, the time is no finite number
            of 0 or more, or it is no JPEG.
    """
    if len(data) > MAX_MESSAGE_BYTES:
        raise ProtocolError(TOO_BIG, "message too big")
    start = _LENGTH.size
    length = _LENGTH.unpack_from(data)[0] if len(data) >= start else 0
    picture = data[start + length :]
    if not 0 < length <= MAX_HEADER_BYTES or not picture.startswith(_JPEG_START):
        raise ProtocolError(UNSUPPORTED, "malformed message: not a header and a JPEG")
    header = _decode(_HEADER_DECODER, data[start : start + length])
    if isinstance(header, Grab) and not (math.isfinite(header.time) and header.time >= 0):
        raise ProtocolError(INVALID_DATA, "malformed message: the time stamp must be 0 or more")
    return header, picture


def _decode(decoder: "msgspec.json.Decoder[T]", data: str | bytes) -> T:
    try:
        return decoder.decode(data)
    except UnicodeError as error:
        raise ProtocolError(INVALID_DATA, "malformed message: not UTF-8") from error
    except msgspec.DecodeError as error:
        raise ProtocolError(INVALID_DATA, f"malformed message: {error}") from error
    except RecursionError as error:
        raise ProtocolError(INVALID_DATA, f"malformed message: {TOO_DEEP}") from error


def sentence(told: Told | str | None) -> Sentence | msgspec.UnsetType:
    """Return what the page can say by itself; unset where it can only repeat the English."""
    return _sentence(told) if isinstance(told, Told) else msgspec.UNSET


def _sentence(told: Told) -> Sentence:
    return Sentence(told.code, {name: _value(value) for name, value in told.values.items()})


def _value(value: str | float | Told) -> str | float | Sentence:
    if isinstance(value, str):
        return printable(value)
    return _sentence(value) if isinstance(value, Told) else value


def encode_text(message: ServerMessage) -> str:
    """Encode a text message of the server."""
    return msgspec.json.encode(message).decode()


def encode_analysis(analysis: Analysis) -> bytes:
    """Encode an analysis as JSON."""
    return encode({"type": "analysis", **_content(analysis)})


def encode_still(
    identifier: int, analysis: Analysis, parts: Sequence[Sequence[PartEffect]] | None
) -> bytes:
    """Encode the answer to a picture by itself; `parts` are those of each face, where asked for."""
    content = {**_content(analysis), "faces": faces_of(analysis.readings, parts)}
    return encode({"type": "picture", "id": identifier, **content})


def faces_of(
    readings: Sequence[Reading], parts: Sequence[Sequence[PartEffect]] | None
) -> list[dict[str, Any]]:
    """Return what is read from faces, each as `FaceFacts`; `parts` as for `encode_still`."""
    faces = [reading.to_dict() for reading in readings]
    for face, effects in zip(faces, parts or (), strict=parts is not None):
        face["parts"] = [
            {"part": one.part, "effect": one.effect, "region": one.region.tolist()}
            for one in effects
        ]
    return faces


def encode_frame(analysis: Analysis, jpeg: bytes) -> bytes:
    """Encode a frame of a source that the server reads, with its analysis."""
    header = encode_analysis(analysis)
    return _LENGTH.pack(len(header)) + header + jpeg


def encode_bundle(archive: bytes) -> bytes:
    """Encode a bundle, which is a ZIP archive."""
    header = encode({"type": "bundle"})
    return _LENGTH.pack(len(header)) + header + archive


def _content(analysis: Analysis) -> dict[str, Any]:
    # The name of a file may hold bytes that are no Unicode.
    source = analysis.source.encode("utf-8", "backslashreplace").decode()
    return {**analysis.to_dict(), "source": source}


def encode(content: dict[str, Any]) -> bytes:
    """Encode plain values as JSON."""
    # Detectors may leave numpy scalars in boxes and scores.
    return msgspec.json.encode(content, enc_hook=float)
