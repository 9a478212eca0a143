"""Every picture is seen as it is meant to be, and every broken one is one clear line."""

import io
import itertools
import os
import struct
import subprocess
import sys
import warnings
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from mien.errors import PictureError
from mien.types import PixelArray
from mien.vision.images import lean, pixels, reading
from mien.vision.images.formats import FORMATS, HEIF_SUFFIXES, RAW
from mien.vision.images.reading import (
    SUFFIXES,
    decode_picture,
    encode_png,
    open_picture,
    read_picture,
)

RED, GREEN, BLUE = (220, 30, 20), (20, 200, 40), (30, 40, 210)


def two_tone(width: int = 40, height: int = 20) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    return image


def encoded(image: Image.Image, format: str = "PNG", **options: object) -> bytes:  # noqa: A002
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def decode(image: Image.Image, format: str = "PNG", **options: object) -> PixelArray:  # noqa: A002
    return decode_picture(encoded(image, format, **options), "test")


def near(pixel: np.ndarray, rgb: tuple[int, int, int], tolerance: int = 12) -> bool:
    return bool(np.abs(pixel.astype(int)[::-1] - rgb).max() <= tolerance)


def message(data: bytes, name: str = "a.jpg") -> str:
    with pytest.raises(PictureError) as caught:
        decode_picture(data, name)
    text = str(caught.value)
    assert text.startswith(f"{name}: ")
    assert "\n" not in text
    return text


class TestFormats:
    @pytest.mark.parametrize("format_name", ["PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM"])
    def test_common_formats(self, format_name: str) -> None:
        image = decode(two_tone(), format_name)
        assert image.shape == (20, 40, 3)
        assert image.dtype == np.uint8
        assert near(image[10, 5], RED, 20)
        assert near(image[10, 35], BLUE, 20)

    def test_every_suffix_has_a_decoder(self) -> None:
        Image.init()
        assert Image.registered_extensions().keys() >= SUFFIXES - HEIF_SUFFIXES

    def test_cmyk_jpeg(self) -> None:
        image = decode(two_tone().convert("CMYK"), "JPEG", quality=95)
        assert near(image[10, 5], RED, 30)
        assert near(image[10, 35], BLUE, 30)

    def test_gray_and_black_and_white(self) -> None:
        gray = decode(Image.new("L", (6, 4), 77))
        assert gray.shape == (4, 6, 3)
        assert (gray == 77).all()
        assert (decode(Image.new("1", (6, 4), 1)) == 255).all()

    def test_gray_of_16_bits_is_scaled_and_not_clipped(self) -> None:
        ramp = np.linspace(0, 65535, 256).round().astype(np.uint16)[None].repeat(4, axis=0)
        image = decode(Image.fromarray(ramp))
        assert np.abs(image[0, :, 0].astype(int) - np.arange(256)).max() <= 1
        assert (image[..., 0] == image[..., 2]).all()

    def test_a_dark_picture_of_16_bits_stays_dark(self) -> None:
        image = decode(Image.fromarray(np.full((4, 4), 200, np.uint16)))
        assert image.max() <= 1

    def test_a_tiff_of_floats(self) -> None:
        image = decode(Image.fromarray(np.full((4, 4), 0.5, np.float32)), "TIFF")
        assert np.abs(image.astype(int) - 128).max() <= 1

    def test_floats_that_are_no_numbers_do_not_warn(self) -> None:
        values = np.array([[np.nan, np.inf], [-np.inf, 0.5]], np.float32)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            image = decode(Image.fromarray(values), "TIFF")
        assert image.shape == (2, 2, 3)

    def test_color_of_16_bits(self) -> None:
        image = decode_picture(_png_rgb16(220, 30, 20), "deep.png")
        assert near(image[0, 0], RED, 1)

    def test_a_picture_of_one_pixel(self) -> None:
        assert decode(Image.new("RGB", (1, 1), GREEN)).tolist() == [[[40, 200, 20]]]

    def test_lab_tiff(self) -> None:
        lab = ImageCms.profileToProfile(
            two_tone(),
            ImageCms.createProfile("sRGB"),
            ImageCms.createProfile("LAB"),
            outputMode="LAB",
        )
        assert lab is not None
        image = decode(lab, "TIFF")
        assert near(image[10, 5], RED, 25)


