"""A small stand-in for Baton in this process: it keeps what it is told in memory and misbehaves on demand."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from baton.manifest import canonical, digest_of
from baton.types import File

VERSION_PATH = r"/api/v1/models/([^/]+)/versions/([^/]+)"


class Call(NamedTuple):
    """One request as it arrived."""

    method: str
    path: str
    headers: Dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


class FakeServer:
    """Use as a context manager. ``faults`` are taken one for each request that matches: see ``fail``, ``drop`` and ``cut_upload``."""

    def __init__(self) -> None:
        self.calls: List[Call] = []
        self.blobs: Dict[str, bytes] = {}
        self.partial: Dict[str, bytes] = {}
        self.versions: Dict[str, List[dict]] = {}
        self.requests: List[dict] = []
        self.live: Dict[str, dict] = {}
        self.revision = 0
        self.serving: Dict[str, str] = {"serving": "ready"}  # what becomes of a version that goes live
        self.inputs = [{"name": "X", "datatype": "FP32", "shape": [-1, 2]}]
        self.corrupt: Dict[str, bytes] = {}  # what is sent instead of a blob
        self.replayed: Dict[str, Tuple[int, Any]] = {}
        self.faults: List[Tuple[str, str, Callable[["_Handler"], bool]]] = []
        self.lock = threading.Lock()

        fake = self

        class Handler(_Handler):
            server_state = fake

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> "FakeServer":
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._server.shutdown()
        self._server.server_close()

    def fail(self, method: str, path: str, status: int, problem: Any = None, **headers: str) -> None:
        """Answers the next such request with an error."""

        def act(handler: "_Handler") -> bool:
            handler.read_body()
            handler.answer(status, problem or {"detail": "told to fail"}, {key.replace("_", "-"): value for key, value in headers.items()})
            return True

        self.faults.append((method, path, act))

    def drop(self, method: str, path: str, after_effect: bool = False) -> None:
        """Closes the connection instead of answering; with ``after_effect`` the request has been carried out."""

        def act(handler: "_Handler") -> bool:
            handler.silent = True
            if not after_effect:
                handler.close_connection = True
                return True
            return False

        self.faults.append((method, path, act))

    def cut_upload(self, after: int) -> None:
        """Takes ``after`` bytes of the next upload, keeps them and closes the connection."""

        def act(handler: "_Handler") -> bool:
            digest = handler.path.rsplit("/", 1)[1]
            self.partial[digest] = self.partial.get(digest, b"") + handler.rfile.read(after)
            handler.close_connection = True
            return True

        self.faults.append(("PUT", "/api/v1/blobs/", act))

    def cut_download(self, after: int) -> None:
        """Sends ``after`` bytes of the next file and closes the connection."""

        def act(handler: "_Handler") -> bool:
            handler.cut_after = after
            return False

        self.faults.append(("GET", "/files/", act))

    def of(self, method: str, path: str) -> List[Call]:
        """The calls with this method whose path contains ``path``."""
        return [call for call in self.calls if call.method == method and path in call.path]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state: FakeServer
    silent = False
    cut_after: Optional[int] = None

    def log_message(self, *_: Any) -> None:
        pass

    def handle_any(self) -> None:
        self.body: Optional[bytes] = None
        self.silent, self.cut_after = False, None
        state = self.server_state
        with state.lock:
            for fault in state.faults:
                if fault[0] == self.command and fault[1] in self.path:
                    state.faults.remove(fault)
                    at = len(state.calls)  # kept before the answer goes out, so that a test finds it there
                    state.calls.append(Call(self.command, self.path, dict(self.headers), b""))
                    ended = fault[2](self)
                    state.calls[at] = state.calls[at]._replace(body=self.body or b"")
                    if ended:
                        return
                    state.calls.pop()
                    break
            self.read_body()
            state.calls.append(Call(self.command, self.path, dict(self.headers), self.body or b""))
            key = self.headers.get("Idempotency-Key", "")
            if key and key in state.replayed:
                status, document = state.replayed[key]
                self.answer(status, document, {"Idempotency-Replayed": "true"})
                return
            self.route(self.path.partition("?")[0])

    do_GET = do_POST = do_PUT = do_HEAD = handle_any

    def read_body(self) -> bytes:
        if self.body is None:
            self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return self.body

    def answer(self, status: int, document: Any = None, headers: Optional[Dict[str, str]] = None, raw: Optional[bytes] = None) -> None:
        content = raw if raw is not None else b"" if document is None else json.dumps(document).encode()
        key = self.headers.get("Idempotency-Key", "")
        if key and status < 400:
            self.server_state.replayed[key] = (status, document)
        if self.silent:
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content if self.cut_after is None else content[: self.cut_after])
        if self.cut_after is not None:
            self.close_connection = True

    def route(self, path: str) -> None:
        state = self.server_state
        for method, pattern, handler in _ROUTES:
            found = re.fullmatch(pattern, path)
            if found and method == self.command:
                return handler(self, state, *(group or "" for group in found.groups()))
        self.answer(404, {"code": "not_found", "detail": f"no such path: {path}"})

    # What the contract says, in its simplest form

    def blobs_missing(self, state: FakeServer) -> None:
        self.answer(200, {"missing": [digest for digest in json.loads(self.body or b"")["digests"] if digest not in state.blobs]})

    def head_blob(self, state: FakeServer, digest: str) -> None:
        if digest in state.blobs:
            self.answer(200)
        else:
            self.answer(404, None, {"Upload-Offset": str(len(state.partial.get(digest, b"")))})

    def put_blob(self, state: FakeServer, digest: str) -> None:
        content = self.body or b""
        at = self.headers.get("Content-Range")
        if at:
            start = int(at.split()[1].split("-")[0])
            before = state.partial.get(digest, b"")
            if start != len(before):
                return self.answer(412, {"code": "aborted", "detail": f"continue at {len(before)}"})
            content = before + content
        state.partial.pop(digest, None)
        if "sha256:" + hashlib.sha256(content).hexdigest() != digest:
            return self.answer(422, {"code": "integrity", "detail": "the bytes do not match the digest"})
        state.blobs[digest] = content
        self.answer(201)

    def register(self, state: FakeServer, model: str) -> None:
        document = json.loads(self.body or b"")
        missing = [file["digest"] for file in document["files"] if file["digest"] not in state.blobs]
        if missing:
            return self.answer(422, {"code": "blobs_missing", "detail": "send them first: " + ", ".join(missing)})
        digest = digest_of(canonical([File(**file) for file in document["files"]]))
        if document.get("expected_digest", digest) != digest:
            return self.answer(422, {"code": "integrity", "detail": "expected another digest"})
        versions = state.versions.setdefault(model, [])
        version = {**document, "model": model, "version": len(versions) + 1, "digest": digest, "stage": "staged", "of_the_future": 1}
        versions.append(version)
        self.answer(201, version)

    def find_version(self, model: str, ref: str) -> Optional[dict]:
        versions = self.server_state.versions.get(model, [])
        if ref == "live" and model in self.server_state.live:
            ref = str(self.server_state.live[model]["version"])
        found = versions[int(ref) - 1] if ref.isdigit() and int(ref) <= len(versions) else None
        if found is None:
            self.answer(404, {"code": "not_found", "detail": f"{model} has no version {ref}", "hint": "see what there is"})
        return found

    def get_version(self, state: FakeServer, model: str, ref: str) -> None:
        if found := self.find_version(model, ref):
            self.answer(200, found)

    def manifest(self, state: FakeServer, model: str, ref: str) -> None:
        if found := self.find_version(model, ref):
            self.answer(200, raw=canonical([File(**file) for file in found["files"]]))

    def file(self, state: FakeServer, model: str, ref: str, path: str) -> None:
        if found := self.find_version(model, ref):
            digest = next(file["digest"] for file in found["files"] if file["path"] == path)
            content = state.corrupt.get(digest, state.blobs[digest])
            start = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            self.answer(206 if start else 200, raw=content[int(start[1]) :] if start else content)

    def open_request(self, state: FakeServer, model: str, ref: str) -> None:
        if found := self.find_version(model, ref):
            request = {**json.loads(self.body or b""), "id": len(state.requests) + 1, "state": "open", "approvals": []}
            request.update({"model": model, "version": found["version"], "digest": found["digest"]})
            state.requests.append(request)
            self.answer(201, request)

    def list_requests(self, state: FakeServer) -> None:
        self.answer(200, {"items": state.requests})

    def get_request(self, state: FakeServer, request: str) -> None:
        self.answer(200, state.requests[int(request) - 1])

    def approve(self, state: FakeServer, request: str) -> None:
        found, document = state.requests[int(request) - 1], json.loads(self.body or b"")
        if document["digest"] != found["digest"]:
            return self.answer(412, {"code": "aborted", "detail": "the request is about another digest"})
        found["approvals"].append({"user": "alex", **document})
        found["state"] = "approved"
        self.answer(201, found)

    def withdraw(self, state: FakeServer, request: str) -> None:
        found = state.requests[int(request) - 1]
        found["state"] = "withdrawn"
        self.answer(200, found)

    def promote(self, state: FakeServer, request: str) -> None:
        found = state.requests[int(request) - 1]
        if found["state"] != "approved":
            missing = [{"requirement": "approvals", "explanation": "0 of 1 given"}]
            return self.answer(409, {"code": "failed_precondition", "detail": "not approved yet", "missing": missing})
        state.revision += 1
        found["state"] = "executed"
        slot = {key: found[key] for key in ("model", "version", "digest", "environment")}
        state.live[found["model"]] = {**slot, "revision": state.revision, **state.serving}
        self.answer(200, state.live[found["model"]])

    def rollback(self, state: FakeServer, model: str) -> None:
        state.revision += 1
        state.live[model] = {**state.live[model], "revision": state.revision, "message": "", **state.serving}
        self.answer(200, state.live[model])

    def get_live(self, state: FakeServer) -> None:
        self.answer(200, {"revision": state.revision, "slots": list(state.live.values())})

    def metadata(self, state: FakeServer, model: str, version: str = "") -> None:
        version = version or str(state.live.get(model, {"version": 1})["version"])
        described = {"versions": [version], "platform": "baton", "inputs": state.inputs, "outputs": []}
        self.answer(200, {"name": model, **described, "properties": {"version": version}})

    def infer(self, state: FakeServer, model: str, version: str = "") -> None:
        tensor = json.loads(self.body or b"")["inputs"][0]
        if tensor["name"] != state.inputs[0]["name"]:
            return self.answer(400, {"error": f"expected input {state.inputs[0]['name']}"})
        if None in tensor["data"]:
            return self.answer(400, {"error": "the model takes no missing values"})
        rows, width = tensor["shape"]
        sums = [sum(tensor["data"][row * width : (row + 1) * width]) for row in range(rows)]
        outputs = [
            {"name": "label", "datatype": "INT64", "shape": [rows], "data": [int(value) for value in sums]},
            {"name": "scores", "datatype": "FP32", "shape": [rows, 1], "data": [value if value >= 0 else None for value in sums]},
        ]
        version = version or str(state.live.get(model, {"version": 1})["version"])
        self.answer(200, {"model_name": model, "model_version": version, "outputs": outputs})


_ROUTES: List[Tuple[str, str, Callable[..., None]]] = [
    ("POST", r"/api/v1/blobs/missing", _Handler.blobs_missing),
    ("HEAD", r"/api/v1/blobs/(.+)", _Handler.head_blob),
    ("PUT", r"/api/v1/blobs/(.+)", _Handler.put_blob),
    ("POST", r"/api/v1/models/([^/]+)/versions", _Handler.register),
    ("GET", VERSION_PATH, _Handler.get_version),
    ("GET", VERSION_PATH + "/manifest", _Handler.manifest),
    ("GET", VERSION_PATH + "/files/(.+)", _Handler.file),
    ("POST", VERSION_PATH + "/requests", _Handler.open_request),
    ("GET", r"/api/v1/requests", _Handler.list_requests),
    ("GET", r"/api/v1/requests/(\d+)", _Handler.get_request),
    ("POST", r"/api/v1/requests/(\d+)/approvals", _Handler.approve),
    ("POST", r"/api/v1/requests/(\d+)/promotion", _Handler.promote),
    ("POST", r"/api/v1/requests/(\d+)/withdrawal", _Handler.withdraw),
    ("POST", r"/api/v1/models/([^/]+)/rollback", _Handler.rollback),
    ("GET", r"/api/v1/live", _Handler.get_live),
    ("GET", r"/v2/models/([^/]+)(?:/versions/(\d+))?", _Handler.metadata),
    ("POST", r"/v2/models/([^/]+)(?:/versions/(\d+))?/infer", _Handler.infer),
]
