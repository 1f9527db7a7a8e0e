"""Errors that Baton answers with, one exception class for each family of codes.

Every error carries what the server said: a stable ``code``, a ``detail`` for people, a ``hint`` what to do next, and,
where a policy or state forbids something, ``missing``: everything that is missing, not only the first thing.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Type


class BatonError(Exception):
    """Anything that went wrong between this program and Baton. Catch this to catch all of them."""

    def __init__(
        self,
        detail: str,
        *,
        code: str = "internal",
        hint: str = "",
        missing: Optional[List[Dict[str, Any]]] = None,
        errors: Optional[List[Dict[str, Any]]] = None,
        status: int = 0,
        request_id: str = "",
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.hint = hint
        self.missing = missing or []
        self.errors = errors or []
        self.status = status
        self.request_id = request_id

    def __str__(self) -> str:
        lines = [f"{self.detail} ({self.code})"]
        lines += [f"  missing: {item.get('requirement')}: {item.get('explanation')}" for item in self.missing]
        lines += [f"  {item.get('field')}: {item.get('message')}" for item in self.errors]
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        if self.code == "internal" and self.request_id:
            lines.append(f"  request id: {self.request_id}")
        return "\n".join(lines)


class InvalidRequest(BatonError):
    """The request is malformed, out of range or too large, or no engine can run the model."""


class AccessDenied(BatonError):
    """No valid token (``unauthenticated``), or a role or scope is missing (``permission_denied``)."""


class NotFound(BatonError):
    """Nothing by that name, or nothing that this token may see."""


class Conflict(BatonError):
    """The current state or the policy forbids it; ``missing`` says what it would take."""


class IntegrityError(BatonError):
    """Bytes do not match the digest that names them. Nothing was stored or replaced."""


class Unavailable(BatonError):
    """The server cannot answer now: busy, not live, out of space, out of time or out of reach. Retried where that is safe."""


class InternalError(BatonError):
    """A fault of the server. Its log has the rest under ``request_id``."""


class ExportError(InvalidRequest):
    """An estimator that cannot be turned into an ONNX model that Baton runs."""


_FAMILIES: Mapping[str, Type[BatonError]] = {
    "invalid_argument": InvalidRequest,
    "unsupported_model": InvalidRequest,
    "too_large": InvalidRequest,
    "unauthenticated": AccessDenied,
    "permission_denied": AccessDenied,
    "not_found": NotFound,
    "already_exists": Conflict,
    "failed_precondition": Conflict,
    "aborted": Conflict,
    "blobs_missing": Conflict,
    "integrity": IntegrityError,
    "resource_exhausted": Unavailable,
    "deadline_exceeded": Unavailable,
    "out_of_space": Unavailable,
    "unavailable": Unavailable,
    "internal": InternalError,
}

# For answers without a code of ours: the inference protocols say {"error": text}, a proxy may say anything.
_CODE_OF_STATUS: Mapping[int, str] = {
    400: "invalid_argument",
    401: "unauthenticated",
    403: "permission_denied",
    404: "not_found",
    409: "failed_precondition",
    412: "aborted",
    413: "too_large",
    429: "resource_exhausted",
    502: "unavailable",
    503: "unavailable",
    504: "deadline_exceeded",
    507: "out_of_space",
}


def error_of(status: int, document: Any, request_id: str = "") -> BatonError:
    """The exception for an answer with an error status and its parsed body (None when it was not JSON)."""
    body = document if isinstance(document, dict) else {}
    code = str(body.get("code"))
    if code not in _FAMILIES:
        code = _CODE_OF_STATUS.get(status, "invalid_argument" if 400 <= status < 500 else "internal")
    detail = body.get("detail") or body.get("error") or body.get("title") or f"the server answered with status {status}"
    return _FAMILIES[code](
        str(detail),
        code=code,
        hint=str(body.get("hint") or ""),
        missing=body.get("missing"),
        errors=body.get("errors"),
        status=status,
        request_id=str(body.get("request_id") or request_id),
    )


def unreachable(url: str, cause: Exception) -> Unavailable:
    """The exception for a server that cannot be reached at all."""
    return Unavailable(
        f"cannot reach {url}: {cause}",
        code="unavailable",
        hint="is the server running, and is the URL right (argument url, BATON_URL, or `baton login URL`)?",
    )
