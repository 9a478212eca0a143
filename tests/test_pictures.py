"""Every picture is seen as it is meant to be, and every broken one is one clear line."""

import io
import os
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from mien import pictures
from mien.errors import PictureError
from mien.pictures import SUFFIXES, decode_picture, encode_png, read_picture
from mien.types import PixelArray

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
        assert Image.registered_extensions().keys() >= SUFFIXES

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
        with pytest.raises(PictureError, match="cannot be read"):
            read_picture(tmp_path)

    def test_a_file_too_large_to_be_read(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "disk.png"
        path.write_bytes(encoded(two_tone()))
        monkeypatch.setattr(pictures, "MAX_BYTES", 10)
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
