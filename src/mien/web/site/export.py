"""The page as a site of files, which reads faces by itself: for any host, whole or not at all.

DIR/index.html            the page, which names all else; to be asked for each time
DIR/sw.js                 the service worker, which keeps a version for when there is no network
DIR/manifest.webmanifest  what a phone needs to put it on its home screen
DIR/static/…              all else, named by content: may be kept for ever
DIR/headers.json, DIR/_headers   what a host should send with it; the latter some hosts read
DIR/licences/…            terms of the code, the models and the pictures

Addresses are relative, so that it works in a folder of a host, too.
"""

import base64
import contextlib
import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from typing import Any

from mien import __version__
from mien.errors import MienError, SettingsError
from mien.files.writes import new_folder
from mien.models.bundle import CARD, Bundle, DetectorBundle
from mien.parsing import decode_json
from mien.web.guard.security import COMPUTES, HEADERS, UNFRAMED, policy_of
from mien.web.page import runtime
from mien.web.page.page_files import MADE, POLICIES, STATIC, index
from mien.web.site.engine import classifier, engine_files
from mien.web.site.references import Named, name_by_content

NOTE, MAKER = "headers.json", "mien export-site"
POLICY = {**COMPUTES, "worker-src": "'self'", "manifest-src": "'self'"}
KEPT, ASKED = "public, max-age=31536000, immutable", "no-cache"
ICONS = {"icons/icon-192.png": "192x192", "icons/icon-512.png": "512x512"}
MASKABLE, APPLE = "icons/maskable-512.png", "icons/apple-180.png"
COLOUR = "#2f6a68"  # of the icon


def export_site(
    folder: Path, bundles: Sequence[Bundle], detector: DetectorBundle, *, overwrite: bool = False
) -> Mapping[str, bytes]:
    """Write the site.

    Args:
        folder: Where; it appears whole at the end.
        bundles: Read the faces: the first at first, the others when they are chosen.
        detector: Finds them.
        overwrite: Whether to replace a site that was written there before.

    Returns:
        What was written, by name.

    Raises:
        SettingsError: The folder holds something else, or it cannot be written: what was there is
            left as it was. Or onnxruntime-web is missing.
    """
    _check(folder, overwrite=overwrite)
    site = site_files(bundles, detector)
    try:
        with new_folder(folder) as new:
            for name, data in site.items():
                path = new / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
    except OSError as error:
        raise SettingsError(f"{folder}: the site cannot be written: {error.strerror}") from error
    return site


def site_files(bundles: Sequence[Bundle], detector: DetectorBundle) -> Mapping[str, bytes]:
    """Return all files of the site, by name.

    Raises:
        SettingsError: onnxruntime-web is missing.
    """
    runtime.check()
    besides = engine_files(bundles, detector)
    icons = (*ICONS, MASKABLE, APPLE)
    named = name_by_content(
        index(by_browser=True), lambda name: _read(name, besides), besides=icons
    )
    static = {f"static/{name}": data for name, data in named.files.items()}
    version, headers = _version(named), _headers(named)
    later = [f"static/{named.names[classifier(one.info.name)]}" for one in bundles[1:]]
    kept = {"manifest.webmanifest": _json(_manifest(named)), **static}
    site = {
        "index.html": _page(named, version).encode(),
        "sw.js": _worker(version, kept, later),
        **kept,
        **{f"licences/{name}": data for name, data in _licences(bundles, detector).items()},
        "_headers": _headers_file(headers).encode(),
        ".nojekyll": b"",  # else GitHub's pages leave out what begins with an underscore
    }
    return {**site, NOTE: _json(_note(version, headers, [*site, NOTE]))}