class TestTransparency:
    def test_what_is_clear_becomes_gray(self) -> None:
        image = Image.new("RGBA", (4, 4), (*RED, 0))
        image.putpixel((0, 0), (*RED, 255))
        result = decode(image)
        assert near(result[0, 0], RED, 0)
        assert (result[1:] == 128).all()

    def test_half_clear_is_half_gray(self) -> None:
        result = decode(Image.new("RGBA", (2, 2), (0, 0, 0, 128)))
        assert np.abs(result.astype(int) - 64).max() <= 1

    def test_gray_with_alpha(self) -> None:
        assert (decode(Image.new("LA", (2, 2), (255, 0))) == 128).all()

    def test_a_palette_with_a_clear_color(self) -> None:
        image = two_tone().convert("P", palette=Image.Palette.ADAPTIVE, colors=4)
        clear = image.getpixel((35, 10))
        for format_name in ("PNG", "GIF"):
            result = decode(image, format_name, transparency=clear)
            assert near(result[10, 5], RED)
            assert near(result[10, 35], (128, 128, 128), 1)

    def test_a_clear_color_without_alpha(self) -> None:
        result = decode(two_tone(), transparency=BLUE)
        assert near(result[10, 5], RED, 0)
        assert near(result[10, 35], (128, 128, 128), 1)


class TestOrientation:
    @pytest.mark.parametrize(
        ("orientation", "red_at"),
        [
            *((1, "left"), (2, "right"), (3, "right"), (4, "left")),
            *((5, "top"), (6, "top"), (7, "bottom"), (8, "bottom")),
        ],
    )
    def test_exif_says_how_to_turn_it(self, orientation: int, red_at: str) -> None:
        exif = Image.Exif()
        exif[0x0112] = orientation
        image = decode(two_tone(), "JPEG", exif=exif, quality=95)
        sides = {
            "left": image[:, 2].mean(axis=0),
            "right": image[:, -3].mean(axis=0),
            "top": image[2].mean(axis=0),
            "bottom": image[-3].mean(axis=0),
        }
        assert image.shape[:2] == ((20, 40) if orientation < 5 else (40, 20))
        assert near(sides[red_at], RED, 25)

    def test_broken_exif_costs_only_the_turn(self) -> None:
        broken = b"Exif\x00\x00MM\x00*\x00\x00\x00\x08" + b"\xff" * 30
        assert decode(two_tone(), "JPEG", exif=broken).shape == (20, 40, 3)


