"""Texts that are made to break a parser are ValueErrors, whatever the parser itself raises."""

import pytest

from mien.parsing import decode_json, decode_json_loosely, decode_toml, seconds_of

DEEP = 20_000
JSONS = ["[" * DEEP, '{"a":' * DEEP, "9" * 5000, "[", "", "\ufeff{}", '"\\ud800', "1e", "nan()"]
TOMLS = ["a = " + "[" * DEEP, "a = " + "{a=" * DEEP, "a = " + "9" * 5000, "a", "[a]\n[a]", "\x00"]


# The standard library's parser takes a minute for each of these.
LONG_KEYS = [
    ".".join(["a"] * DEEP * 2) + " = 1",
    "[" + " . ".join(['"b c"'] * DEEP * 2) + "]",
    "a = { " + ".".join(["'d'"] * DEEP * 2) + " = 1 }",
]


@pytest.mark.parametrize("text", LONG_KEYS, ids=["bare", "quoted", "inline"])
def test_a_key_of_thousands_of_parts_is_refused_at_once(text: str) -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        decode_toml(text.encode())


def test_what_only_looks_like_a_long_key_is_read() -> None:
    text = f'a.b.c = "{"a word. " * 200}{"x" * DEEP}" # {"." * 500}\n'
    assert decode_toml(text.encode()) == {"a": {"b": {"c": "a word. " * 200 + "x" * DEEP}}}


@pytest.mark.parametrize("text", JSONS)
def test_json(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_json(text.encode(), object)
    with pytest.raises(ValueError, match=r"."):
        decode_json_loosely(text)


@pytest.mark.parametrize("text", TOMLS)
def test_toml(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_toml(text.encode())


def test_what_is_no_utf_8() -> None:
    for decode in (lambda data: decode_json(data, object), decode_json_loosely, decode_toml):
        with pytest.raises(ValueError, match="utf-8"):
            decode(b'"\xff"')


def test_toml_as_the_editor_of_windows_saves_it() -> None:
    assert decode_toml(b"\xef\xbb\xbfa = 1\r\n") == {"a": 1}


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"\x80x", "not a text in utf-8"), (b"a = " + b"9" * 5000, "thousands of digits")],
)
def test_what_is_wrong_is_said_without_the_words_of_python(data: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        decode_toml(data)
    with pytest.raises(ValueError, match=said):
        decode_json_loosely(data.removeprefix(b"a = "))


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), (" 90.5 ", 90.5), ("1:30", 90), ("01:02:03.25", 3723.25)]
)
def test_times(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "x", "-1", "1:", ":1", "1:2:3:4", "nan", "1e3", "١", "9" * 99]
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="hh:mm:ss"):
        seconds_of(text)
