"""The client: every call this package makes to a server, with typed answers."""

from __future__ import annotations

import dataclasses
import os
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple, Union
from urllib.parse import quote

from . import agreement, download, export, inference, manifest, report as reports, upload
from .errors import BatonError, Conflict, InvalidRequest, Unavailable
from .profiles import find_endpoint
from .references import Reference, parse_reference
from .transport import Transport
from .types import Model, Prediction, Request, Slot, Version

API = "/api/v1"
_SERVER_WAITS = 60.0  # seconds, at most, until it answers what may wait
_ANSWER_TIME = 30.0  # for the answer to arrive after that
RefLike = Union[str, Version, Reference]
PathLike = Union[str, "os.PathLike[str]"]


class Client:
    """Talks to one server. Thread-safe. Errors are raised as subclasses of ``baton.BatonError``.

    ``url`` and ``token`` default to BATON_URL and BATON_TOKEN, then to the profile that ``baton login`` wrote. ``timeout``
    is in seconds and holds for each wait on the network. ``attempts`` counts the first try.
    """

    def __init__(
        self,
        url: Optional[str] = None,
        token: Optional[str] = None,
        *,
        profile: Optional[str] = None,
        timeout: float = 60.0,
        attempts: int = 5,
        transport: Optional[Transport] = None,
    ) -> None:
        if transport is None:
            endpoint = find_endpoint(url, token, profile)
            transport = Transport(endpoint.url, endpoint.token, timeout=timeout, attempts=attempts)
        self._transport = transport
        self._metadata = inference.Metadata(transport)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections that are kept."""
        self._transport.close()

    # What is registered

    def register(
        self,
        model_or_path: Any,
        name: str,
        *,
        X: Any = None,
        y: Any = None,
        report: Optional[Mapping[str, Any]] = None,
        slices: Optional[Mapping[str, Any]] = None,
        dataset: str = "validation",
        tags: Optional[Mapping[str, Any]] = None,
        metadata: Optional[Mapping[str, Any]] = None,
        description: str = "",
        request: Optional[str] = None,
        notes: str = "",
        engine: Optional[str] = None,
        progress: Optional[upload.Progress] = None,
    ) -> Version:
        """Registers a version of ``name`` and returns it.

        A fitted scikit-learn estimator is converted to ONNX, compared with itself on ``X`` and measured on ``X`` and ``y`` where
        they are given (see ``baton.evaluate``, whose answer may be passed as ``report`` instead). A path is a file or a folder
        that is registered as it is. ``request`` opens the handoff right away for that environment, with ``notes``. ``engine``
        is what shall run the model, ``eigen`` or ``onnxruntime``; the server chooses where it is left out.
        """
        facts: Dict[str, str] = {}
        if export.is_estimator(model_or_path):
            content = export.to_onnx(model_or_path, X=X)
            if report is None and X is not None and (y is not None or not reports.needs_truth(model_or_path)):
                report = reports.evaluate(model_or_path, X, y, onnx=content, dataset=dataset, slices=slices)
            elif X is not None:
                agreement.check(model_or_path, content, X)
            sources = [upload.source_of_bytes(export.MODEL_FILE, content)]
            facts = export.describe(model_or_path)
        else:
            if X is not None or y is not None:
                raise InvalidRequest(
                    "X and y need a fitted estimator to be measured on", code="invalid_argument", hint="pass report= with a path"
                )
            sources = upload.sources_of_path(model_or_path)
        if report is not None and "task" in report:
            facts["task"] = str(report["task"])
        facts.update({key: str(value) for key, value in (metadata or {}).items()})
        version = self.register_files(
            sources, name, report=report, tags=tags, metadata=facts, description=description, engine=engine, progress=progress
        )
        if request:
            try:
                self.request(version, environment=request, notes=notes)
            except BatonError as error:
                error.detail = f"{version} is registered, but its promotion could not be requested: {error.detail}"
                error.hint = error.hint or f"ask again: baton.request('{version}', environment=…)"
                raise
        return version

    def register_files(
        self,
        sources: List[upload.Source],
        name: str,
        *,
        report: Optional[Mapping[str, Any]] = None,
        tags: Optional[Mapping[str, Any]] = None,
        metadata: Optional[Mapping[str, Any]] = None,
        description: str = "",
        engine: Optional[str] = None,
        progress: Optional[upload.Progress] = None,
    ) -> Version:
        """Uploads what the server lacks, then registers the files as a version."""
        upload.upload(self._transport, sources, progress)
        files = [source.file for source in sources]
        document: Dict[str, Any] = {
            "files": [dataclasses.asdict(file) for file in files],
            "expected_digest": manifest.digest_of(manifest.canonical(files)),
        }
        optional = {
            "description": description, "tags": _texts(tags), "metadata": _texts(metadata), "report": report, "engine": engine
        }
        document.update({key: value for key, value in optional.items() if value})
        return Version.from_json(self._post(f"/models/{quote(name, safe='')}/versions", document))

    def get(self, ref: RefLike) -> Version:
        """The version that a reference names."""
        return Version.from_json(self._get(_reference(ref).path))

    def model(self, name: str) -> Model:
        """A model by name."""
        return Model.from_json(self._get(f"/models/{quote(name, safe='')}"))

    def models(self, filter: Optional[str] = None, order_by: Optional[str] = None) -> Iterator[Model]:
        """All models, page by page as they are asked for."""
        return (Model.from_json(item) for item in self._pages("/models", filter=filter, order_by=order_by))

    def versions(self, name: str, filter: Optional[str] = None, order_by: Optional[str] = None) -> Iterator[Version]:
        """All versions of a model."""
        path = f"/models/{quote(name, safe='')}/versions"
        return (Version.from_json(item) for item in self._pages(path, filter=filter, order_by=order_by))

    def search(self, filter: str, order_by: Optional[str] = None) -> Iterator[Version]:
        """Versions of all models: ``stage = 'live' AND metrics.roc_auc >= 0.9``."""
        return (Version.from_json(item) for item in self._pages("/versions", filter=filter, order_by=order_by))

    def add_report(self, ref: RefLike, report: Mapping[str, Any]) -> Dict[str, Any]:
        """Attaches a validation report to a version."""
        return dict(self._post(_reference(ref).path + "/reports", dict(report)))

    def reports(self, ref: RefLike) -> Iterator[Dict[str, Any]]:
        """The validation reports of a version."""
        return self._pages(_reference(ref).path + "/reports")

    # The handoff

    def request(self, ref: RefLike, *, environment: str = "production", notes: str = "") -> Request:
        """Proposes a version for an environment."""
        return Request.from_json(self._post(_reference(ref).path + "/requests", {"environment": environment, "notes": notes}))

    def requests(self, filter: Optional[str] = None) -> Iterator[Request]:
        """Promotion requests: ``model = 'credit-risk' AND state = 'open'``."""
        return (Request.from_json(item) for item in self._pages("/requests", filter=filter))

    def get_request(self, request: Union[str, int, Request]) -> Request:
        """One promotion request, with its evaluation as of now."""
        return Request.from_json(self._get(_request_path(request)))

    def comment(self, request: Union[str, int, Request], text: str) -> None:
        """Says something under a request."""
        self._post(_request_path(request) + "/comments", {"text": text})

    def approve(self, request: Union[str, int, Request, Version], *, comment: str = "") -> Request:
        """Approves a request, and with it exactly the bytes and the evidence that the request was read with.

        Pass a ``Request`` to approve what you have seen: should it have changed since, the server refuses.
        """
        seen = self._find_request(request)
        document = {"digest": seen.digest, "comment": comment}
        if seen.subject_digest:
            document["subject_digest"] = seen.subject_digest
        return Request.from_json(self._post(_request_path(seen) + "/approvals", document))

    def reject(self, request: Union[str, int, Request, Version], *, reason: str) -> Request:
        """Ends a request with a reason."""
        return Request.from_json(self._post(_request_path(self._find_request(request)) + "/rejection", {"reason": reason}))

    def withdraw(self, request: Union[str, int, Request, Version]) -> Request:
        """Takes a request of one's own back."""
        return Request.from_json(self._post(_request_path(self._find_request(request)) + "/withdrawal", {}))

    def promote(
        self,
        request: Union[str, int, Request, Version],
        *,
        environment: str = "production",
        wait: bool = True,
        expected_revision: Optional[int] = None,
    ) -> Slot:
        """Makes the version of an approved request live.

        With ``wait``, returns when it answers predictions, and raises as ``wait_until_live`` does when it cannot; it is live
        all the same.
        """
        found = self._find_request(request, environment)
        document = {} if expected_revision is None else {"expected_revision": expected_revision}
        return self._go_live(_request_path(found) + "/promotion", document, wait)

    def rollback(
        self, name: str, *, reason: str, environment: str = "production", to: Optional[int] = None, wait: bool = True
    ) -> Slot:
        """Makes the version live that was live before, or version ``to``. ``wait`` is that of ``promote``.

        Needs no new approval; only the version that is rolled back from needs a new request before it goes live again.
        """
        document: Dict[str, Any] = {"environment": environment, "reason": reason}
        if to is not None:
            document["to"] = to
        return self._go_live(f"/models/{quote(name, safe='')}/rollback", document, wait)

    # What is live

    def live(self, environment: Optional[str] = None) -> List[Slot]:
        """Everything that is live."""
        return [Slot.from_json(item) for item in self._get("/live", {"environment": environment})["slots"]]

    def wait_until_live(
        self, name: str, version: Optional[int] = None, *, environment: str = "production", timeout: float = 60.0
    ) -> Slot:
        """Waits until a version of the model (a certain one, if given) is live and answers predictions.

        Raises Unavailable after ``timeout`` seconds, and Conflict when the version was made live but cannot be loaded.
        """
        deadline = time.monotonic() + timeout
        since: Optional[int] = None
        while True:
            left = deadline - time.monotonic()
            # Loading does not change the revision, so a slot that is loading is looked at again soon.
            query = {"environment": environment, "since": since, "wait": max(1, min(30, int(left))) if since is not None else None}
            answer = self._get("/live", query, timeout=_SERVER_WAITS + _ANSWER_TIME)
            slot = next((Slot.from_json(item) for item in answer["slots"] if item["model"] == name), None)
            ours = slot is not None and (version is None or slot.version == version)
            if slot is not None and ours:
                if slot.serving == "ready":
                    return slot
                if slot.serving == "failed":
                    raise _not_served(slot)
            if time.monotonic() >= deadline:
                wanted = name if version is None else f"{name}/{version}"
                raise Unavailable(f"{wanted} did not become live in {environment} within {timeout:g} s", code="deadline_exceeded")
            since = None if ours else answer["revision"]
            if ours:
                time.sleep(0.05)

    def predict(self, name: str, rows: Any, *, version: Optional[int] = None, outputs: Optional[List[str]] = None) -> Prediction:
        """Predicts with the live version, or with a loaded one by number.

        ``rows`` is a table: a numpy array or nested lists, in the order of the version's columns; or a data frame or a list of
        records, whose columns are found by name; or a mapping from input name, or column, to values. A missing value is NaN or
        None. Arrays and frames are answered with arrays, lists with lists.

        Names that the version does not have, or that are missing, are refused. A version that was registered without names takes
        columns in the order given, with a warning.
        """
        resource = inference.model_resource(name, version)
        try:
            prediction, ordered_for = self._ask(resource, rows, outputs)
        except InvalidRequest:
            if not self._metadata.changed(resource):
                raise
            prediction, ordered_for = self._ask(resource, rows, outputs)
        answered = prediction.version
        if ordered_for in (None, answered) or self._metadata.features(name, answered) == self._metadata.features(name, ordered_for):
            return prediction
        # Another version answered than the columns were put in order for: one that went live just now, or a candidate.
        self._metadata.changed(resource)
        return self._ask(inference.model_resource(name, answered), rows, outputs)[0]

    def _ask(self, resource: str, rows: Any, outputs: Optional[List[str]]) -> Tuple[Prediction, Optional[str]]:
        """One prediction, and for which version the columns were put in order, if they were."""
        served = self._metadata.served(resource)
        asked: List[str] = []

        def features() -> Optional[List[str]]:
            asked.append(served.version)
            return self._metadata.features(served.model, served.version)

        document: Dict[str, Any] = {"inputs": inference.encode_inputs(rows, served, features)}
        if outputs:
            document["outputs"] = [{"name": output} for output in outputs]
        answer = self._transport.call("POST", resource + "/infer", document=document)
        return inference.decode_outputs(answer.json(), inference.is_numpy(rows)), asked[0] if asked else None

    def pull(self, ref: RefLike, directory: PathLike) -> Path:
        """Fetches the files of a version; ``directory`` becomes a link to a folder with them once every digest is verified.

        Returns that folder. On any mismatch IntegrityError is raised and nothing is replaced.
        """
        version = self.get(ref)
        resource = f"/models/{quote(version.model, safe='')}/versions/{version.version}"
        content = self._transport.call("GET", f"{API}{resource}/manifest").body
        files = manifest.verified_files(content, version.digest)
        return download.pull_files(self._transport, API + resource, version.digest, files, Path(directory))

    def whoami(self) -> Dict[str, Any]:
        """The user and the rights behind the token."""
        return dict(self._get("/whoami"))

    def _get(self, path: str, query: Optional[Mapping[str, Any]] = None, timeout: Optional[float] = None) -> Any:
        return self._transport.call("GET", API + path, query=query, timeout=timeout).json()

    def _post(
        self, path: str, document: Any, query: Optional[Mapping[str, Any]] = None, timeout: Optional[float] = None
    ) -> Any:
        return self._transport.call("POST", API + path, document=document, query=query, timeout=timeout).json()

    def _go_live(self, path: str, document: Any, wait: bool) -> Slot:
        """A change of what is live; with ``wait`` also what became of it."""
        if not wait:
            return Slot.from_json(self._post(path, document))
        slot = Slot.from_json(self._post(path, document, query={"wait": "ready"}, timeout=_SERVER_WAITS + _ANSWER_TIME))
        if slot.serving == "failed":
            raise _not_served(slot)
        if slot.serving == "loading":
            raise Unavailable(f"{slot.model}/{slot.version} was made live and is still loading", code="deadline_exceeded")
        return slot

    def _pages(self, path: str, **query: Any) -> Iterator[Any]:
        token = None
        while True:
            page = self._get(path, {**query, "page_token": token})
            yield from page["items"]
            token = page.get("next_page_token")
            if not token:
                return

    def _find_request(self, request: Union[str, int, Request, Version], environment: Optional[str] = None) -> Request:
        """A request by itself, its id, or a version that has exactly one request which is not closed."""
        if isinstance(request, Request):
            return request
        if isinstance(request, str) and not request.isdigit():
            request = self.get(request)
        if not isinstance(request, Version):
            return self.get_request(request)
        condition = f"model = '{request.model}' AND version = {request.version}"
        standing = [item for item in self.requests(condition) if item.state in ("open", "approved")]
        if environment is not None:
            standing = [item for item in standing if item.environment == environment]
        if len(standing) != 1:
            raise Conflict(
                f"{request} has {len(standing) or 'no'} open request{'s' if len(standing) > 1 else ''}",
                code="failed_precondition",
                hint="give the id of the request" if standing else f"open one: baton.request('{request}')",
            )
        return standing[0]


def _reference(ref: RefLike) -> Reference:
    if isinstance(ref, Version):
        return Reference(ref.model, str(ref.version))
    return ref if isinstance(ref, Reference) else parse_reference(ref)


def _request_path(request: Union[str, int, Request]) -> str:
    return f"/requests/{quote(str(request.id if isinstance(request, Request) else request), safe='')}"


def _texts(pairs: Optional[Mapping[str, Any]]) -> Dict[str, str]:
    return {str(key): str(value) for key, value in (pairs or {}).items()}


def _not_served(slot: Slot) -> Conflict:
    return Conflict(f"{slot.model}/{slot.version} was made live but cannot be served: {slot.message}", code="failed_precondition")
