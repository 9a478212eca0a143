"""Damages good files: as bytes, as text, and inside of what the format wraps."""

import io
import json
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from typing import Any

# Makes a bad file of a good one; the others may lend it parts.
Mutator = Callable[[random.Random, bytes, Sequence[bytes]], bytes]
MAX_BYTES = 400_000
NUMBERS = (0, 1, 2, 3, 7, 8, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31)
NUMBERS += (2**32 - 1, 2**53, 2**63 - 1, 2**63, 2**64 - 1, 10**30)
TEXTS = (
    *("", "0", "-1", "1e999", "-1e999", "nan", "inf", "-0", "0.1", "1e-400", "true", "null"),
    *("\x00", "\x1b[31m", "\u202e", "\ud800", "\ufeff", "ä\u0301", "😀", "\u2028", "\r", "\n"),
    *("../../etc/passwd", "/", "C:\\", "a" * 300, "%s%n", "{}", "[]", "''", '"', "\\", ",", ";"),
)
LONG, DEEP = 5000, (50, 1500, 20_000)
TOKENS = re.compile(r"[\w.+-]+|\s+|.", re.DOTALL)
DEEP_MARK = "@deep@"


def damage(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Change bytes wherever."""
    result = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        _damage_once(rng, result, others)
    return bytes(result[:MAX_BYTES])


def _damage_once(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    at = rng.randrange(len(data) + 1)
    # Headers are short and at the beginning, and decide most.
    at = min(at, rng.choice((len(data), len(data), 16, 64, 512)))
    end = at + rng.choice((1, 2, 4, 8, 64, 1000))
    kind = rng.randrange(9)
    if kind == 0 and at < len(data):
        data[at] ^= 1 << rng.randrange(8)
    elif kind == 1:
        data[at:end] = rng.randbytes(min(end, len(data)) - min(at, len(data)))
    elif kind == 2:
        size = rng.choice((1, 2, 4, 8))
        number = rng.choice(NUMBERS) + rng.choice((-1, 0, 0, 1))
        order = "little" if rng.random() < 0.5 else "big"
        data[at : at + size] = (number % 2 ** (8 * size)).to_bytes(size, order)
    elif kind == 3:
        del data[at:end]
    elif kind == 4:
        del data[at:]
    elif kind == 5:
        data[at:at] = data[at:end]
    elif kind == 6:
        data[at:at] = rng.randbytes(end - at)
    elif kind == 7:
        data[at:end] = bytes([rng.choice((0, 255, 32))]) * (end - at)
    else:
        other = rng.choice(others) if others else b""
        start = rng.randrange(len(other) + 1)
        data[at:end] = other[start : start + (end - at) * rng.choice((1, 50))]


def damage_text(rng: random.Random, data: bytes, _others: Sequence[bytes]) -> bytes:
    """Change words, marks and lines of a text, as of a csv file or TOML."""
    tokens = TOKENS.findall(data.decode("utf-8", "replace")) or [""]
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(len(tokens))
        kind = rng.randrange(7)
        if kind <= 1:
            tokens[at] = _bad_text(rng)
        elif kind == 2:
            tokens.insert(at, _bad_text(rng))
        elif kind == 3:
            tokens[at] = rng.choice(tokens)
        elif kind == 4:
            tokens[at : at + rng.randrange(1, 9)] = []
            tokens = tokens or [""]
        elif kind == 5:
            tokens[at:at] = tokens[at : at + rng.randrange(1, 30)]
        else:
            word = rng.choice(tokens)
            tokens = [_bad_text(rng) if token == word else token for token in tokens[:5000]]
    return "".join(tokens)[:MAX_BYTES].encode("utf-8", "surrogatepass")


def _bad_text(rng: random.Random) -> str:
    kind = rng.randrange(12)
    if kind == 0:
        return rng.choice("19") * LONG
    if kind == 1:
        opening, closing = rng.choice((("[", "]"), ("{a=", "}"), ("a.", ""), ('"', "")))
        depth = rng.choice(DEEP)
        return opening * depth + rng.choice(("", closing * depth))
    if kind == 2:
        return rng.choice("x,\n ") * rng.choice((1000, 140_000))
    return rng.choice(TEXTS) if kind < 9 else str(rng.choice(NUMBERS))


def damage_json(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Change values and names of a JSON text; what is no JSON any more, bytes."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return damage(rng, data, others)
    for _ in range(rng.choice((1, 1, 2, 4))):
        value = damage_value(rng, value)
    text = json.dumps(value)
    depth = rng.choice(DEEP)
    text = text.replace(f'"{DEEP_MARK}"', "[" * depth + "]" * depth)
    if rng.random() < 0.1:
        text = text.replace("{", '{"format": 2, "a": 1, "a": 2, ', 1)
    return text[:MAX_BYTES].encode()


def damage_value(rng: random.Random, value: Any) -> Any:
    """Change a value of JSON somewhere inside."""
    if rng.random() < 0.15 or not isinstance(value, dict | list) or not value:
        return _bad_value(rng, value)
    if isinstance(value, list):
        at = rng.randrange(len(value))
        return [*value[:at], *_changed(rng, value[at]), *value[at + 1 :]]
    name = rng.choice(list(value))
    if rng.random() < 0.1:
        return {key: one for key, one in value.items() if key != name}
    if rng.random() < 0.1:
        return {**value, rng.choice(TEXTS): value[name]}
    return {**value, name: damage_value(rng, value[name])}


def _changed(rng: random.Random, value: Any) -> list[Any]:
    count = rng.choice((0, 1, 1, 1, 1, 2, 300))
    return [damage_value(rng, value) if rng.random() < 0.7 else value for _ in range(count)]


def _bad_value(rng: random.Random, value: Any) -> Any:
    number = rng.choice(NUMBERS) * rng.choice((1, -1))
    choices = (
        *(None, True, False, number, number, -1, 0, 0.5, 1e308, float("inf"), float("nan")),
        *(rng.choice(TEXTS), rng.choice(TEXTS), "9" * LONG, 10 ** (LONG - 1000), DEEP_MARK),
        *([], {}, [value], {"a": value}, [value] * 300, [[]], str(value)[:1000]),
    )
    return rng.choice(choices)


def in_header(order: str, mutator: Mutator, start: int = 0) -> Mutator:
    """Change what a length stands before, and put that right.

    Args:
        order: The length as `struct` writes it.
        mutator: Changes what stands behind it.
        start: Where the length is.
    """
    size = struct.calcsize(order)

    def mutate(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
        if len(data) < start + size:
            return damage(rng, data, others)
        (length,) = struct.unpack_from(order, data, start)
        begin = start + size
        header = mutator(rng, data[begin : begin + length], ())
        told = struct.pack(order, len(header) % 2 ** (8 * size))
        return data[:start] + told + header + data[begin + length :]

    return mutate


def in_zip(mutator: Mutator) -> Mutator:
    """Change one member of a zip, which stays whole."""

    def mutate(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
        result = io.BytesIO()
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(result, "w") as new:
                names = old.namelist()
                chosen = rng.choice(names)
                for name in names:
                    if name == chosen and rng.random() < 0.1:
                        continue
                    content = old.read(name)
                    new.writestr(name, mutator(rng, content, ()) if name == chosen else content)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, IndexError):
            return damage(rng, data, others)
        return result.getvalue()

    return mutate


def in_png(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Change one chunk of a PNG, and its checksum with it."""
    if not data.startswith(b"\x89PNG"):
        return damage(rng, data, others)
    chunks, at = [], 8
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    chosen = rng.randrange(len(chunks))
    kind, content = chunks[chosen]
    chunks[chosen] = (kind, damage(rng, content, others))
    if rng.random() < 0.2:
        chunks.insert(chosen, rng.choice(chunks))
    parts = [
        len(content).to_bytes(4, "big")
        + name
        + content
        + zlib.crc32(name + content).to_bytes(4, "big")
        for name, content in chunks
    ]
    return data[:8] + b"".join(parts)
