"""A message is one line that a person can read, whatever it quotes."""

from mien.errors import LONGEST, BundleError


def test_line_breaks_become_spaces() -> None:
    assert str(BundleError("a\nb\r\nc\u2028d")) == "a b c d"


def test_a_long_message_keeps_its_begin_and_its_end() -> None:
    told = str(BundleError(f"model.json: {'9' * 1_000_000} is no label; get the bundle again"))
    assert told.startswith("model.json: 999")
    assert told.endswith("999 is no label; get the bundle again")
    assert len(told) < LONGEST + 10
