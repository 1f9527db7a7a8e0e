"""Baton for training scripts: hand a model over in one line.

    >>> import baton
    >>> version = baton.register(model, name="credit-risk", X=X_test, y=y_test)
    >>> baton.request(version, notes="AUC up by a point")

Each function below opens a client as the environment says (BATON_URL and BATON_TOKEN, or the profile of ``baton login``) and
is that client's method of the same name; keep a ``baton.Client`` where there are many calls to make.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Union

from .client import Client, PathLike, RefLike
from .dataset import dataset_digest
from .errors import (
    AccessDenied,
    BatonError,
    Conflict,
    ExportError,
    IntegrityError,
    InternalError,
    InvalidRequest,
    NotFound,
    Unavailable,
)
from .export import to_onnx
from .references import Reference, parse_reference
from .report import evaluate
from .types import File, Model, Prediction, Request, Slot, Version

__version__ = "0.1.0"

__all__ = [
    "AccessDenied", "BatonError", "Client", "Conflict", "ExportError", "File", "IntegrityError", "InternalError",
    "InvalidRequest", "Model", "NotFound", "Prediction", "Reference", "Request", "Slot", "Unavailable", "Version",
    "approve", "dataset_digest", "evaluate", "get", "parse_reference", "predict", "promote", "pull", "register", "reject",
    "request", "rollback", "to_onnx", "wait_until_live", "withdraw",
]  # fmt: skip


def register(model_or_path: Any, name: str, **options: Any) -> Version:
    """Registers a fitted estimator, a file or a folder. See ``Client.register``."""
    with Client() as client:
        return client.register(model_or_path, name, **options)


def get(ref: RefLike) -> Version:
    """The version that a reference names. See ``Client.get``."""
    with Client() as client:
        return client.get(ref)


def request(ref: RefLike, **options: Any) -> Request:
    """Proposes a version for an environment. See ``Client.request``."""
    with Client() as client:
        return client.request(ref, **options)


def approve(request: Union[str, int, Request, Version], **options: Any) -> Request:
    """Approves a request. See ``Client.approve``."""
    with Client() as client:
        return client.approve(request, **options)


def reject(request: Union[str, int, Request, Version], **options: Any) -> Request:
    """Ends a request with a reason. See ``Client.reject``."""
    with Client() as client:
        return client.reject(request, **options)


def withdraw(request: Union[str, int, Request, Version]) -> Request:
    """Takes a request of one's own back. See ``Client.withdraw``."""
    with Client() as client:
        return client.withdraw(request)


def promote(request: Union[str, int, Request, Version], **options: Any) -> Slot:
    """Makes an approved version live. See ``Client.promote``."""
    with Client() as client:
        return client.promote(request, **options)


def rollback(name: str, **options: Any) -> Slot:
    """Makes the version live that was live before. See ``Client.rollback``."""
    with Client() as client:
        return client.rollback(name, **options)


def predict(name: str, rows: Any, **options: Any) -> Prediction:
    """Predicts with what is live. See ``Client.predict``."""
    with Client() as client:
        return client.predict(name, rows, **options)


def pull(ref: RefLike, directory: PathLike) -> Path:
    """Fetches the files of a version, verified. See ``Client.pull``."""
    with Client() as client:
        return client.pull(ref, directory)


def wait_until_live(name: str, version: Any = None, **options: Any) -> Slot:
    """Waits until a version answers predictions. See ``Client.wait_until_live``."""
    with Client() as client:
        return client.wait_until_live(name, version, **options)
