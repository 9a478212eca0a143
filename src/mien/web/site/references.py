"""Which files name which, and how each comes to be named by its content.

A name that changes with the content can be kept for ever. What a file names changes its own name,
too, so that no page of one version ever loads a file of another: its hash is over all that can be
reached from it.
"""

import hashlib
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

DIGITS = 10
# Code of others, which names nothing of ours.
OPAQUE = "vendor/"
# In modules: `from "./x.js"`, `import("./x.js")`, `new URL("./x", import.meta.url)`.
_MODULE = re.compile(
    r"""(?P<before>\bfrom\s*|\bimport\s*\(?\s*|\bnew\s+URL\(\s*)"(?P<name>\.{1,2}/[^"]+)\""""
)
_PAGE = re.compile(r'(?P<before>\b(?:href|src)=)"/static/(?P<name>[^"]+)"')
# Some hosts do not know what this is.
_SUFFIXES = {".mjs": ".js"}


@dataclass(frozen=True, slots=True)
class Named:
    """What a page is made of, under the names that the site gives.

    Attributes:
        page: The page itself.
        files: All that can be reached from it, by name.
        names: The name of each file, by its name in the package.
    """

    page: str
    files: Mapping[str, bytes]
    names: Mapping[str, str]


def name_by_content(
    page: str, read: Callable[[str], bytes | None], *, besides: tuple[str, ...] = ()
) -> Named:
    """Collect all that a page reaches, and name each file by its content.

    Args:
        page: The page, which names files as `/static/…`.
        read: Returns a file of the package by its name below `static`; None where there is none.
        besides: Names of files that the page does not reach by itself.

    Raises:
        ValueError: A file names one that is not there.
    """
    contents: dict[str, bytes] = {}
    waiting = [*besides, *(match["name"] for match in _PAGE.finditer(page))]
    while waiting:
        name = waiting.pop()
        if name in contents:
            continue
        data = read(name)
        if data is None:
            raise ValueError(f"{name}: named by the page or one of its files, but not there")
        contents[name] = data
        waiting += [target for target in _targets(name, data) if _is_code(target, read)]
    names = {name: _named(name, _digest(name, contents)) for name in contents}
    files = {names[name]: _rewritten(name, data, names) for name, data in contents.items()}
    return Named(_PAGE.sub(lambda match: _link(match, names), page), files, names)


def _targets(name: str, data: bytes) -> Iterator[str]:
    """Yield what a module names, as names below `static`."""
    if PurePosixPath(name).suffix == ".js" and not name.startswith(OPAQUE):
        for match in _MODULE.finditer(data.decode()):
            yield _target(name, match["name"])


def _target(name: str, relative: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), relative))


def _is_code(target: str, read: Callable[[str], bytes | None]) -> bool:
    """Whether it is loaded: comments name types, too, of which there is no module."""
    types = PurePosixPath(target).with_suffix(".d.ts").as_posix()
    return read(target) is not None or read(types) is None


def _digest(name: str, contents: Mapping[str, bytes]) -> str:
    reached, waiting = {name}, [name]
    while waiting:
        one = waiting.pop()
        more = {other for other in _targets(one, contents[one]) if other in contents} - reached
        reached |= more
        waiting += more
    whole = hashlib.sha256()
    for one in sorted(reached):
        whole.update(f"{one} {hashlib.sha256(contents[one]).hexdigest()}\n".encode())
    return whole.hexdigest()[:DIGITS]


def _named(name: str, digest: str) -> str:
    path = PurePosixPath(name)
    suffix = _SUFFIXES.get(path.suffix, path.suffix)
    return path.with_name(f"{path.stem}.{digest}{suffix}").as_posix()


def _rewritten(name: str, data: bytes, names: Mapping[str, str]) -> bytes:
    if next(_targets(name, data), None) is None:
        return data

    def rename(match: re.Match[str]) -> str:
        target = names.get(_target(name, match["name"]))
        if target is None:
            return match[0]
        relative = posixpath.relpath(target, posixpath.dirname(name) or ".")
        dotted = relative if relative.startswith(".") else f"./{relative}"
        return f'{match["before"]}"{dotted}"'

    return _MODULE.sub(rename, data.decode()).encode()


def _link(match: re.Match[str], names: Mapping[str, str]) -> str:
    return f'{match["before"]}"static/{names[match["name"]]}"'
