"""The canonical list of a version's files; its SHA-256 is the version's digest.

One line of JSON without white space, keys sorted, files sorted by the bytes of their path::

    {"files":[{"digest":"sha256:…","path":"model.onnx","size":1234}],"format":"baton-manifest/1"}
"""

from __future__ import annotations

import hashlib
import json
from typing import Iterable, List

from .errors import IntegrityError
from .types import File

FORMAT = "baton-manifest/1"


def canonical(files: Iterable[File]) -> bytes:
    """The bytes that are digested."""
    ordered = sorted(files, key=lambda file: file.path.encode("utf-8"))
    listed = [{"digest": file.digest, "path": file.path, "size": file.size} for file in ordered]
    document = {"files": listed, "format": FORMAT}
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def digest_of(content: bytes) -> str:
    """``sha256:…`` of some bytes."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def verified_files(content: bytes, digest: str) -> List[File]:
    """The files of a manifest whose own bytes have the digest that names the version; IntegrityError otherwise."""
    found = digest_of(content)
    if found != digest:
        raise IntegrityError(f"the manifest has digest {found}, expected {digest}", code="integrity", hint="nothing was replaced")
    document = json.loads(content)
    if document.get("format") != FORMAT:
        raise IntegrityError(f"the manifest has format {document.get('format')}, expected {FORMAT}", code="integrity", hint="update baton")
    return [File.from_json(item) for item in document["files"]]