class TestAnimation:
    @pytest.mark.parametrize("format_name", ["GIF", "WEBP", "PNG"])
    def test_the_first_frame_is_taken(self, format_name: str) -> None:
        later = [Image.new("RGB", (20, 20), color) for color in (GREEN, BLUE)]
        first = Image.new("RGB", (20, 20), RED)
        data = encoded(first, format_name, save_all=True, append_images=later, duration=50)
        with Image.open(io.BytesIO(data)) as image:
            assert getattr(image, "n_frames", 1) == 3
        assert near(decode_picture(data, "a")[10, 10], RED, 20)

    @pytest.mark.parametrize("format_name", ["GIF", "WEBP", "PNG", "AVIF"])
    def test_its_frames_have_their_own_times(self, tmp_path: Path, format_name: str) -> None:
        later = [Image.new("RGB", (20, 20), color) for color in (GREEN, BLUE)]
        first = Image.new("RGB", (20, 20), RED)
        times = {"save_all": True, "append_images": later, "duration": [200, 50, 400]}
        path = tmp_path / "moving"
        path.write_bytes(encoded(first, format_name, **times))
        with open_picture(path) as picture:
            assert picture.frames == 3
            shown = list(picture.play())
        assert [time for time, _ in shown] == pytest.approx([0, 0.2, 0.25])
        for (_, image), color in zip(shown, (RED, GREEN, BLUE), strict=True):
            assert near(image[10, 10], color, 20)
        with pytest.raises(PictureError, match="an animation of 3 frames, not one picture"):
            read_picture(path)

    def test_a_picture_for_who_cannot_play_is_no_frame(self, tmp_path: Path) -> None:
        later = [Image.new("RGB", (20, 20), color) for color in (GREEN, BLUE)]
        path = tmp_path / "moving.png"
        still = {"save_all": True, "append_images": later, "default_image": True}
        Image.new("RGB", (20, 20), RED).save(path, **still)
        with open_picture(path) as picture:
            assert [near(image[0, 0], GREEN, 2) for _, image in picture.play()] == [True, False]

    def test_frames_that_say_no_time_are_shown_as_browsers_do(self, tmp_path: Path) -> None:
        path = tmp_path / "moving.gif"
        Image.new("L", (9, 9)).save(path, save_all=True, append_images=[Image.new("L", (9, 9), 9)])
        with open_picture(path) as picture:
            assert [time for time, _ in picture.play()] == pytest.approx([0, 0.1])

    def test_pages_are_no_picture_and_copies_are_no_pages(self, tmp_path: Path) -> None:
        path = tmp_path / "scan.tif"
        page, copy = Image.new("RGB", (8, 8), RED), Image.new("RGB", (4, 4), BLUE)
        page.save(path, save_all=True, append_images=[page])
        with pytest.raises(PictureError, match="2 pages, not one picture"):
            read_picture(path)
        copy.save(path, save_all=True, append_images=[page], tiffinfo={254: 1})
        # Pillow says of both that they are smaller copies; the second one is none.
        entry = struct.pack("<HHI", 254, 4, 1)
        before, between, after = path.read_bytes().split(entry + struct.pack("<I", 1))
        path.write_bytes(before + entry + bytes([1, 0, 0, 0]) + between + entry + bytes(4) + after)
        assert read_picture(path).shape == (8, 8, 3)

    def test_the_main_picture_of_a_stereo_camera_is_taken(self, tmp_path: Path) -> None:
        path = tmp_path / "both.jpg"
        Image.new("RGB", (20, 20), RED).save(
            path, "MPO", save_all=True, append_images=[Image.new("RGB", (20, 20), BLUE)]
        )
        with open_picture(path) as picture:
            assert picture.beside == 1
        assert near(read_picture(path)[10, 10], RED, 20)

    def test_a_tiff_of_several_pages(self) -> None:
        other = Image.new("RGB", (8, 8), BLUE)
        image = decode(Image.new("RGB", (4, 4), RED), "TIFF", save_all=True, append_images=[other])
        assert near(image[0, 0], RED, 0)


class TestBroken:
    def test_nothing(self) -> None:
        assert "empty" in message(b"")

    def test_text_named_as_a_picture(self) -> None:
        assert "not a picture" in message(b"This is a letter, not a face.\n" * 20)

    @pytest.mark.parametrize("format_name", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"])
    @pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
    def test_truncated(self, format_name: str, share: float) -> None:
        rng = np.random.default_rng(0)
        noise = Image.fromarray(rng.integers(0, 255, (64, 64, 3), np.uint8))
        data = encoded(noise, format_name)
        message(data[: int(len(data) * share)])

    @given(st.binary(min_size=1, max_size=200))
    def test_no_bytes_raise_anything_else(self, data: bytes) -> None:
        for head in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"II*\x00", b"BM"):
            try:
                decode_picture(head + data, "x")
            except PictureError as error:
                assert "\n" not in str(error)  # noqa: PT017

    @given(
        st.sampled_from(["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"]),
        st.integers(0, 10_000),
        st.binary(min_size=1, max_size=8),
    )
    def test_damage_anywhere_raises_nothing_else(
        self, format_name: str, at: int, damage: bytes
    ) -> None:
        data = bytearray(encoded(two_tone(16, 16), format_name))
        start = at % len(data)
        data[start : start + len(damage)] = damage
        try:
            image = decode_picture(bytes(data), "x")
        except PictureError:
            return
        assert image.dtype == np.uint8
        assert image.ndim == 3


