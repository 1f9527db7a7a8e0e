"""Fetching a version into a folder that is always whole: every digest is checked before anything is replaced.

``pull(ref, "models/risk")`` keeps versions beside the target and makes the target a symbolic link to one of them::

    models/risk                     -> risk.versions/<digest of the manifest, 64 hex digits>
    models/risk.versions/<digest>/  the files of that version
    models/risk.versions/.lock      held while a pull is at work

The link is swapped by one rename, so a reader sees the old version or the new one, never a mixture. The version before the
shown one is kept for those who still read it; older ones go. The command ``baton pull`` uses the same layout and lock.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Iterator, List, Optional, Set
from urllib.parse import quote

from .errors import BatonError, Conflict, IntegrityError
from .transport import Transport, worth_repeating
from .types import File

_ATTEMPTS = 5
_CHUNK = 256 * 1024


def pull_files(transport: Transport, resource: str, digest: str, files: List[File], target: Path) -> Path:
    """Fetches ``files`` from below ``resource``/files and points ``target`` at them. Returns the folder that holds them."""
    target = Path(os.path.abspath(target))
    store = target.with_name(target.name + ".versions")
    _check_target(target, store)
    final = store / digest[len("sha256:") :]
    store.mkdir(parents=True, exist_ok=True)
    with _lock(store):
        shown = _shown(target)
        if not _is_whole(final, files):
            _fetch_all(transport, resource, files, final)
        if shown != final.name:
            _swap_link(target, final)
            _remove_old(store, keep={final.name, shown or final.name})
    return final


def _fetch_all(transport: Transport, resource: str, files: List[File], final: Path) -> None:
    incoming = final.with_name(".incoming")
    shutil.rmtree(incoming, ignore_errors=True)
    try:
        for file in files:
            _fetch(transport, resource, file, incoming / _safe(file.path))
        _sync_tree(incoming)
        if final.exists():
            _repair(incoming, files, final)
        else:
            incoming.rename(final)
            _sync_folder(final.parent)
    finally:
        shutil.rmtree(incoming, ignore_errors=True)


def _repair(incoming: Path, files: List[File], final: Path) -> None:
    """Replaces the files of a damaged copy, which may be shown, one by one: a reader finds each of them at any time."""
    for file in files:
        place = final / _safe(file.path)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.replace(incoming / _safe(file.path), place)
    _sync_tree(final)


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
            if attempt > 1 and offset == file.size:
                break
            headers = {"Range": f"bytes={offset}-"} if offset else {}
            try:
                transport.stream(url, headers, take, accept=(206,) if offset else (200,))
                break
            except BatonError as error:
                if attempt == _ATTEMPTS or not worth_repeating(error):
                    raise
            transport.pause(attempt)
        out.flush()
        os.fsync(out.fileno())
        size = out.tell()
    found = "sha256:" + digest.hexdigest()
    if found != file.digest or size != file.size:
        raise IntegrityError(
            f"{file.path} arrived with digest {found} and {size} bytes, expected {file.digest} and {file.size}",
            code="integrity",
            hint="nothing was replaced; `baton fsck` on the server tells whether its copy is damaged",
        )


def _safe(path: str) -> PurePosixPath:
    """The server checks paths too, but nothing outside of our folder is written on anybody's word."""
    parts = PurePosixPath(path)
    if parts.is_absolute() or not parts.parts or ".." in parts.parts or "\\" in path or "\0" in path:
        raise IntegrityError(f"the server named a file '{path}', which would lie outside of the folder", code="integrity")
    return parts


def _check_target(target: Path, store: Path) -> None:
    """It must be absent, an empty folder (which goes) or a link that a pull made."""
    if target.is_symlink() and os.path.dirname(os.readlink(target)) == store.name:
        return
    if not target.is_symlink():
        if not target.exists():
            return
        try:
            return target.rmdir()
        except OSError:
            pass
    raise Conflict(
        f"{target} exists and is not a link that pull made",
        code="failed_precondition",
        hint="choose another folder or move this one away",
    )


@contextmanager
def _lock(store: Path) -> Iterator[None]:
    with open(store / ".lock", "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(f"another pull is at work in {store}", code="failed_precondition", hint="wait for it, or stop it") from error
        yield


def _is_whole(folder: Path, files: List[File]) -> bool:
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


def _shown(target: Path) -> Optional[str]:
    return os.path.basename(os.readlink(target)) if target.is_symlink() else None


def _swap_link(target: Path, final: Path) -> None:
    link = final.with_name(".link")
    if link.is_symlink():
        link.unlink()
    link.symlink_to(os.path.join(final.parent.name, final.name))  # relative: the pair can be moved together
    os.replace(link, target)
    _sync_folder(target.parent)


def _remove_old(store: Path, keep: Set[str]) -> None:
    for folder in store.iterdir():
        if re.fullmatch(r"[0-9a-f]{64}", folder.name) and folder.name not in keep:
            shutil.rmtree(folder, ignore_errors=True)


def _sync_tree(root: Path) -> None:
    for folder, _, _ in os.walk(root):
        _sync_folder(Path(folder))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
