"""Build the source distribution and from it the wheel, and use them as their users will.

    make wheel

Away from the checkout, in environments that hold nothing else: `mien doctor`, a reading of the
sample, the page with all its files and the browser's engine, the site; a training, with the
packages of the extra lent by the environment that runs this; and the core's tests, as they are in
the source distribution, on the wheel.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
import urllib.request
import zipfile
from collections.abc import Callable
from email.parser import BytesParser
from pathlib import Path

from tools.release import version_of

ROOT = Path(__file__).parents[1]
SECONDS = 300
# Tests of the core that need neither a browser nor an extra, and take seconds.
TESTS = ("tests/files", "tests/models", "tests/tracking", "tests/test_parsing.py")
FACES = """
import sys, numpy as np
from pathlib import Path
from PIL import Image
draws = np.random.default_rng(0)
for name, gray in (("bright", 170), ("dark", 40)):
    folder = Path("faces", name)
    folder.mkdir(parents=True)
    for number in range(24):
        noise = draws.integers(0, 80, (48, 48), dtype=np.uint8)
        Image.fromarray(noise + np.uint8(gray)).save(folder / f"{number}.png")
"""


def main() -> None:
    """Do all; end with the first thing that does not work."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mien-wheel-") as name:
        place = Path(name)
        wheel, source = build(ROOT / "dist")
        steps: dict[str, Callable[[], object]] = {
            "what is in them": lambda: look_into(wheel, source),
            "an empty environment": lambda: install(place / "env", wheel),
            "doctor, predict, export-site": lambda: use(place / "env", place / "away"),
            "the page": lambda: open_page(place / "env", place / "away"),
            "uvx": lambda: run("uvx", "--from", wheel, "mien", "--version", cwd=place),
            "a training": lambda: train(place / "env", place / "away"),
            "tests of the source distribution": lambda: test(place / "env", source, place),
        }
        for told, step in steps.items():
            step()
            sys.stdout.write(f"{time.monotonic() - began:5.1f} s  {told}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{wheel}\n{source}\n")


def build(folder: Path) -> tuple[Path, Path]:
    """Build both into a folder, which is emptied; the wheel of the source distribution."""
    shutil.rmtree(folder, ignore_errors=True)
    run("uv", "build", "--quiet", "--out-dir", folder, ROOT, cwd=ROOT)
    (wheel,), (source,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, source


def look_into(wheel: Path, source: Path) -> None:
    """See that both hold what git keeps of the package, and that the metadata says the terms."""
    listed = run("git", "ls-files", "-co", "--exclude-standard", "src/mien", cwd=ROOT)
    kept = set(listed.splitlines())
    kept = {name for name in kept if (ROOT / name).exists()}
    kept |= {p.relative_to(ROOT).as_posix() for p in vendored()}
    with tarfile.open(source) as file:
        packed = {name.partition("/")[2] for name in file.getnames()}
    expect(not kept - packed, f"{source.name} lacks {sorted(kept - packed)[:3]}")
    with zipfile.ZipFile(wheel) as file:
        names = {f"src/{name}" for name in file.namelist() if ".dist-info/" not in name}
        (told,) = (name for name in file.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = BytesParser().parsebytes(file.read(told))
    expect(names == kept, f"{wheel.name} lacks, or has for nothing: {sorted(names ^ kept)[:3]}")
    expect(metadata["Version"] == version_of(ROOT), f"{wheel.name}: is {metadata['Version']}")
    text = str(metadata.get_payload())
    for model in (ROOT / "src/mien/models/shipped").iterdir():
        expect(f"the model `{model.name}`" in text, f"{wheel.name}: no terms of {model.name}")
    near = re.findall(r"\]\((?!https?://|#)([^)]+)\)", text)
    expect(not near, f"{wheel.name}: links of its README lead nowhere: {near[:3]}")


def vendored() -> list[Path]:
    """Return the files of the page's own engine, of which there must be some."""
    found = [p for p in (ROOT / "src/mien/web/static/vendor").rglob("*") if p.is_file()]
    expect(bool(found), "the page's own engine is missing; run `make page-runtime`")
    return found


def install(env: Path, wheel: Path) -> None:
    """Install the wheel, and what it asks for, into a new environment."""
    run("uv", "venv", "--quiet", "--python", sys.executable, env, cwd=env.parent)
    bounds = ROOT / "constraints.txt"
    given = ("--constraint", bounds, wheel)
    run("uv", "pip", "install", "--quiet", "--python", python(env), *given, cwd=env.parent)


def use(env: Path, away: Path) -> None:
    """Use it in a folder of its own."""
    away.mkdir()
    place = mien(env, away, code="import mien; print(mien.__file__)").strip()
    expect(Path(place).is_relative_to(env), f"{place}: is not the wheel's")
    mien(env, away, "doctor")
    mien(env, away, "predict", "sample", "--out", "faces.csv", "--seconds", "2")
    rows = (away / "faces.csv").read_text(encoding="utf-8").splitlines()
    expect(len(rows) > 10 and "happy" in rows[1], f"predict sample: {rows[:2]}")
    mien(env, away, "export-site", "site")
    licence = (away / "site/licences/mien.txt").read_text(encoding="utf-8")
    expect(licence == (ROOT / "LICENSE").read_text(encoding="utf-8"), "site: not our licence")


def open_page(env: Path, away: Path) -> None:
    """Open both pages: all files that they name have to come, and the browser's engine whole."""
    for words in ((), ("--in-browser",)):
        command = [python(env), "-m", "mien", "live", "--no-browser", "--port", "0", *words]
        with subprocess.Popen(  # noqa: S603 - our own words
            command, cwd=away, env=alone(away), stdout=subprocess.PIPE, text=True
        ) as served:
            try:
                line = served.stdout.readline() if served.stdout else ""
                found = re.match(r"mien is at (http://\S+)", line)
                expect(found is not None, f"mien live {' '.join(words)}: said {line!r}")
                look_at(found[1].rstrip("/") if found else "")
            finally:
                served.terminate()


def look_at(address: str) -> None:
    """Fetch a page and all that it names."""
    page = fetch(f"{address}/").decode()
    expect("<title>mien</title>" in page, f"{address}: is not the page")
    named = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page))
    expect(len(named) > 30, f"{address}: names {len(named)} files")
    for name in named:
        fetch(address + name)
    for path in vendored():
        name = path.relative_to(ROOT / "src/mien/web/static").as_posix()
        expect(fetch(f"{address}/static/{name}") == path.read_bytes(), f"{name}: is another")


