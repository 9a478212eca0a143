"""What page and server say to each other of a model that a page makes for itself.

They are messages of `mien.web.protocol`, which says how all of them are sent. Page to server:

- `{"type": "adapt", "faces": [{"word", "person", "jpeg"}]}`: learn from these faces, as `mien
  adapt` does from a folder. `word` is what a face shows: one of the model's labels, or a new one;
  `person` whatever tells people apart, `jpeg` a picture of the face in base64. One lesson at a
  time.
- `{"type": "choose", "adapted"}`: read with what was learnt, or with the model from before. The
  answer is a new `hello`; the stream ends.
- `{"type": "save"}`: send what was learnt as a bundle.
- `{"type": "forget"}`: stop learning, and forget what was learnt.

Server to page:

- `{"type": "adapting", "done", "total"}`: how far learning is.
- `{"type": "adapted", "labels", "own", "known", "left_out", "verdict"}`: it has been learnt.
  `own` compares both models on the faces that were sent, each read by what had not learnt from it;
  `known` on faces that the model knew, whose features lie beside it, or is null.
- `{"type": "unadapted", "message", "told"?}`: nothing was learnt; as `error`.
- binary: a bundle. 4 bytes big-endian length, that many bytes of JSON (`{"type": "bundle"}`), then
  a ZIP archive.

Nothing of it is written to a disk: faces are in memory while they are learnt from, and what was
learnt until the connection ends.
"""

from typing import Annotated, Literal

import msgspec

# In one lesson; all of them together are fewer than the bytes of one message.
MOST_FACES, MOST_BYTES = 60, 24_000
# No side of a picture is longer, in pixels.
MOST_SIDE = 512
# Letters of a word, which is a folder's name where faces are saved, and a label of the model.
MOST_LETTERS = 40
_NOT_IN_NAMES = r'\x00-\x1f\x7f-\x9f/\\:*?"<>|'

Word = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=MOST_LETTERS,
        pattern=rf"\A[^{_NOT_IN_NAMES}.\s]([^{_NOT_IN_NAMES}]*[^{_NOT_IN_NAMES}.\s])?\Z",
    ),
]
Jpeg = Annotated[bytes, msgspec.Meta(min_length=1, max_length=MOST_BYTES)]
Verdict = Literal["better", "perhaps", "no better"]


class KeptFace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A face that the page has kept, and what it shows."""

    word: Word
    person: Annotated[str, msgspec.Meta(max_length=MOST_LETTERS)]
    jpeg: Jpeg


class Adapt(msgspec.Struct, frozen=True, tag="adapt", forbid_unknown_fields=True):
    """Learn from faces."""

    faces: Annotated[tuple[KeptFace, ...], msgspec.Meta(min_length=1, max_length=MOST_FACES)]


class Choose(msgspec.Struct, frozen=True, tag="choose", forbid_unknown_fields=True):
    """Read with what was learnt, or with the model from before."""

    adapted: bool


class Save(msgspec.Struct, frozen=True, tag="save", forbid_unknown_fields=True):
    """Send what was learnt."""


class Forget(msgspec.Struct, frozen=True, tag="forget", forbid_unknown_fields=True):
    """Stop learning, and forget what was learnt."""


class Adapting(msgspec.Struct, frozen=True, tag="adapting"):
    """How far learning is."""

    done: int
    total: int


class WordFigures(msgspec.Struct, frozen=True):
    """How many faces of a word are read rightly; `before` is null where it was no word then."""

    word: str
    faces: int
    before: int | None
    after: int


class ComparedFigures(msgspec.Struct, frozen=True):
    """Two models on the same faces, by the mean of the words; see `Comparison`."""

    faces: int
    before: float
    after: float
    words: tuple[WordFigures, ...]


class Adapted(msgspec.Struct, frozen=True, tag="adapted"):
    """It has been learnt."""

    labels: tuple[str, ...]
    own: ComparedFigures
    known: ComparedFigures | None
    left_out: int
    verdict: Verdict
