"""Starts the real binary on a folder and talks to it: over plain HTTP, through the command line and with the Python client."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import signal
import subprocess
import threading
import time
import uuid
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional
from urllib.parse import urlencode, urlsplit

import baton

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("BATON_BINARY", ROOT / "build" / "dev" / "bin" / "baton")).resolve()

PEOPLE = {
    "dana": ["developer"],
    "alex": ["approver"],
    "drew": ["deployer"],
    "vic": ["viewer"],
    "sam": ["developer", "approver"],
}
"""Users that every server of the tests has. Sam may approve, but not what Sam has made."""

REPORT = {
    "dataset": {"name": "holdout", "digest": "sha256:" + "ab" * 32, "rows": 100, "context": "validation"},
    "task": "regression",
    "metrics": {"r2_score": 0.75, "example_count": 100},
}


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def request(
    url: str,
    method: str,
    path: str,
    *,
    token: Optional[str] = None,
    document: Any = None,
    body: Optional[bytes] = None,
    headers: Optional[Mapping[str, str]] = None,
    query: Optional[Mapping[str, Any]] = None,
    timeout: float = 60,
) -> Answer:
    """One request on a connection of its own, nothing retried, nothing added but the token and the type of the body."""
    sent = dict(headers or {})
    if token is not None:
        sent["Authorization"] = f"Bearer {token}"
    if document is not None:
        body = json.dumps(document).encode()
        sent["Content-Type"] = "application/json"
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout)
    try:
        connection.request(method, path + ("?" + urlencode(query) if query else ""), body, sent)
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


class Server:
    """A running `baton serve`. Its data folder outlives it, so that it can be started again."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data = data
        self.options = options
        self.url = ""
        self.grpc = ""  # host:port, with --grpc-listen
        self.management = ""  # with --management-listen
        self.tokens: Dict[str, str] = {}
        self.process: Optional[subprocess.Popen] = None
        self.log = data.with_name(data.name + ".log")

    def start(self) -> "Server":
        command = [str(BINARY), "serve", "--data", str(self.data), "--listen", "127.0.0.1:0", *self.options]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        watchdog = threading.Timer(30, self.process.kill)
        watchdog.start()
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("admin token: "):
                self.tokens["admin"] = line.split(": ", 1)[1].strip()
            if line.startswith("baton gRPC on "):
                self.grpc = line.rsplit(" ", 1)[1].strip()
            if line.startswith("baton management on "):
                self.management = line.rsplit(" ", 1)[1].strip()
            if line.startswith("baton listening on "):
                self.url = line.rsplit(" ", 1)[1].strip()
                break
        watchdog.cancel()
        if not self.url or self.process.poll() is not None:
            raise RuntimeError(f"the server did not start:\n{self.log_tail()}")
        return self

    def log_tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])

    def kill(self) -> None:
        """As a power switch would, for the process."""
        assert self.process
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._forget()

    def stop(self) -> int:
        """Politely; answers the exit status."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=30)
        self._forget()
        return status

    def _forget(self) -> None:
        assert self.process and self.process.stdout
        self.process.stdout.close()
        self.process, self.url = None, ""

    def add_people(self) -> None:
        for name, roles in PEOPLE.items():
            self.call("admin", "POST", "/users", {"name": name, "roles": roles}, expect=201)
            self.tokens[name] = self.call("admin", "POST", "/tokens", {"user": name}, expect=201)["secret"]

    def api(self, who: Optional[str], method: str, path: str, document: Any = None, **options: Any) -> Answer:
        """A request below /api/v1 in somebody's name; None is nobody."""
        token = self.tokens[who] if who else None
        headers = dict(options.pop("headers", {}) or {})
        if method in ("POST", "PUT", "PATCH", "DELETE"):
            headers.setdefault("Idempotency-Key", uuid.uuid4().hex)
        return request(self.url, method, "/api/v1" + path, token=token, document=document, headers=headers, **options)

    def call(self, who: Optional[str], method: str, path: str, document: Any = None, expect: int = 200, **options: Any) -> Any:
        """As api(), but the status is checked and the JSON answered."""
        answer = self.api(who, method, path, document, **options)
        assert answer.status == expect, f"{method} {path} answered {answer.status}: {answer.body.decode(errors='replace')}"
        return answer.json if answer.body else None

    def client(self, who: str) -> baton.Client:
        return baton.Client(self.url, self.tokens[who])

    def cli(self, who: Optional[str], *arguments: Any, stdin: Optional[str] = None, ok: bool = True) -> subprocess.CompletedProcess:
        """Runs the command line in somebody's name. With ``ok``, exit status 0 is asserted."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("BATON_")}
        environment.update(BATON_URL=self.url, XDG_CONFIG_HOME=str(self.data.with_name(self.data.name + ".config")), NO_COLOR="1")
        if who:
            environment["BATON_TOKEN"] = self.tokens[who]
        command = [str(BINARY), *map(str, arguments)]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, env=environment, timeout=60)
        assert not ok or done.returncode == 0, f"{' '.join(command[1:])} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done

    # Steps that many tests need

    def put_blob(self, who: str, content: bytes) -> str:
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        answer = self.api(who, "PUT", f"/blobs/{digest}", body=content)
        assert answer.status in (200, 201), answer.body
        return digest

    def register(self, model: str, content: bytes, *, who: str = "dana", path: str = "weights.txt", **fields: Any) -> Dict[str, Any]:
        """A version of one file."""
        digest = self.put_blob(who, content)
        files = [{"path": path, "size": len(content), "digest": digest}]
        return self.call(who, "POST", f"/models/{model}/versions", {"files": files, **fields}, expect=201)

    def hand_over(self, version: Mapping[str, Any], environment: str = "production", who: str = "dana") -> Dict[str, Any]:
        """Requests, as Dana, and approves, as Alex; answers the request."""
        path = f"/models/{version['model']}/versions/{version['version']}/requests"
        opened = self.call(who, "POST", path, {"environment": environment}, expect=201)
        return self.call("alex", "POST", f"/requests/{opened['id']}/approvals", {"digest": opened["digest"]}, expect=201)

    def promote(self, request_: Mapping[str, Any], wait: bool = True) -> Dict[str, Any]:
        query = {"wait": "ready"} if wait else None
        return self.call("drew", "POST", f"/requests/{request_['id']}/promotion", {}, query=query)

    def make_live(self, model: str, content: bytes, path: str = "weights.txt") -> Dict[str, Any]:
        """Registers, hands over and promotes; answers the version."""
        version = self.register(model, content, path=path, report=REPORT)
        self.promote(self.hand_over(version))
        return version


def fsck(data: Path) -> subprocess.CompletedProcess:
    """Checks a data folder that no server has open."""
    return subprocess.run([str(BINARY), "fsck", "--data", str(data)], capture_output=True, text=True, timeout=120)


def wait_for(condition: Any, timeout: float = 20.0, pause: float = 0.02) -> Any:
    """The first true answer of ``condition``. For what happens in another process, where no clock can be injected."""
    deadline = time.monotonic() + timeout
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(pause)


def in_threads(count: int, work: Any) -> List[Any]:
    """Runs work(0) … work(count-1) at the same time; answers their results, raises the first error."""
    results: List[Any] = [None] * count
    errors: List[BaseException] = []

    def run(index: int) -> None:
        try:
            results[index] = work(index)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results