class TestBombs:
    def test_a_header_that_claims_60000_by_60000(self) -> None:
        assert "large" in message(_png_header(60_000, 60_000))

    def test_a_real_one_is_refused_before_it_is_decoded(self) -> None:
        data = encoded(Image.new("1", (9_000, 9_000)), "PNG")
        assert len(data) < 1_000_000
        assert "9000x9000" in message(data)

    def test_the_limit_can_be_set_and_is_named(self) -> None:
        data = encoded(two_tone(2000, 1001))
        with pytest.raises(PictureError, match="2000x1001 is more than 2 megapixels"):
            decode_picture(data, "a", max_pixels=2_000_000)
        assert decode_picture(data, "a", max_pixels=2_002_000).shape == (1001, 2000, 3)

    def test_text_that_unpacks_to_much_is_refused(self) -> None:
        bomb = zlib.compress(bytes(80_000_000))
        chunk = _chunk(b"zTXt", b"comment\x00\x00" + bomb)
        data = encoded(two_tone())
        end_of_header = 8 + 25
        message(data[:end_of_header] + chunk + data[end_of_header:])


class TestFiles:
    @pytest.mark.parametrize("name", ["a b.png", 'it\'s "so".png', "ü 笑.png", "-dash.png"])
    def test_odd_names(self, tmp_path: Path, name: str) -> None:
        path = tmp_path / name
        path.write_bytes(encoded(two_tone()))
        assert read_picture(path).shape == (20, 40, 3)

    def test_a_name_with_a_line_break_gives_one_line(self, tmp_path: Path) -> None:
        path = tmp_path / "a\nb.png"
        path.write_bytes(b"")
        with pytest.raises(PictureError, match=r"a b\.png: the file is empty"):
            read_picture(path)

    def test_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(PictureError, match=r"absent\.png: cannot be read: No such file"):
            read_picture(tmp_path / "absent.png")

    def test_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(PictureError, match="a folder, not a picture"):
            read_picture(tmp_path)

    def test_a_file_too_large_to_be_read(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "disk.png"
        path.write_bytes(encoded(two_tone()))
        monkeypatch.setattr(reading, "MAX_BYTES", 10)
        with pytest.raises(PictureError, match=r"disk\.png: more than"):
            read_picture(path)

    def test_the_content_counts_and_not_the_suffix(self, tmp_path: Path) -> None:
        path = tmp_path / "really_png.jpg"
        path.write_bytes(encoded(two_tone()))
        assert near(read_picture(path)[10, 5], RED, 0)


class TestPng:
    def test_color_comes_back(self) -> None:
        rgb = np.array(two_tone())
        np.testing.assert_array_equal(decode_picture(encode_png(rgb), "x"), rgb[..., ::-1])

    def test_gray_comes_back(self) -> None:
        gray = np.arange(64, dtype=np.uint8).reshape(8, 8, 1)
        np.testing.assert_array_equal(decode_picture(encode_png(gray), "x")[..., :1], gray)


def _chunk(kind: bytes, data: bytes) -> bytes:
    crc = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)


def _png_header(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = _chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + data + _chunk(b"IEND", b"")


def _png_rgb16(red: int, green: int, blue: int) -> bytes:
    header = struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)
    row = b"\x00" + struct.pack(">HHH", *(value * 257 for value in (red, green, blue)))
    body = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(row)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.skipif(os.name == "nt", reason="Windows has other pipes")
def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(PictureError, match=r"pipe\.jpg: a pipe or device"):
        read_picture(tmp_path / "pipe.jpg")


def test_a_name_that_no_system_has_is_an_error_like_others() -> None:
    with pytest.raises(PictureError, match="cannot be read: embedded null"):
        read_picture(Path("a\0b.jpg"))


