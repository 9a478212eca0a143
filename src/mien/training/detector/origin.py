"""What material came from, so that it is not taken for that of other pictures or teachers."""

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mien.datasets.records import identity
from mien.errors import TrainingError
from mien.files.writes import digest_of
from mien.sources.files import find_pictures
from mien.training.detector.material import Material
from mien.training.detector.notes import BOXES, FACELESS
from mien.training.detector.request import Request


def made_from_of(request: Request) -> dict[str, str]:
    """Return digests of what the answers come from beside the pictures, each by what it is."""
    notes = [
        (folder / name).read_bytes().hex() if (folder / name).is_file() else ""
        for folder in request.folders
        for name in (BOXES, FACELESS)
    ]
    asked = [
        (name, identity(one.detector), list(one.scales)) for name, one in request.teachers.items()
    ]
    return {
        f"{BOXES} and {FACELESS}": digest_of(notes),
        "--faces": "" if request.faces is None else request.faces.digest,
        "--group-pattern": digest_of(request.group_pattern),
        "teachers": digest_of(asked, identity(request.judge)),
    }


def check_origin(material: Material, request: Request, made_from: Mapping[str, str]) -> None:
    """Refuse material that came from something else than is asked for.

    Raises:
        TrainingError: It did; the message says what differs.
    """
    info, judge = material.info, None if request.judge is None else request.judge.name
    known = [picture.sha256 for picture in info.pictures if not picture.cropped]
    files = [path for folder in request.folders for path in find_pictures(folder)]
    with ThreadPoolExecutor() as pool:
        given = list(pool.map(_digest, files))
    same = {
        "pictures": sorted(known) == sorted(given),
        "teachers": (info.teachers, info.judge) == (tuple(request.teachers), judge),
        "--channels": info.channels == request.channels,
        "--seed": info.seed == request.seed,
    }
    same |= {name: value == made_from.get(name) for name, value in info.made_from.items()}
    other = [name for name, equal in same.items() if not equal]
    if other:
        raise TrainingError(
            f"{material.folder}: was made with other {', '.join(other)}; name another --material, "
            "or remove it"
        )


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise TrainingError(f"{path}: cannot be read: {error.strerror}") from error
