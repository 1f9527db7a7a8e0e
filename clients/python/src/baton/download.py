"""Fetching a version into a folder that is always whole: every digest is checked before anything is replaced.

``pull(ref, "models/risk")`` keeps each version in a folder of its own beside the target and makes the target a symbolic
link to it::

    models/risk           -> risk.versions/sha256-<digest of the manifest>
    models/risk.versions/sha256-…/model.onnx

The link is swapped by one rename, so a reader sees the old version or the new one, never a mixture. The command
``baton pull`` uses the same layout.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import tempfile
from pathlib import Path, PurePosixPath
from typing import Iterable
from urllib.parse import quote

from .errors import Conflict, IntegrityError, unreachable
from .transport import Transport
from .types import File

_ATTEMPTS = 5
_CHUNK = 256 * 1024


def pull_files(transport: Transport, resource: str, digest: str, files: Iterable[File], target: Path) -> Path:
    """Fetches ``files`` from below ``resource``/files and points ``target`` at them. Returns the folder that holds them."""
    _check_target(target)
    store = target.with_name(target.name + ".versions")
    final = store / digest.replace(":", "-")
    files = list(files)
    if not _is_whole(final, files):
        store.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=store))
        try:
            for file in files:
                _fetch(transport, resource, file, partial / _safe(file.path))
            partial.chmod(0o755)
            _sync_folder(partial)
            _publish(partial, final)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    _swap_link(target, final)
    return final


def _fetch(transport: Transport, resource: str, file: File, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    url = f"{resource}/files/{quote(file.path, safe='/')}"
    digest = hashlib.sha256()
    with open(path, "wb") as out:

        def take(chunk: bytes) -> None:
            if out.tell() + len(chunk) > file.size:
                raise IntegrityError(f"{file.path} is longer than the {file.size} bytes it should have", code="integrity")
            out.write(chunk)
            digest.update(chunk)

        for attempt in range(1, _ATTEMPTS + 1):
            offset = out.tell()
            if offset == file.size and attempt > 1:
                break
            headers = {"Range": f"bytes={offset}-"} if offset else {}
            try:
                transport.stream(url, headers, take, accept=(206,) if offset else (200,))
                break
            except (OSError, http.client.HTTPException) as error:
                if attempt == _ATTEMPTS:
                    raise unreachable(transport.url, error) from error
                transport.pause(attempt)
        out.flush()
        os.fsync(out.fileno())
        size = out.tell()
    found = "sha256:" + digest.hexdigest()
    if found != file.digest or size != file.size:
        raise IntegrityError(
            f"{file.path} arrived with digest {found} and {size} bytes, expected {file.digest} and {file.size}",
            code="integrity",
            hint="nothing was replaced; run `baton fsck` on the server's data folder",
        )


def _safe(path: str) -> PurePosixPath:
    """The server checks paths too, but a folder of ours is not written outside of on anybody's word."""
    parts = PurePosixPath(path)
    if parts.is_absolute() or not parts.parts or ".." in parts.parts or "\\" in path or "\0" in path:
        raise IntegrityError(f"the server named a file '{path}', which would lie outside of the folder", code="integrity")
    return parts


def _check_target(target: Path) -> None:
    if target.exists() and not target.is_symlink():
        raise Conflict(
            f"{target} exists and is not a link that pull made",
            code="failed_precondition",
            hint="choose another folder or move this one away",
        )


def _is_whole(folder: Path, files: Iterable[File]) -> bool:
    """Whether an earlier pull is there and still has the bytes it had."""
    for file in files:
        try:
            digest = hashlib.sha256()
            with open(folder / _safe(file.path), "rb") as stream:
                for chunk in iter(lambda: stream.read(_CHUNK), b""):
                    digest.update(chunk)
        except OSError:
            return False
        if "sha256:" + digest.hexdigest() != file.digest:
            return False
    return True


def _publish(partial: Path, final: Path) -> None:
    if final.is_dir():  # damaged, or made by another pull a moment ago: either way the new one is right
        final.rename(Path(tempfile.mkdtemp(prefix=".damaged-", dir=final.parent)) / "files")
    partial.rename(final)
    _sync_folder(final.parent)


def _swap_link(target: Path, final: Path) -> None:
    link = Path(tempfile.mkdtemp(prefix=".link-", dir=final.parent)) / "link"
    try:
        link.symlink_to(os.path.relpath(final, target.parent))
        os.replace(link, target)
        _sync_folder(target.parent)
    finally:
        shutil.rmtree(link.parent, ignore_errors=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
