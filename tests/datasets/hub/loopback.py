"""The part of the Hugging Face Hub that a push and a load use, on this machine, failing where a test says so."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import yaml

TOKEN, USER = "hf_loopback", "lab"
PAGE = 7
"""Files of a tree in one answer."""
LFS = (".parquet", ".mp4", ".jpg")


@dataclass
class Fault:
    """The nth request that fits goes wrong, in one way."""

    method: str
    path: str
    """A pattern."""
    how: str
    """A status such as 503, `drop`: cut before anything is done, `lost`: done, but cut before the answer, or `pass`."""
    nth: int = 1
    times: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    call: Callable[[], object] = lambda: None
    """Also happens then."""
    seen: int = 0

    def hits(self, method: str, path: str) -> bool:
        if method != self.method or not re.search(self.path, path):
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times


@dataclass
class Commit:
    sha: str
    parent: str
    title: str
    files: dict[str, tuple[str, int, bool]]
    """Path -> name of the blob (sha256, or git's sha1), bytes, whether by LFS."""


@dataclass
class Repo:
    private: bool
    commits: list[Commit]
    tags: dict[str, str] = field(default_factory=dict)

    def at(self, revision: str) -> Commit | None:
        sha = self.commits[-1].sha if revision == "main" else self.tags.get(revision, revision)
        return next((commit for commit in self.commits if commit.sha == sha), None)


class Hub:
    """What it holds, and what it was asked."""

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.blobs: dict[str, bytes] = {}
        self.puts: Counter[str] = Counter()
        """Whole uploads by sha256."""
        self.requests: Counter[str] = Counter()
        self.faults: list[Fault] = []
        self.may_write = True
        self.lock = Lock()

    def forget(self) -> None:
        """As if it had just been opened."""
        for each in (self.repos, self.blobs, self.puts, self.requests, self.faults):
            each.clear()

    def bytes_of(self, name: str, revision: str = "main") -> dict[str, bytes]:
        commit = self.repos[name].at(revision)
        assert commit is not None
        return {path: self.blobs[blob] for path, (blob, _, _) in commit.files.items()}


@contextmanager
def running() -> Iterator[tuple[Hub, str]]:
    """The Hub, and its address."""
    hub = Hub()
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = _Server(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections end as they like here."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        self._answer("GET")

    def do_HEAD(self) -> None:
        self._answer("HEAD")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PUT(self) -> None:
        self._answer("PUT")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def _answer(self, method: str) -> None:
        parts = urlsplit(self.path)
        path, query = unquote(parts.path), parse_qs(parts.query)
        with self.hub.lock:
            self.hub.requests[f"{method} {path}"] += 1
            fault = next((each for each in self.hub.faults if each.hits(method, path)), None)
        how = fault.how if fault else ""
        if fault and how != "lost":
            fault.call()
        if how == "drop":
            self._cut()
            return
        body = self._body()
        if fault and how.isdigit():
            self._send(int(how), {"error": "on purpose"}, fault.headers)
            return
        with self.hub.lock:
            status, answer, headers = self._routed(method, path, query, body)
        if fault and how == "lost":
            fault.call()
            self._cut()
            return
        self._send(status, answer, headers)

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        found = b""
        while size := int(self.rfile.readline(), 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def _send(self, status: int, answer: Any, headers: dict[str, str]) -> None:
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _routed(self, method: str, path: str, query: dict[str, list[str]], body: bytes) -> tuple[int, Any, dict]:
        if path.startswith("/storage/"):
            return self._store(path.rsplit("/", 1)[1], body)
        known = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        if path == "/api/whoami-v2":
            return (200, {"name": USER, "type": "user", "orgs": []}, {}) if known else _no(401, "Invalid credentials")
        if path == "/api/validate-yaml":
            return _validated(json.loads(body)["content"])
        if path == "/api/repos/create":
            return self._create(json.loads(body), known)
        match = re.match(r"/(api/)?datasets/([^/]+/[^/.]+)(\.git)?/?(.*)", path)
        repo = self.hub.repos.get(match[2]) if match else None
        if match is None or repo is None or (repo.private and not known):
            return _no(404, "Repository not found", "RepoNotFound")
        verb, _, rest = match[4].partition("/")
        if method in ("POST", "PUT", "DELETE") and verb != "paths-info" and not (known and self.hub.may_write):
            return _no(403 if known else 401, "You have no right to write here")
        return self._of_repo(method, repo, match[2], verb, rest, query, body)

    def _of_repo(
        self, method: str, repo: Repo, name: str, verb: str, rest: str, query: dict[str, list[str]], body: bytes
    ) -> tuple[int, Any, dict]:
        if verb in ("", "revision"):
            commit = repo.at(rest or "main")
            files = [] if commit is None else [{"rfilename": path} for path in commit.files]
            info = {"id": name, "private": repo.private, "siblings": files, "tags": [], "sha": commit and commit.sha}
            return (200, info, {}) if commit else _no(404, "Invalid rev id", "RevisionNotFound")
        if verb == "tree":
            return self._tree(repo, rest, int(query.get("cursor", ["0"])[0]))
        if verb == "refs":
            tags = [{"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": sha} for tag, sha in repo.tags.items()]
            main = {"name": "main", "ref": "refs/heads/main", "targetCommit": repo.commits[-1].sha}
            return 200, {"branches": [main], "converts": [], "tags": tags}, {}
        if verb == "tag":
            return _tagged(method, repo, rest, body)
        if verb == "preupload":
            return 200, {"files": [_mode(repo, each) for each in json.loads(body)["files"]]}, {}
        if verb == "info":
            return self._batch(json.loads(body))
        if verb == "commit":
            return self._commit(repo, name, [json.loads(line) for line in body.splitlines()])
        if verb == "resolve":
            revision, _, path = rest.partition("/")
            return self._resolve(repo, revision, path)
        return _no(404, f"{method} {verb} is not there")

    def _create(self, said: dict[str, Any], known: bool) -> tuple[int, Any, dict]:
        name = f"{said.get('organization') or USER}/{said['name']}"
        url = {"url": f"http://{self.headers['Host']}/datasets/{name}"}
        if not known or not self.hub.may_write or said.get("organization") not in (None, USER):
            return _no(403 if known else 401, "You have no right to write here")
        if name in self.hub.repos:
            return 409, {"error": "You already created this dataset repo", **url}, {}
        attributes = b"*.parquet filter=lfs\n"
        blob = _git_sha1(attributes)
        self.hub.blobs[blob] = attributes
        first = Commit(_sha("first", name), "", "initial commit", {".gitattributes": (blob, len(attributes), False)})
        self.hub.repos[name] = Repo(said.get("visibility") == "private", [first])
        return 200, url, {}

    def _tree(self, repo: Repo, revision: str, begin: int) -> tuple[int, Any, dict]:
        commit = repo.at(revision)
        if commit is None:
            return _no(404, "Invalid rev id", "RevisionNotFound")
        rows = [_listed(path, *file) for path, file in sorted(commit.files.items())]
        base = f"http://{self.headers['Host']}{urlsplit(self.path).path}"
        more = (
            {"Link": f'<{base}?recursive=True&cursor={begin + PAGE}>; rel="next"'} if begin + PAGE < len(rows) else {}
        )
        return 200, rows[begin : begin + PAGE], more

    def _batch(self, said: dict[str, Any]) -> tuple[int, Any, dict]:
        objects = []
        for each in said["objects"]:
            stored = each["oid"] in self.hub.blobs
            upload = {"upload": {"href": f"http://{self.headers['Host']}/storage/{each['oid']}", "header": {}}}
            objects.append({**each, **({} if stored else {"actions": upload})})
        return 200, {"transfer": "basic", "objects": objects}, {}

    def _store(self, oid: str, body: bytes) -> tuple[int, Any, dict]:
        if hashlib.sha256(body).hexdigest() != oid:
            return _no(400, "other bytes than said")
        self.hub.puts[oid] += 1
        self.hub.blobs[oid] = body
        return 200, {}, {}

    def _commit(self, repo: Repo, name: str, lines: list[dict[str, Any]]) -> tuple[int, Any, dict]:
        head, last = lines[0]["value"], repo.commits[-1]
        if head.get("parentCommit", last.sha) != last.sha:
            return _no(412, "A commit has happened since")
        files = dict(last.files)
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "file":
                data = base64.b64decode(value["content"])
                self.hub.blobs[_git_sha1(data)] = data
                files[value["path"]] = (_git_sha1(data), len(data), False)
            elif line["key"] == "lfsFile":
                if value["oid"] not in self.hub.blobs:
                    return _no(400, "no such object")
                files[value["path"]] = (value["oid"], value["size"], True)
            else:
                del files[value["path"]]
        commit = Commit(_sha(last.sha, json.dumps(lines)), last.sha, head["summary"], files)
        repo.commits.append(commit)
        url = f"http://{self.headers['Host']}/datasets/{name}/commit/{commit.sha}"
        return 200, {"commitUrl": url, "commitOid": commit.sha}, {}

    def _resolve(self, repo: Repo, revision: str, path: str) -> tuple[int, Any, dict]:
        commit = repo.at(revision)
        if commit is None:
            return _no(404, "Invalid rev id", "RevisionNotFound")
        if path not in commit.files:
            return _no(404, "Entry not found", "EntryNotFound")
        blob = commit.files[path][0]
        return 200, self.hub.blobs[blob], {"ETag": f'"{blob}"', "X-Repo-Commit": commit.sha}


def _no(status: int, said: str, code: str = "") -> tuple[int, Any, dict]:
    return status, {"error": said}, {"X-Error-Message": said, **({"X-Error-Code": code} if code else {})}


def _validated(content: str) -> tuple[int, Any, dict]:
    front = yaml.safe_load(content.split("---")[1])
    good = isinstance(front, dict) and front.get("task_categories") == ["robotics"]
    return (200, {"errors": [], "warnings": []}, {}) if good else (400, {"errors": [{"message": "bad card"}]}, {})


def _mode(repo: Repo, said: dict[str, Any]) -> dict[str, Any]:
    there = repo.commits[-1].files.get(said["path"])
    mode = "lfs" if said["path"].endswith(LFS) else "regular"
    return {"path": said["path"], "uploadMode": mode, "shouldIgnore": False, "oid": there and there[0]}


def _tagged(method: str, repo: Repo, rest: str, body: bytes) -> tuple[int, Any, dict]:
    if method == "DELETE":
        del repo.tags[rest]
        return 200, {}, {}
    name, commit = json.loads(body)["tag"], repo.at(rest)
    if commit is None:
        return _no(404, "Invalid rev id", "RevisionNotFound")
    if name in repo.tags:
        return _no(409, "Tag reference exists already")
    repo.tags[name] = commit.sha
    return 200, {}, {}


def _listed(path: str, blob: str, size: int, lfs: bool) -> dict[str, Any]:
    pointer = {"lfs": {"oid": blob, "size": size, "pointerSize": 130}} if lfs else {}
    return {"type": "file", "path": path, "size": size, "oid": _sha("pointer", blob) if lfs else blob, **pointer}


def _git_sha1(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def _sha(*words: str) -> str:
    return hashlib.sha1("\n".join(words).encode()).hexdigest()
