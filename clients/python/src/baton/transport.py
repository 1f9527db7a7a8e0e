"""HTTP towards one server: connections that are kept, retries of what is safe to repeat, answers turned into errors.

What goes wrong on the network is raised as Unavailable. An OSError out of here is one of this computer's own files.

Everything this package sends may be repeated: reading changes nothing, and a mutation carries an Idempotency-Key under
which the server answers the second time what it answered the first. So a broken connection and "try again later" are both
retried, with growing pauses. Thread-safe.
"""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Tuple, Union
from urllib.parse import urlencode, urlsplit

from .errors import BatonError, InvalidRequest, Unavailable, error_of, unreachable

_RETRIED_STATUS = (0, 429, 502, 503, 504)  # 0: no answer came
_MAX_PAUSE = 10.0  # seconds, also the longest Retry-After that is waited for
_KEPT_CONNECTIONS = 16

Body = Union[bytes, Iterable[bytes], None]


def worth_repeating(error: BatonError) -> bool:
    """Whether another attempt may fare better: no answer came, or one that said "later"."""
    return isinstance(error, Unavailable) and error.status in _RETRIED_STATUS


@dataclass(frozen=True)
class Response:
    """A whole answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


class Transport:
    """Requests to one server. ``sleep`` and ``jitter`` are there for tests."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeout: float = 60.0,
        attempts: int = 5,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidRequest(f"'{url}' is not the URL of a server", code="invalid_argument", hint="write http://HOST:PORT")
        self.url = url.rstrip("/")
        self._secure = parts.scheme == "https"
        self._host, self._port, self._prefix = parts.hostname, parts.port, parts.path.rstrip("/")
        self._token, self._timeout, self._attempts = token, timeout, attempts
        self._sleep, self._jitter = sleep, jitter
        self._idle: List[http.client.HTTPConnection] = []
        self._lock = threading.Lock()

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Optional[Mapping[str, Any]] = None,
        document: Any = None,
        headers: Optional[Mapping[str, str]] = None,
        timeout: Optional[float] = None,
        accept: Tuple[int, ...] = (),
    ) -> Response:
        """One logical request: repeated on trouble, answered with a status below 400 or one of ``accept``, else raised."""
        given = {key: value for key, value in (query or {}).items() if value is not None}
        target = path + ("?" + urlencode(given) if given else "")
        sent: Dict[str, str] = dict(headers or {})
        body = None
        if document is not None:
            body = json.dumps(document, allow_nan=False, separators=(",", ":")).encode("utf-8")
            sent["Content-Type"] = "application/json"
        if method in ("POST", "PUT", "PATCH", "DELETE"):
            sent.setdefault("Idempotency-Key", uuid.uuid4().hex)
        failure: BatonError
        for attempt in range(1, self._attempts + 1):
            wait = 0.0
            try:
                response = self.send(method, target, body, sent, timeout)
            except Unavailable as error:
                failure = error
                self.close()  # the others that were kept have most likely gone stale with it
            else:
                if response.status < 400 or response.status in accept:
                    return response
                failure = self.error(response)
                wait = _seconds(response.headers.get("retry-after"))
            if not worth_repeating(failure):
                break
            if attempt < self._attempts:
                self.pause(attempt, wait)
        raise failure

    def send(
        self, method: str, target: str, body: Body = None, headers: Optional[Mapping[str, str]] = None, timeout: Optional[float] = None
    ) -> Response:
        """One exchange on the wire, whatever the status. ``body`` may be an iterable of bytes when Content-Length is given."""
        connection = self._take()
        try:
            with self._network():
                self._request(connection, method, target, body, headers, timeout)
                answer = connection.getresponse()
                response = Response(answer.status, _headers(answer), answer.read())
        except BaseException:
            connection.close()
            raise
        if answer.will_close:
            connection.close()
        else:
            self._give_back(connection)
        return response

    def stream(
        self, target: str, headers: Mapping[str, str], on_chunk: Callable[[bytes], None], accept: Tuple[int, ...] = (200, 206)
    ) -> Response:
        """One GET whose body goes to ``on_chunk`` piece by piece. An error status is raised, a cut body is Unavailable."""
        connection = self._take()
        try:
            with self._network():
                self._request(connection, "GET", target, None, headers, None)
                answer = connection.getresponse()
                response = Response(answer.status, _headers(answer), b"")
                if answer.status not in accept:
                    raise self.error(Response(answer.status, response.headers, answer.read()))
                expected = answer.length
            received = 0
            while True:
                with self._network():
                    chunk = answer.read(256 * 1024)
                    if not chunk:
                        if expected is not None and received < expected:
                            raise http.client.IncompleteRead(b"", expected - received)
                        return response
                received += len(chunk)
                on_chunk(chunk)
        finally:
            connection.close()

    def error(self, response: Response) -> BatonError:
        """The exception that an error answer stands for."""
        try:
            document = response.json()
        except ValueError:
            document = None
        return error_of(response.status, document, response.headers.get("x-request-id", ""))

    def pause(self, attempt: int, at_least: float = 0.0) -> None:
        """Waits before attempt + 1: a random part of a span that doubles, so that many clients do not come back at once."""
        self._sleep(min(_MAX_PAUSE, max(at_least, self._jitter() * 0.2 * 2**attempt)))

    def close(self) -> None:
        """Closes the connections that are kept."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextmanager
    def _network(self) -> Iterator[None]:
        """Turns what goes wrong inside into Unavailable, but for what _local has marked."""
        try:
            yield
        except (OSError, http.client.HTTPException) as error:
            raise unreachable(self.url, error) from error
        except _LocalFailure as failure:
            raise failure.error from None

    def _request(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        target: str,
        body: Body,
        headers: Optional[Mapping[str, str]],
        timeout: Optional[float],
    ) -> None:
        connection.timeout = timeout or self._timeout
        if connection.sock is not None:
            connection.sock.settimeout(connection.timeout)
        sent = dict(headers or {})
        sent["User-Agent"] = "baton-python/0.1.0"
        if self._token:
            sent["Authorization"] = f"Bearer {self._token}"
        try:
            content = body if body is None or isinstance(body, bytes) else _local(body)
            connection.request(method, self._prefix + target, body=content, headers=sent)
        except (BrokenPipeError, ConnectionResetError):
            # A server that refuses a body before it has come in whole closes its end; its answer is still worth reading.
            if body is None or connection.sock is None:
                raise

    def _take(self) -> http.client.HTTPConnection:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        return kind(self._host, self._port, timeout=self._timeout, blocksize=256 * 1024)

    def _give_back(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if len(self._idle) < _KEPT_CONNECTIONS:
                self._idle.append(connection)
                return
        connection.close()


class _LocalFailure(Exception):
    """Carries an OSError of a local file through code whose own OSErrors are the network's."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


def _local(body: Iterable[bytes]) -> Iterator[bytes]:
    try:
        yield from body
    except OSError as error:
        raise _LocalFailure(error) from error


def _headers(answer: http.client.HTTPResponse) -> Dict[str, str]:
    return {name.lower(): value for name, value in answer.getheaders()}


def _seconds(text: Optional[str]) -> float:
    return float(text) if text and text.isdigit() else 0.0