def _check(folder: Path, *, overwrite: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise SettingsError(f"{folder}: is a file; name a folder")
    if not folder.exists() or not any(folder.iterdir()):
        return
    known = _known(folder)
    if known is None:
        raise SettingsError(f"{folder}: holds no site of mien's, only other files; name another")
    strange = next((name for name in sorted(_names(folder)) if name not in known), None)
    if strange is not None:
        raise SettingsError(
            f"{folder / strange}: mien did not write it and would remove it; move it, or name "
            "another folder"
        )
    if not overwrite:
        raise SettingsError(f"{folder}: exists already; choose another name or add --overwrite")


def _known(folder: Path) -> frozenset[str] | None:
    """Return what an earlier export wrote; None where there was none."""
    try:
        note = decode_json((folder / NOTE).read_bytes(), dict[str, Any])
        return frozenset(note["files"]) if note["by"] == MAKER else None
    except (OSError, ValueError, KeyError, TypeError, MienError):
        return None


def _names(folder: Path) -> set[str]:
    paths = (path for path in folder.rglob("*") if not path.is_dir() or path.is_symlink())
    return {path.relative_to(folder).as_posix() for path in paths}


def _read(name: str, besides: Mapping[str, bytes]) -> bytes | None:
    if name in besides:
        return besides[name]
    if name in MADE:
        return MADE[name]()
    path = STATIC / name
    return path.read_bytes() if path.is_file() else None


def _version(named: Named) -> str:
    whole = "\n".join([__version__, named.page, *sorted(named.files)])
    return hashlib.sha256(whole.encode()).hexdigest()[:8]


def _page(named: Named, version: str) -> str:
    head = (
        f'<meta http-equiv="Content-Security-Policy" content="{policy_of(POLICY)}">',
        f'<meta name="site" content="{version}">',
        '<meta name="worker" content="sw.js">',
        f'<meta name="theme-color" content="{COLOUR}">',
        '<link rel="manifest" href="manifest.webmanifest">',
        f'<link rel="apple-touch-icon" href="static/{named.names[APPLE]}">',
    )
    first = '<meta charset="utf-8">'
    return named.page.replace(first, "\n  ".join((first, *head)), 1)


def _worker(version: str, kept: Mapping[str, bytes], later: Sequence[str]) -> bytes:
    """Return the service worker; of what it keeps, some only once that was asked for."""
    files = {name: _integrity(data) for name, data in sorted(kept.items())}
    site = json.dumps({"version": version, "files": files, "later": later})
    return f"self.SITE = {site};\n".encode() + (STATIC / "site" / "sw.js").read_bytes()


def _integrity(data: bytes) -> str:
    """Return a hash as browsers take it that check what they fetch."""
    return f"sha256-{base64.b64encode(hashlib.sha256(data).digest()).decode()}"


def _manifest(named: Named) -> dict[str, Any]:
    icons = [
        {"src": f"static/{named.names[name]}", "sizes": sizes, "type": "image/png"}
        for name, sizes in ICONS.items()
    ]
    maskable = {"src": f"static/{named.names[MASKABLE]}", "sizes": "512x512", "type": "image/png"}
    return {
        "name": "mien",
        "short_name": "mien",
        "description": "Says how a face looks. Nothing leaves the device.",
        "id": "./",
        "start_url": "./",
        "scope": "./",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": COLOUR,
        "icons": [*icons, {**maskable, "purpose": "maskable"}],
    }


def _headers(named: Named) -> dict[str, dict[str, str]]:
    """Return what a host should send, by path below the site."""
    general = {
        **HEADERS,
        "Cache-Control": ASKED,
        "Content-Security-Policy": policy_of({**POLICY, **UNFRAMED}),
    }
    beside = {
        f"/static/{named.names[name]}": {"Content-Security-Policy": policy}
        for name, policy in POLICIES.items()
    }
    return {"/*": general, "/static/*": {"Cache-Control": KEPT}, **beside}


def _headers_file(by_path: Mapping[str, Mapping[str, str]]) -> str:
    """Return the same as Netlify and Cloudflare read it: a later rule takes back an earlier one."""
    lines = []
    for path, headers in by_path.items():
        lines.append(path)
        if path != "/*":
            lines += [f"  ! {name}" for name in headers]
        lines += [f"  {name}: {value}" for name, value in headers.items()]
    return "\n".join([*lines, ""])


def _note(
    version: str, headers: Mapping[str, Mapping[str, str]], names: list[str]
) -> dict[str, Any]:
    return {
        "by": MAKER,
        "mien": __version__,
        "version": version,
        "headers": headers,
        "files": sorted(names),
    }


def _licences(bundles: Sequence[Bundle], detector: DetectorBundle) -> Mapping[str, bytes]:
    # Named by what they do: what a model calls itself may be no name of a file.
    first, *others = bundles
    models = {
        "model.md": first.path / CARD,
        **{f"model-{n}.md": bundle.path / CARD for n, bundle in enumerate(others, 1)},
        "detector.md": detector.path / CARD,
    }
    found = {
        "onnxruntime.txt": runtime.FOLDER / runtime.LICENCES[0],
        "onnxruntime-notices.txt": runtime.FOLDER / runtime.LICENCES[1],
        **{name: path for name, path in models.items() if path.is_file()},
    }
    return {
        "mien.txt": _own_licence(),
        "pictures.md": (files("mien") / "assets" / "CREDITS.md").read_bytes(),
        **{name: path.read_bytes() for name, path in found.items()},
    }


def _own_licence() -> bytes:
    """Return mien's own among the licences in its package: others are called so, too."""
    with contextlib.suppress(metadata.PackageNotFoundError):  # run from its source
        for path in metadata.files("mien") or ():
            if path.name == "LICENSE" and path.parts[0].endswith(".dist-info"):
                return path.read_binary()
    raise SettingsError("mien's own LICENSE is missing from its installation; install it again")


def _json(values: dict[str, Any]) -> bytes:
    return json.dumps(values, indent=2).encode() + b"\n"
