import io
import json

import msgspec
import numpy as np
import pytest
from PIL import Image
from tests.web.fakes import LABELS, encoded

from mien.errors import BundleError
from mien.vision.images.reading import encode_png
from mien.web.api_server.answers import Health, ModelAnswer, PictureFacts, PicturesFacts, Trouble
from mien.web.api_server.multipart import MOST_PARTS
from mien.web.api_server.refusal import MEANINGS

JPEG = {"Content-Type": "image/jpeg"}


def error_of(response) -> str:
    """Return what a refusal says: one line of JSON, of a status that the documents tell of."""
    assert response.status_code in MEANINGS
    assert response.headers["content-type"] == "application/json"
    told = msgspec.json.decode(response.content, type=Trouble).error
    assert told
    assert "\n" not in told
    return told


def saved(kind: str, *frames: Image.Image, **options) -> bytes:
    file = io.BytesIO()
    first, *others = frames
    first.save(
        file, kind, **({"save_all": True, "append_images": others} if others else {}), **options
    )
    return file.getvalue()


@pytest.mark.parametrize(
    "kind", ["image/jpeg", "IMAGE/PNG; charset=x", "application/octet-stream", "image/x-unheard"]
)
def test_a_picture_as_the_body_is_read_whatever_image_it_is_called(client, kind):
    response = client.post("/read", content=encoded(200), headers={"Content-Type": kind})
    assert response.status_code == 200
    answer = msgspec.json.decode(response.content, type=PictureFacts)
    assert answer.size == (320, 180)
    (face,) = answer.faces
    assert face.label == "happy"
    assert set(face.probabilities) == set(LABELS)
    assert face.parts is msgspec.UNSET
    assert response.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in response.headers["content-security-policy"]


def test_without_a_type_it_is_a_picture(client):
    assert client.post("/read", content=encoded(200)).status_code == 200


def test_a_picture_without_a_face_has_none(client):
    answer = client.post("/read", content=encoded(0), headers=JPEG).json()
    assert answer == {"size": [320, 180], "faces": []}


@pytest.mark.parametrize(("word", "asked"), [("true", True), ("1", True), ("", True), ("0", False)])
def test_parts_are_told_where_they_are_asked_for(client, word, asked):
    response = client.post(f"/read?explain={word}", content=encoded(200), headers=JPEG)
    (face,) = msgspec.json.decode(response.content, type=PictureFacts).faces
    assert (face.parts is not msgspec.UNSET) == asked
    assert not asked or face.parts[0].part == "mouth"


@pytest.mark.parametrize("query", ["explain=perhaps", "colums=x", "token=secret"])
def test_a_question_that_is_none_is_told(client, query, reader):
    told = error_of(response := client.post(f"/read?{query}", content=encoded(200), headers=JPEG))
    assert response.status_code == 400
    assert query.partition("=")[0] in told
    assert not reader.read_of


def test_several_pictures_are_answered_in_their_order(client):
    files = [
        ("picture", ("a.jpg", encoded(200))),
        ("other", ("b c/Ü '.png", encode_png(np.full((30, 20, 3), 50, np.uint8)))),
    ]
    response = client.post("/read", files=files)
    answer = msgspec.json.decode(response.content, type=PicturesFacts)
    assert [one.name for one in answer.pictures] == ["a.jpg", "b c/Ü '.png"]
    assert [one.size for one in answer.pictures] == [(320, 180), (20, 30)]
    assert [one.faces[0].label for one in answer.pictures] == ["happy", "sad"]


def test_one_of_several_that_is_bad_is_named_and_none_is_answered(client):
    files = [("p", ("a.jpg", encoded(200))), ("p", ("bad\u202e.jpg", encoded(200)[:300]))]
    response = client.post("/read", files=files)
    assert response.status_code == 400
    assert error_of(response).startswith(r"picture 2 (bad\u202e.jpg): broken or truncated")


def test_more_pictures_than_may_be(client, reader):
    files = [("p", (f"{number}.jpg", encoded(200))) for number in range(MOST_PARTS + 1)]
    response = client.post("/read", files=files)
    assert response.status_code == 413
    assert str(MOST_PARTS) in error_of(response)
    assert not reader.read_of


