import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.web.api_server.multipart import LONGEST_NAME, MOST_PARTS, Part, split
from mien.web.api_server.refusal import RefusalError

KIND = "multipart/form-data; boundary=b"
HEAD = b'Content-Disposition: form-data; name="n"; filename="f"\r\n\r\n'


def body_of(
    *parts: bytes, boundary: bytes = b"b", before: bytes = b"", after: bytes = b"\r\n"
) -> bytes:
    lines = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    return before + lines + b"--" + boundary + b"--" + after


@given(
    st.lists(st.binary(max_size=60).filter(lambda data: b"--b" not in data), min_size=1, max_size=5)
)
def test_what_is_put_together_is_split_again(datas):
    parts = split(body_of(*(HEAD + data for data in datas)), KIND)
    assert parts == [Part("f", data) for data in datas]


@given(st.binary(max_size=200), st.sampled_from([KIND, 'multipart/form-data; boundary="-"', ""]))
def test_anything_is_split_or_refused(body, kind):
    with contextlib.suppress(RefusalError):
        assert 1 <= len(split(body, kind)) <= MOST_PARTS


def test_text_before_and_after_is_left_out():
    body = body_of(HEAD + b"x", before=b"preamble\r\n", after=b"\r\nepilogue")
    assert split(body, KIND) == [Part("f", b"x")]


def test_blanks_may_follow_a_boundary_and_its_name_may_be_quoted():
    body = body_of(HEAD + b"x", boundary=b"a 'b").replace(b"--a 'b\r\n", b"--a 'b \t\r\n")
    assert split(body, 'multipart/form-data; charset=utf-8; boundary="a \'b"') == [Part("f", b"x")]


NAMES = {
    b'name="n"; filename="a b.jpg"': "a b.jpg",
    b'name="n"': "n",
    b"name=n; filename=plain.jpg": "plain.jpg",
    'filename="Grüße \U0001f600.jpg"'.encode(): "Grüße \U0001f600.jpg",
    b"filename=\"x.jpg\"; filename*=UTF-8''na%C3%AFve.jpg": None,
    b"filename*=UTF-8''na%C3%AFve.jpg": "naïve.jpg",
    b'filename="../../etc/passwd"': "../../etc/passwd",
    b'filename="a\\"b;c.jpg"': 'a"b;c.jpg',
    b'filename="\xff\xfe.jpg"': "\ufffd\ufffd.jpg",
    b'filename="\x1b[31m\x00.jpg"': r"\x1b[31m\x00.jpg",
    b'filename="' + b"a" * 1000 + b'"': "a" * LONGEST_NAME,
    b"": "",
    b";;;=": "",
}


@pytest.mark.parametrize(("given_name", "name"), NAMES.items())
def test_names(given_name, name):
    head = (
        b"Content-Disposition: form-data; " + given_name + b"\r\nContent-Type: image/jpeg\r\n\r\n"
    )
    (part,) = split(body_of(head + b"x"), KIND)
    assert part.data == b"x"
    assert name is None or part.name == name
    assert part.name.isprintable()


BAD = {
    "no boundary": (body_of(HEAD + b"x"), "multipart/form-data", "boundary is missing"),
    "a long boundary": (b"", f"multipart/form-data; boundary={'b' * 71}", "too long"),
    "a boundary that is no ASCII": (
        b"",
        "multipart/form-data; boundary=\u00fc",
        "boundary is missing",
    ),
    "another boundary": (body_of(HEAD + b"x"), "multipart/form-data; boundary=c", "cut short"),
    "the end is missing": (body_of(HEAD + b"x")[:-6], KIND, "cut short"),
    "no part": (b"--b--\r\n", KIND, "no part"),
    "nothing after the boundary": (b"--b", KIND, "something else"),
    "a longer boundary": (body_of(HEAD + b"x", boundary=b"bc"), KIND, "something else"),
    "no header": (body_of(b"x"), KIND, "part 1 has no header"),
    "a long header": (body_of(b"X: " + b"x" * 5000 + b"\r\n" + HEAD), KIND, "one too long"),
    "empty parts": (b"--b\r\n--b\r\n--b--", KIND, "has no header"),
    "base64": (
        body_of(b"Content-Transfer-Encoding: base64\r\n" + HEAD + b"eA=="),
        KIND,
        "part 1 is encoded",
    ),
}


@pytest.mark.parametrize(("body", "kind", "told"), BAD.values(), ids=BAD)
def test_what_is_malformed_is_refused(body, kind, told):
    with pytest.raises(RefusalError, match=told):
        split(body, kind)


def test_a_part_may_be_empty_and_have_an_empty_header():
    assert split(body_of(b"\r\n"), KIND) == [Part("", b"")]


def test_so_many_parts_and_no_more():
    parts = [HEAD + b"x"] * MOST_PARTS
    assert len(split(body_of(*parts), KIND)) == MOST_PARTS
    with pytest.raises(RefusalError, match="more than"):
        split(body_of(*parts, parts[0]), KIND)
