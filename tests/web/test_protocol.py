import base64
import dataclasses
import json
import math
import struct

import msgspec
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mien.models.occlusion import PartEffect
from mien.types import Analysis, Box, Face, Prediction, Quality, Reading
from mien.web import protocol, teaching
from mien.web.protocol import ProtocolError

JPEG = b"\xff\xd8\xff\xe0 and so on"


@pytest.fixture
def analysis() -> Analysis:
    prediction = Prediction(("a", "b"), (0.25, 0.75), 0.5)
    box = Box(*np.array([1, 2, 3, 4.5], np.float32))  # as a detector may leave it
    face = Face(box, 0.5, np.ones((5, 2), np.float32))
    quality = Quality(9, 1, 2, None, ("dark",))
    reading = Reading(3, face, prediction, prediction, None, quality, "something else")
    return Analysis(7, 1.5, "sample", (64, 48), (reading,), {"detect": 0.01})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"type": "watch", "source": "sample"}', protocol.Watch("sample")),
        ('{"source": "configured", "type": "watch"}', protocol.Watch("configured")),
        ('{"type": "next"}', protocol.Next()),
        ('{"type": "stop"}', protocol.Stop()),
    ],
)
def test_decodes_what_the_page_says(text, expected):
    assert protocol.decode_text(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{",
        "{}",
        '{"type": "shutdown"}',
        '{"type": "watch"}',
        '{"type": "watch", "source": "/etc/passwd"}',
        '{"type": "watch", "source": ["sample"]}',
        '{"type": "stop", "more": 1}',
        '{"type": 3}',
        "[" * 100_000,
    ],
)
def test_refuses_other_text(text):
    with pytest.raises(ProtocolError) as caught:
        protocol.decode_text(text)
    assert caught.value.code == protocol.INVALID_DATA


def adapt(*faces: dict) -> str:
    return json.dumps({"type": "adapt", "faces": list(faces)})


FACE = {"word": "tired", "person": "1-2", "jpeg": base64.b64encode(JPEG).decode()}


def test_decodes_faces_to_learn_from():
    faces = (teaching.KeptFace("tired", "1-2", JPEG),) * 2
    assert protocol.decode_text(adapt(FACE, FACE)) == teaching.Adapt(faces)


def test_as_many_faces_as_may_be_are_one_message():
    jpeg = base64.b64encode(bytes(teaching.MOST_BYTES)).decode()
    person = "x" * teaching.MOST_LETTERS
    face = {"word": "ü" * teaching.MOST_LETTERS, "person": person, "jpeg": jpeg}
    text = adapt(*[face] * teaching.MOST_FACES)
    assert len(text.encode()) < protocol.MAX_MESSAGE_BYTES
    assert len(protocol.decode_text(text).faces) == teaching.MOST_FACES


@pytest.mark.parametrize(
    "more",
    [
        {"word": ""},
        {"word": "../up"},
        {"word": "a\\b"},
        {"word": "a\nb"},
        {"word": "a\n"},
        {"word": " a"},
        {"word": "a."},
        {"word": "x" * (teaching.MOST_LETTERS + 1)},
        {"word": None},
        {"person": "x" * (teaching.MOST_LETTERS + 1)},
        {"jpeg": ""},
        {"jpeg": "no base64!"},
        {"jpeg": base64.b64encode(bytes(teaching.MOST_BYTES + 1)).decode()},
        {"name": "more"},
    ],
)
def test_refuses_another_face(more):
    with pytest.raises(ProtocolError) as caught:
        protocol.decode_text(adapt(FACE, FACE | more))
    assert caught.value.code == protocol.INVALID_DATA


@pytest.mark.parametrize("count", [0, teaching.MOST_FACES + 1])
def test_refuses_another_number_of_faces(count):
    with pytest.raises(ProtocolError):
        protocol.decode_text(adapt(*[FACE] * count))


@given(st.text(st.characters(codec=None)))
def test_any_text_is_decoded_or_refused(text):
    try:
        message = protocol.decode_text(text)
    except ProtocolError:
        return
    assert isinstance(message, protocol.Watch | protocol.Next | protocol.Stop)


def test_refuses_a_text_that_is_too_long():
    with pytest.raises(ProtocolError) as caught:
        protocol.decode_text(" " * (protocol.MAX_MESSAGE_BYTES + 1))
    assert caught.value.code == protocol.TOO_BIG


@given(st.floats(min_value=0, allow_infinity=False, allow_nan=False))
def test_splits_a_picture_of_a_stream(with_header, time):
    message = with_header({"type": "grab", "time": time}, JPEG)
    assert protocol.decode_picture_message(message) == (protocol.Grab(time), JPEG)


@given(st.integers(0, 2**53), st.booleans())
def test_splits_a_picture_by_itself(with_header, number, parts):
    message = with_header({"type": "picture", "id": number, "parts": parts}, JPEG)
    assert protocol.decode_picture_message(message) == (protocol.Still(number, parts), JPEG)


