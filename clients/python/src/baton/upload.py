"""Sending files: only what the server lacks, as a stream, continued where a broken connection left it."""

from __future__ import annotations

import hashlib
import io
import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Callable, Dict, Iterable, Iterator, List, Optional, Union

from .errors import BatonError, IntegrityError, InvalidRequest, Unavailable
from .transport import Transport, worth_repeating
from .types import File

CHUNK = 256 * 1024
RESUMED_FROM = 1 << 20
"""From so many bytes on it is worth asking for a part that an earlier run has sent."""
_ASKED_AT_ONCE = 1000
_ATTEMPTS_WITHOUT_PROGRESS = 5

Progress = Callable[[str, int, int], None]
"""Called with a path, the bytes of it that were sent, and its size."""


@dataclass(frozen=True)
class Source:
    """A file to send: the path it will have in the version, its size and digest, and where its bytes are."""

    path: str
    size: int
    digest: str
    content: Union[bytes, Path]

    def open(self) -> BinaryIO:
        return io.BytesIO(self.content) if isinstance(self.content, bytes) else open(self.content, "rb")

    @property
    def file(self) -> File:
        """Its entry in the version."""
        return File(self.path, self.size, self.digest)


def source_of_bytes(path: str, content: bytes) -> Source:
    """A file whose bytes are in memory."""
    return Source(path, len(content), "sha256:" + hashlib.sha256(content).hexdigest(), content)


def sources_of_path(path: Union[str, "os.PathLike[str]"]) -> List[Source]:
    """A file under its own name, or all files of a folder under their relative paths.

    Names that begin with a dot are left out. Symbolic links are refused: what a version holds should not depend on them.
    """
    root = Path(path)
    if root.is_symlink():
        raise InvalidRequest(f"{root} is a symbolic link", code="invalid_argument", hint="name the file itself")
    if root.is_file():
        return [_hash_file(root.name, root)]
    if not root.is_dir():
        raise InvalidRequest(f"{root} does not exist", code="invalid_argument", hint="give a file, a folder or a fitted estimator")
    found = sorted(_walk(root))
    if not found:
        raise InvalidRequest(f"{root} holds no file", code="invalid_argument", hint="files whose name begins with a dot do not count")
    return [_hash_file(file.relative_to(root).as_posix(), file) for file in found]


def upload(transport: Transport, sources: Iterable[Source], progress: Optional[Progress] = None) -> None:
    """Makes sure that the server has all bytes of ``sources``."""
    wanted = {source.digest: source for source in sources}
    digests = list(wanted)
    for start in range(0, len(digests), _ASKED_AT_ONCE):
        asked = digests[start : start + _ASKED_AT_ONCE]
        answer = transport.call("POST", "/api/v1/blobs/missing", document={"digests": asked}).json()
        for digest in answer["missing"]:
            _upload_one(transport, wanted[digest], progress)


def _upload_one(transport: Transport, source: Source, progress: Optional[Progress]) -> None:
    path = _path(source)
    offset, stuck = 0, 0
    if source.size >= RESUMED_FROM:
        arrived = _arrived(transport, source)
        if arrived is None:
            return
        offset = _start(source, arrived)
    while True:
        try:
            response = transport.send("PUT", path, _read(source, offset, progress), _headers(source, offset))
            if response.status < 400:
                return
            failure: BatonError = transport.error(response)
        except Unavailable as error:
            failure = error
        stale_offset = failure.status == 412
        stuck += 1
        if stuck >= _ATTEMPTS_WITHOUT_PROGRESS or not (stale_offset or worth_repeating(failure)):
            raise failure
        # Whatever happened, only the server knows how much has arrived.
        transport.pause(stuck)
        arrived = _arrived(transport, source)
        if arrived is None:
            return
        if arrived > offset:
            stuck = 0
        offset = _start(source, arrived)


def _path(source: Source) -> str:
    return f"/api/v1/blobs/{source.digest}"


def _arrived(transport: Transport, source: Source) -> Optional[int]:
    """How many bytes the server holds of a blob that is not whole yet; None when it is."""
    asked = transport.call("HEAD", _path(source), accept=(404,))
    if asked.status < 400:
        return None
    arrived = int(asked.headers.get("upload-offset", "0"))
    if not 0 <= arrived <= source.size:
        raise Unavailable(f"the server holds {arrived} bytes of {source.path}, which has {source.size}", code="unavailable")
    return arrived


def _start(source: Source, arrived: int) -> int:
    """Where to go on. All bytes without a blob are of no use: then it begins anew."""
    return arrived if arrived < source.size else 0


def _headers(source: Source, offset: int) -> Dict[str, str]:
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Length": str(source.size - offset),
        "Idempotency-Key": uuid.uuid4().hex,  # a fresh one each time: what is continued has another body
    }
    if offset:
        headers["Content-Range"] = f"bytes {offset}-{source.size - 1}/{source.size}"
    return headers


def _read(source: Source, offset: int, progress: Optional[Progress]) -> Iterator[bytes]:
    """Exactly the bytes from ``offset`` to the end that were hashed; a file that has shrunk since is an error."""
    with source.open() as file:
        file.seek(offset)
        sent = offset
        while sent < source.size:
            chunk = file.read(min(CHUNK, source.size - sent))
            if not chunk:
                raise IntegrityError(f"{source.path} has become shorter while it was sent", code="integrity", hint="register again")
            yield chunk
            sent += len(chunk)
            if progress:
                progress(source.path, sent, source.size)


def _walk(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.name.startswith("."):
            continue
        if entry.is_symlink():
            raise InvalidRequest(f"{entry} is a symbolic link", code="invalid_argument", hint="put the file itself there")
        if entry.is_dir():
            yield from _walk(entry)
        elif entry.is_file():
            yield entry


def _hash_file(path: str, file: Path) -> Source:
    digest = hashlib.sha256()
    size = 0
    with open(file, "rb") as stream:
        for chunk in iter(lambda: stream.read(CHUNK), b""):
            digest.update(chunk)
            size += len(chunk)
    return Source(path, size, "sha256:" + digest.hexdigest(), file)