GRAY = Image.new("RGB", (20, 20), (99, 99, 99))
BAD = {
    "nothing": (b"", 400, "empty"),
    "a text": (b"hello, here is no picture", 415, "not a picture"),
    "a truncated picture": (encoded(200)[:400], 400, "broken or truncated"),
    "a drawing": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "a drawing"),
    "an animation": (
        saved("GIF", GRAY, Image.new("RGB", (20, 20), (1, 2, 3))),
        400,
        "an animation of 2 frames",
    ),
    "pages": (saved("TIFF", GRAY, GRAY), 400, "2 pages"),
    "many pixels": (saved("PNG", Image.new("1", (6000, 6000))), 413, "megapixels"),
    "a bomb": (saved("PNG", Image.new("1", (30_000, 30_000)), compress_level=1), 413, ""),
}


@pytest.mark.parametrize(("body", "status", "told"), BAD.values(), ids=BAD)
def test_a_bad_picture_is_refused_by_one_line(client, reader, body, status, told):
    response = client.post("/read", content=body, headers=JPEG)
    assert told in error_of(response)
    assert response.status_code == status
    assert not reader.read_of


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"Content-Type": "application/json"}, "application/json is not taken"),
        (
            {"Content-Type": "application/x-www-form-urlencoded"},
            "image/* or application/octet-stream",
        ),
        ({"Content-Type": "text/plain" + "x" * 500}, "text/plainxx"),
        ({"Content-Type": ""}, "is not taken"),
        ({"Content-Type": "image/jpeg", "Content-Encoding": "gzip"}, "compressed"),
    ],
)
def test_other_types_are_refused(client, headers, told):
    response = client.post("/read", content=encoded(200), headers=headers)
    assert response.status_code == 415
    assert told in error_of(response)


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_that_is_too_large(ask, reader, declared):
    body = b"\0" * 20_001
    content = body if declared else iter([body[:10_000], body[10_000:]])
    response = ask(max_megabytes=0.02).post("/read", content=content, headers=JPEG)
    assert response.status_code == 413
    assert "0.02 MB" in error_of(response)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/read", 405),
        ("PUT", "/read", 405),
        ("POST", "/model", 405),
        ("GET", "/nothing", 404),
    ],
)
def test_other_paths_and_methods(client, method, path, status):
    response = client.request(method, path)
    assert response.status_code == status
    assert error_of(response)
    assert status != 405 or response.headers["allow"]


def test_the_model_is_told(client, info):
    answer = msgspec.json.decode(client.get("/model").content, type=ModelAnswer)
    assert (answer.name, answer.labels) == (info.name, tuple(info.labels))
    assert answer.terms == info.terms


def test_health(client):
    assert msgspec.json.decode(client.get("/health").content, type=Health) == Health("ok")
    assert client.head("/health").status_code == 200


def test_where_to_read_more(client):
    assert client.get("/").headers["location"] == "/docs"
    assert client.get("/openapi.json").json()["openapi"] == "3.1.0"
    assert "POST /read" in client.get("/docs").text


def test_a_fault_of_ours_is_told_without_its_words(client, reader, monkeypatch):
    def fail(_):
        raise BundleError("/home/somebody/model.onnx: the graph fails")

    monkeypatch.setattr(reader, "read", fail)
    response = client.post("/read", content=encoded(200), headers=JPEG)
    assert response.status_code == 500
    assert "somebody" not in error_of(response)


def test_numbers_of_detectors_are_written_as_numbers(client, reader, monkeypatch):
    import dataclasses

    def read(image):
        (one,) = type(reader).read(reader, image)
        return (
            dataclasses.replace(one, face=dataclasses.replace(one.face, score=np.float32(0.5))),
        )

    monkeypatch.setattr(reader, "read", read)
    (face,) = client.post("/read", content=encoded(200), headers=JPEG).json()["faces"]
    assert face["score"] == 0.5
    assert json.dumps(face)