@pytest.mark.parametrize("time", [-0.5, math.inf, -math.inf, math.nan])
def test_refuses_an_impossible_time(with_header, time):
    with pytest.raises(ProtocolError) as caught:
        protocol.decode_picture_message(with_header({"type": "grab", "time": time}, JPEG))
    assert caught.value.code == protocol.INVALID_DATA


@pytest.mark.parametrize(
    "header",
    [
        {},
        [],
        {"type": "grab"},
        {"type": "grab", "time": "1"},
        {"type": "grab", "time": 1, "more": 2},
        {"type": "picture"},
        {"type": "picture", "id": 1.5},
        {"type": "picture", "id": -1},
        {"type": "picture", "id": 2**53 + 1},
        {"type": "watch", "source": "sample"},
    ],
)
def test_refuses_another_header(with_header, header):
    with pytest.raises(ProtocolError) as caught:
        protocol.decode_picture_message(with_header(header, JPEG))
    assert caught.value.code == protocol.INVALID_DATA


@given(st.binary(min_size=1, max_size=64) | st.text(min_size=1, max_size=64).map(str.encode))
@example(b'{"type":"\xff"}')
@example(b'{"type":"grab","time":1,"\xff":2}')
@example(b'{"before":' + b"[" * 1000)
def test_any_header_is_decoded_or_refused_in_words(header):
    try:
        read, _ = protocol.decode_picture_message(struct.pack(">I", len(header)) + header + JPEG)
    except ProtocolError as error:
        reason = str(error)
    else:
        assert isinstance(read, protocol.Grab | protocol.Still)
        return
    assert reason.encode().startswith(b"malformed message: ")


@given(st.binary(max_size=64))
def test_refuses_what_is_no_header_and_jpeg(data):
    with pytest.raises(ProtocolError) as caught:
        protocol.decode_picture_message(data)
    assert caught.value.code in (protocol.UNSUPPORTED, protocol.INVALID_DATA)


@pytest.mark.parametrize("length", [0, protocol.MAX_HEADER_BYTES + 1, 2**32 - 1])
def test_refuses_a_header_of_no_sensible_length(length):
    data = struct.pack(">I", length) + b" " * min(length, 2000) + JPEG
    with pytest.raises(ProtocolError, match="not a header and a JPEG"):
        protocol.decode_picture_message(data)


def test_refuses_a_picture_that_is_too_big(with_header):
    big = JPEG + bytes(protocol.MAX_MESSAGE_BYTES)
    with pytest.raises(ProtocolError) as caught:
        protocol.decode_picture_message(with_header({"type": "grab", "time": 1}, big))
    assert caught.value.code == protocol.TOO_BIG


def test_the_answer_to_a_picture_by_itself(analysis):
    plain = json.loads(protocol.encode_analysis(analysis))
    still = json.loads(protocol.encode_still(4, analysis, None))
    assert still == {**plain, "type": "picture", "id": 4}
    effect = PartEffect("mouth", 0.25, np.arange(8, dtype=np.float32).reshape(4, 2))
    explained = json.loads(protocol.encode_still(4, analysis, [[effect]]))
    assert explained["faces"][0].pop("parts") == [
        {"part": "mouth", "effect": 0.25, "region": [[0, 1], [2, 3], [4, 5], [6, 7]]}
    ]
    assert explained == still


def test_an_analysis_is_its_own_dict_with_a_type(analysis):
    content = json.loads(protocol.encode_analysis(analysis))
    assert content == {
        "type": "analysis",
        **msgspec.to_builtins(analysis.to_dict(), enc_hook=float),
    }


@pytest.mark.parametrize("landmarks", [None, np.arange(10, dtype=np.float32).reshape(5, 2)])
def test_analyses_are_as_the_page_is_told(analysis, landmarks):
    """The types of the page are made from these structs, and its messages are not."""
    (reading, *_) = analysis.readings
    face = dataclasses.replace(reading.face, landmarks=landmarks)
    analysis = dataclasses.replace(analysis, readings=(dataclasses.replace(reading, face=face),))
    effect = PartEffect("mouth", 0.25, np.zeros((4, 2), np.float32))
    for message, kind in (
        (protocol.encode_analysis(analysis), protocol.Analyzed),
        (protocol.encode_still(4, analysis, [[effect]]), protocol.StillAnalyzed),
    ):
        told = msgspec.json.decode(message, type=kind)
        assert json.loads(msgspec.json.encode(told)) == json.loads(message)


def test_a_frame_can_be_taken_apart(analysis):
    message = protocol.encode_frame(analysis, JPEG)
    (length,) = struct.unpack_from(">I", message)
    assert json.loads(message[4 : 4 + length])["frame"] == 7
    assert message[4 + length :] == JPEG


def test_a_name_that_is_no_unicode_comes_through_with_escapes(analysis):
    odd = dataclasses.replace(analysis, source="caf\udce9.mp4")
    assert json.loads(protocol.encode_analysis(odd))["source"] == "caf\\udce9.mp4"


def test_a_message_that_is_nested_too_deeply_is_refused_in_words():
    text = '{"before":' + "[" * 100_000
    with pytest.raises(ProtocolError, match="malformed message: nested too deeply") as caught:
        protocol.decode_text(text)
    assert caught.value.code == protocol.INVALID_DATA
