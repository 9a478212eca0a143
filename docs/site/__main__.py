"""Builds the documentation site in build/site: `make docs`; `make docs ARGS=--serve` shows it.

A broken link, a missing anchor, a page without a place in the navigation, and anything that a page
would load from another host are errors.
"""

import argparse
import shutil
import subprocess
import sys
import threading
import time
import tomllib
from pathlib import Path

from docs.site import check, reference
from docs.site.places import FILES, ROOT, LostLinkError, Places, linked, pages

CONFIG = ROOT / "zensical.toml"
STAGED, BUILT = ROOT / "build" / "docs", ROOT / "build" / "site"
# How often a shown site looks for what was written meanwhile.
LOOK_SECONDS = 1.0


def main(arguments: list[str] | None = None) -> int:
    """Build or show the site; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m docs.site", description=__doc__)
    parser.add_argument("--serve", action="store_true", help="show it as it is written")
    serve = parser.parse_args(arguments).serve
    try:
        stage()
        lost = unlisted()
    except LostLinkError as error:
        return _fail([str(error)])
    if lost:
        return _fail([f"{page} has no place in the navigation of zensical.toml" for page in lost])
    return _serve() if serve else _build()


def stage(into: Path = STAGED) -> None:
    """Write the pages as the site wants them; what is as it was stays, and what is gone goes."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"].get("urls", {})
    places = Places(pages(), told.get("Repository") or told.get("Source"))
    made = {"api.md": reference.page().encode()}
    for source, place in places.pages.items():
        data = (ROOT / source).read_bytes()
        if place.endswith(".md"):
            text, others = linked(data.decode(), source, places)
            made |= {f"{FILES}/{one}": (ROOT / one).read_bytes() for one in others}
            data = text.encode()
        made[place] = data
    for old in into.rglob("*"):
        if old.is_file() and old.relative_to(into).as_posix() not in made:
            old.unlink()
    for place, data in made.items():
        path = into / place
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != data:
            path.write_bytes(data)


def unlisted(staged: Path = STAGED, config: Path = CONFIG) -> list[str]:
    """Return the pages that the navigation does not have."""
    listed = set(_listed(tomllib.loads(config.read_text("utf-8"))["project"]["nav"]))
    there = {path.relative_to(staged).as_posix() for path in staged.rglob("*.md")}
    return sorted(page for page in there - listed if not page.startswith(f"{FILES}/"))


def _listed(entry: object) -> list[str]:
    if isinstance(entry, str):
        return [entry]
    inner = entry.values() if isinstance(entry, dict) else entry
    return [page for one in inner for page in _listed(one)]


def _build() -> int:
    shutil.rmtree(BUILT, ignore_errors=True)
    began = time.perf_counter()
    status = _zensical("build", "--strict", "--clean")
    if status:
        return status
    faults = list(check.faults(BUILT))
    if faults:
        return _fail(faults)
    count = len(list(BUILT.rglob("*.html")))
    print(f"{count} pages in {BUILT.relative_to(ROOT)}, {time.perf_counter() - began:.0f} s")
    return 0


def _serve() -> int:
    threading.Thread(target=_keep_staged, daemon=True).start()
    return _zensical("serve", "--open")


def _keep_staged() -> None:
    while True:
        time.sleep(LOOK_SECONDS)
        try:
            stage()
        except (LostLinkError, OSError, UnicodeDecodeError) as error:
            print(error, file=sys.stderr)


def _zensical(*arguments: str) -> int:
    command = [sys.executable, "-m", "zensical", arguments[0], "--config-file", str(CONFIG)]
    command += arguments[1:]
    return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 - no shell


def _fail(faults: list[str]) -> int:
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
