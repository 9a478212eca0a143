"""Labels in any script: whole words in one font, and never a box."""

from pathlib import Path

import numpy as np
import pytest

from mien.vision import draw, fonts
from mien.vision.looks import look_of


@pytest.fixture
def no_system_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_system_fonts", tuple)
    fonts._run.cache_clear()


@pytest.mark.usefixtures("no_system_fonts")
class TestWithoutSystemFonts:
    def test_ascii_is_drawn_as_before(self) -> None:
        assert fonts.runs("looks happy") == (("looks happy", None),)

    @pytest.mark.parametrize("word", ["wütend", "неутрально", "χαρούμενος", "שמח", "سعيد"])
    def test_words_of_many_scripts_need_no_font_of_the_system(self, word: str) -> None:
        assert fonts.runs(f"looks {word}") == (("looks ", None), (word, fonts.BUNDLED))

    def test_a_letter_that_no_font_has_is_its_number(self) -> None:
        assert fonts.runs("looks 笑") == (("looks U+7B11", None),)
        assert fonts.runs("ü笑") == (("ü", fonts.BUNDLED), ("U+7B11", None))


def test_the_font_of_the_system_that_has_the_letters_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LastResort.ttf", "Some Bold.ttf", "Some Sans.ttf", "damaged.otf", "words.txt"):
        data = b"words" if name.startswith("damaged") else fonts.BUNDLED.read_bytes()
        (tmp_path / name).write_bytes(data)
    monkeypatch.setattr(fonts, "_folders", lambda: (tmp_path, tmp_path / "absent"))
    monkeypatch.setattr(fonts, "BUNDLED", tmp_path / "damaged.otf")
    fonts._system_fonts.cache_clear()
    fonts._run.cache_clear()
    try:
        assert fonts.runs("неут") == (("неут", tmp_path / "Some Sans.ttf"),)
        assert fonts.files(("неут", "plain")) == (tmp_path / "Some Sans.ttf",)
    finally:
        fonts._system_fonts.cache_clear()
        fonts._run.cache_clear()


def test_labels_that_differ_beyond_ascii_look_different() -> None:
    """Boxes for all of them would not."""
    look = look_of("happy", ("happy",))
    plates = [draw._plate(word, look, 20) for word in ("é", "è", "д", "ж")]
    shapes = {(plate.shape, plate.tobytes()) for plate in plates}
    assert len(shapes) == 4
    assert all(plate.dtype == np.uint8 for plate in plates)