def fetch(address: str) -> bytes:
    """Return what an address of this machine gives."""
    with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310 - our own server
        return bytes(answer.read())


def train(env: Path, away: Path) -> None:
    """Train for an epoch, with the extra's packages lent by the environment that runs this."""
    site = mien(env, away, code="import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    # After its own packages: mien stays the wheel's.
    Path(site, "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    mien(env, away, code=FACES)
    mien(env, away, "prepare", "faces", "set")
    small = ("--arch", "baseline", "--size", "48", "--epochs", "1", "--config", "own.toml")
    (away / "own.toml").write_text("batch_size = 8\n", encoding="utf-8")
    mien(env, away, "train", "set", "--out", "run", *small)
    expect((away / "run" / "bundle" / "model.onnx").is_file(), "mien train: no bundle")


def test(env: Path, source: Path, place: Path) -> None:
    """Run the core's tests, as the source distribution has them, on the wheel that is installed."""
    with tarfile.open(source) as file:
        file.extractall(place, filter="data")
    (root,) = place.glob("mien-*")
    run(python(env), "-m", "pytest", "-q", "-m", "not heavy", *TESTS, cwd=root, env=alone(place))


def mien(env: Path, away: Path, *words: str, code: str = "") -> str:
    """Run a command of mien, or code, in an environment."""
    asked = ("-c", code) if code else ("-m", "mien", *words)
    return run(python(env), *asked, cwd=away, env=alone(away))


def python(env: Path) -> Path:
    """Return the interpreter of an environment."""
    return env / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def alone(home: Path) -> dict[str, str]:
    """Return surroundings in which nothing leads back to the checkout."""
    hidden = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    return kept | {"HOME": str(home), "USERPROFILE": str(home)}


def run(*words: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Run a program, and return what it prints; end with what it says where it fails."""
    beside = Path(sys.executable).parent / words[0]  # as uv is, of the group dev
    found = shutil.which(str(beside)) or str(words[0])
    command = [found, *map(str, words[1:])]
    done = subprocess.run(  # noqa: S603 - our own words
        command, cwd=cwd, env=env, capture_output=True, check=False, timeout=SECONDS
    )
    said = done.stdout.decode(errors="replace")
    expect(done.returncode == 0, f"{' '.join(command)}\n{said}{done.stderr.decode()}")
    return said


def expect(right: bool, told: str) -> None:
    """End with what is wrong where it is."""
    if not right:
        sys.exit(told)


if __name__ == "__main__":
    main()
