"""A hub on the loopback that does what the Hugging Face hub does, as far as mien asks for it."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN = "hf_aTokenThatMustNotBeSeen"
SHOWN_TO_ALL, PRIVATE, GATED = "public", "private", "gated"


@dataclass
class Repository:
    """One of a hub: commits of files, the newest last."""

    files: list[dict[str, bytes]] = field(default_factory=list)
    shown: str = SHOWN_TO_ALL
    messages: list[str] = field(default_factory=list)

    @property
    def newest(self) -> dict[str, bytes]:
        return self.files[-1] if self.files else {}


@dataclass
class StubHub:
    """What is on the hub, and how it misbehaves.

    Attributes:
        repositories: By user/name.
        sizes: What it says of a file's size, by name, where that is not so.
        cut: Names of files that it breaks off in.
        says: Status and text of what it answers to everything, where it does.
        asked: Method, path and token of what it was asked.
        loose: Large files that no commit names yet, by hash.
    """

    endpoint: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    sizes: dict[str, int | None] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    says: tuple[int, str] | None = None
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)
    loose: dict[str, bytes] = field(default_factory=dict)

    def put(self, repo: str, files: dict[str, bytes], shown: str = SHOWN_TO_ALL) -> None:
        """Make a repository, or a new commit in one."""
        self.repositories.setdefault(repo, Repository(shown=shown)).files.append(files)


def commit_of(number: int) -> str:
    """Return the hash of a commit by its number."""
    return hashlib.sha1(str(number).encode()).hexdigest()


@contextmanager
def running() -> Iterator[StubHub]:
    """Run a hub on a free port."""
    hub = StubHub()

    class Handler(_Handler):
        stub = hub

    with _Server(("127.0.0.1", 0), Handler) as server:
        hub.endpoint = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield hub
        server.shutdown()
        thread.join()


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing: who has heard enough hangs up."""


class _Handler(BaseHTTPRequestHandler):
    stub: StubHub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._begin("GET")
        path = unquote(urlsplit(self.path).path)
        if self._answered():
            return
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/(.+))?", path):
            self._info(found[1], found[2])
        elif found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self._file(*found.groups())
        else:
            self._json({"error": "no such page"}, 404)

    def do_POST(self) -> None:
        self._begin("POST")
        body = self.rfile.read(int(self.headers["Content-Length"]))
        path = unquote(urlsplit(self.path).path)
        if self._answered():
            return
        if path != "/api/validate-yaml" and self._token() != TOKEN:
            self._json({"error": "Invalid username or password."}, 401)
        elif path == "/api/repos/create":
            self._create(json.loads(body))
        elif path == "/api/validate-yaml":
            self._json({"errors": [], "warnings": []})
        elif path.endswith("/preupload/main"):
            self._modes(json.loads(body))
        elif path.endswith(".git/info/lfs/objects/batch"):
            self._batch(json.loads(body))
        elif found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/commit/main", path):
            self._commit(found[1], [json.loads(line) for line in body.splitlines()])
        else:
            self._json({"error": "no such page"}, 404)

    def do_PUT(self) -> None:
        self._begin("PUT")
        data = self.rfile.read(int(self.headers["Content-Length"]))
        self.stub.loose[hashlib.sha256(data).hexdigest()] = data
        self._json({})

    def _begin(self, method: str) -> None:
        self.stub.asked.append((method, self.path, self._token()))

    def _token(self) -> str | None:
        given = self.headers.get("Authorization")
        return None if given is None else given.removeprefix("Bearer ")

    def _answered(self) -> bool:
        if self.stub.says is None:
            return False
        status, text = self.stub.says
        self._json({"error": text}, status)
        return True

    def _json(self, value: Any, status: int = 200, code: str = "") -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if code:
            self.send_header("X-Error-Code", code)
        self.end_headers()
        self.wfile.write(data)

    def _seen(self, repo: str, *, whole: bool) -> Repository | None:
        """Return a repository that is shown to who asks; answer, where there is none."""
        found = self.stub.repositories.get(repo)
        known = self._token() == TOKEN
        if found is None or (found.shown == PRIVATE and not known):
            status = 404 if known else 401
            self._json({"error": "Repository not found"}, status, "RepoNotFound" if known else "")
            return None
        if found.shown == GATED and whole and not known:
            self._json({"error": "Access is restricted"}, 401, "GatedRepo")
            return None
        return found

    def _at(self, found: Repository, revision: str | None) -> dict[str, bytes] | None:
        commits = {commit_of(number): files for number, files in enumerate(found.files)}
        names = {None: found.newest, "main": found.newest} | commits
        if revision not in names:
            self._json({"error": "Invalid rev id"}, 404, "RevisionNotFound")
        return names.get(revision)

    def _info(self, repo: str, revision: str | None) -> None:
        found = self._seen(repo, whole=False)
        files = None if found is None else self._at(found, revision)
        if found is None or files is None:
            return
        sizes = {name: self.stub.sizes.get(name, len(data)) for name, data in files.items()}
        number = next((n for n, some in enumerate(found.files) if some is files), 0)
        self._json({
            "id": repo,
            "sha": commit_of(number),
            "private": found.shown == PRIVATE,
            "siblings": [
                {"rfilename": name} | ({} if size is None else {"size": size})
                for name, size in sizes.items()
            ],
        })  # fmt: skip

    def _file(self, repo: str, revision: str, name: str) -> None:
        found = self._seen(repo, whole=True)
        files = None if found is None else self._at(found, revision)
        if files is None:
            return
        if name not in files:
            self._json({"error": "Entry not found"}, 404, "EntryNotFound")
            return
        data = files[name]
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if name in self.stub.cut else data)
        self.close_connection = name in self.stub.cut

    def _create(self, wanted: dict[str, Any]) -> None:
        repo = f"{wanted['organization']}/{wanted['name']}"
        private = wanted.get("visibility") == "private" or wanted.get("private", False)
        self.stub.repositories[repo] = Repository(shown=PRIVATE if private else SHOWN_TO_ALL)
        self._json({"url": f"{self.stub.endpoint}/{repo}"})

    def _modes(self, wanted: dict[str, Any]) -> None:
        large = (".onnx", ".safetensors", ".png")
        self._json({
            "files": [
                {
                    "path": one["path"],
                    "uploadMode": "lfs" if one["path"].endswith(large) else "regular",
                    "shouldIgnore": False,
                }
                for one in wanted["files"]
            ]
        })  # fmt: skip

    def _batch(self, wanted: dict[str, Any]) -> None:
        href = f"{self.stub.endpoint}/lfs/"
        self._json({
            "transfer": "basic",
            "objects": [
                {**one, "actions": {"upload": {"href": href + one["oid"]}}}
                for one in wanted["objects"]
            ],
        })  # fmt: skip

    def _commit(self, repo: str, lines: list[dict[str, Any]]) -> None:
        found = self.stub.repositories[repo]
        files = dict(found.newest)
        for line in lines:
            key, value = line["key"], line["value"]
            if key == "header":
                found.messages.append(value["summary"])
            elif key == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif key == "lfsFile":
                files[value["path"]] = self.stub.loose[value["oid"]]
            elif key == "deletedFile":
                del files[value["path"]]
        found.files.append(files)
        oid = commit_of(len(found.files) - 1)
        self._json({"commitUrl": f"{self.stub.endpoint}/{repo}/commit/{oid}", "commitOid": oid})