class TestWhatIsNotRead:
    def test_only_formats_that_are_named_are_tried(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(subprocess, "check_call", lambda *_, **__: pytest.fail("a program"))
        monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a program"))
        eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"
        assert "a drawing" in message(eps, "photo.jpg")
        assert "EPS" not in FORMATS

    @pytest.mark.parametrize(
        ("name", "data"),
        [
            ("a.CR2", b"II*\0\x10\0\0\0CR\x02\0" + bytes(60)),
            ("a.cr3", b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(60)),
            ("a.raf", b"FUJIFILMCCD-RAW 0201" + bytes(60)),
            ("a.arw", b"something new" * 9),
        ],
    )
    def test_raw_files_by_name_or_content(self, name: str, data: bytes) -> None:
        assert message(data, name) == f"{name}: {RAW}"
        assert read_picture_named(name) == (20, 40, 3)

    @pytest.mark.parametrize("tags", [{254: 1, 330: 8}, {50706: b"\1\4\0\0"}, {262: 32803}])
    def test_a_preview_is_not_taken_for_the_picture(self, tags: dict[int, object]) -> None:
        data = encoded(two_tone(), "TIFF", tiffinfo=tags)
        assert RAW in message(data, "a.pef" if 262 in tags else "a.tif")

    def test_a_drawing(self) -> None:
        assert "a drawing" in message(b'<svg xmlns="http://www.w3.org/2000/svg"/>', "a.svg")

    def test_heic_without_its_package(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pi_heif", None)
        data = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(60)
        assert "pip install pi-heif" in message(data, "IMG_0001.jpg")


def read_picture_named(name: str) -> tuple[int, ...]:
    """What is a picture is read, whatever its name says."""
    return decode_picture(encoded(two_tone()), name).shape


class TestOddExif:
    @pytest.mark.parametrize("value", [(1, 0), (0, 0), (-1, 3)])
    @pytest.mark.parametrize("kind", [5, 2, 3, 7])
    def test_odd_values_do_not_cost_the_picture(self, kind: int, value: tuple[int, int]) -> None:
        # Orientation 6, and a focal length of a kind and value that cannot be written again.
        entries = struct.pack("<HHIHH", 0x112, 3, 1, 6, 0)
        entries += struct.pack("<HHII", 0x920A, kind, 1, 38)
        body = b"II*\0\x08\0\0\0" + struct.pack("<H", 2) + entries + bytes(4)
        exif = b"Exif\0\0" + body + struct.pack("<ii", *value)
        assert decode(two_tone(), "JPEG", exif=exif).shape == (40, 20, 3)


class TestScans:
    def test_a_usual_progressive_jpeg_is_read(self) -> None:
        assert decode(two_tone(), "JPEG", progressive=True).shape == (20, 40, 3)

    def test_thousands_of_scans_are_refused_before_they_are_decoded(self) -> None:
        data = encoded(two_tone(64, 64), "JPEG", progressive=True)
        at = data.rindex(b"\xff\xda")
        many = data[:at] + data[at:-2] * 200 + data[-2:]
        assert "scans, which no camera writes" in message(many)


class TestLarge:
    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize(
        ("format_name", "options"),
        [("JPEG", {}), ("JPEG", {"subsampling": 0, "progressive": True}), ("WEBP", {})],
    )
    def test_less_memory_gives_the_same_pixels(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        format_name: str,
        options: dict[str, object],
        orientation: int,
    ) -> None:
        exif = Image.Exif()
        exif[0x0112] = orientation
        noise = np.random.default_rng(0).integers(0, 255, (30, 40, 3), np.uint8)
        image = Image.fromarray(noise).resize((403, 301), Image.Resampling.BICUBIC)
        path = tmp_path / "ü large.jpg"
        path.write_bytes(encoded(image, format_name, exif=exif, **options))
        monkeypatch.setattr(pixels, "STRIP", 5_000)
        usual = read_picture(path)
        monkeypatch.setattr(reading, "LARGE", 0)
        monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("Pillow decoded it"))
        np.testing.assert_array_equal(read_picture(path), usual)

    @pytest.mark.parametrize("orientation", [1, 6])
    def test_a_progressive_jpeg_is_read_in_two_parts(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, orientation: int
    ) -> None:
        exif = Image.Exif()
        exif[0x0112] = orientation
        noise = np.random.default_rng(0).integers(0, 255, (30, 40, 3), np.uint8)
        # Longer than a strip, and odd.
        image = Image.fromarray(noise).resize((403, 2 * lean.ROWS + 5), Image.Resampling.BICUBIC)
        path = tmp_path / "ü large.jpg"
        path.write_bytes(encoded(image, "JPEG", exif=exif, progressive=True, quality=90))
        usual = read_picture(path).astype(int)
        monkeypatch.setattr(reading, "LARGE", 0)
        monkeypatch.setattr(lean, "HELD_LARGE", 0)
        monkeypatch.setattr(lean, "room", lambda *_: pytest.fail("decoded at once"))
        found = read_picture(path).astype(int)
        assert found.shape == usual.shape
        assert np.abs(found - usual).mean() < 1
        # Brightness is as it is; colours are mixed a little otherwise between their samples.
        bright = [cv2.cvtColor(one.astype(np.uint8), cv2.COLOR_BGR2GRAY) for one in (found, usual)]
        assert np.abs(bright[0].astype(int) - bright[1]).mean() < 0.6

    @pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "I;16", "F"])
    def test_strips_are_the_whole(self, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
        ramp = np.linspace(0, 255, 60 * 40).reshape(60, 40)
        image = Image.fromarray(ramp.astype(np.uint8))
        if mode in ("I;16", "F"):
            kind = np.uint16 if mode == "I;16" else np.float32
            image = Image.fromarray((ramp * 200).astype(kind))
        else:
            image = image.convert(mode)
        whole = decode(image, "TIFF")
        monkeypatch.setattr(pixels, "STRIP", 100)
        np.testing.assert_array_equal(decode(image, "TIFF"), whole)

    def test_a_jpeg_2000_is_as_large_as_it_says(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reading, "JPEG2000_LARGE", 100)
        image = decode(two_tone(41, 21), "JPEG2000")
        assert image.shape == (21, 41, 3)
        assert near(image[10, 5], RED, 20)


MUTATED = (
    *("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "DIB", "PPM", "JPEG2000", "AVIF", "ICO"),
    *("DDS", "PCX", "QOI", "SGI", "TGA", "MPO"),
)


@pytest.mark.parametrize("format_name", MUTATED)
def test_mutated_pictures_end_as_an_array_or_a_picture_error(format_name: str) -> None:
    rng = np.random.default_rng(7)
    noise = Image.fromarray(rng.integers(0, 255, (24, 32, 3), np.uint8))
    options: dict[str, object] = {}
    if format_name in ("GIF", "WEBP", "AVIF", "MPO", "TIFF"):
        options = {"save_all": True, "append_images": [noise.rotate(180)]}
    if format_name in ("JPEG", "PNG", "TIFF", "WEBP"):
        exif = Image.Exif()
        exif[0x0112], exif[0x9209], exif[0x010F] = 6, 1, "maker"
        options["exif"] = exif
    good = np.frombuffer(encoded(noise, format_name, **options), np.uint8)
    for _ in range(25):
        data = mutated(good, rng)
        try:
            picture = reading.Picture(io.BytesIO(data), "a", max_pixels=1_000_000)
            images = [image for _, image in itertools.islice(picture.play(), 3)]
        except PictureError as error:
            assert str(error).startswith("a: ")  # noqa: PT017
        else:
            assert all(image.dtype == np.uint8 and image.ndim == 3 for image in images)


def mutated(good: np.ndarray, rng: np.random.Generator) -> bytes:
    """Change some bytes, mostly near the beginning, and sometimes cut the end off."""
    data = good.copy()
    reach = len(data) if rng.random() < 0.5 else min(len(data), 200)
    at = rng.integers(0, reach, rng.integers(1, 6))
    data[at] = rng.choice(np.array([0, 1, 0x7F, 0x80, 0xFF, rng.integers(256)], np.uint8), len(at))
    return data.tobytes()[: rng.integers(1, len(data)) if rng.random() < 0.2 else None]
