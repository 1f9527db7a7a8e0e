"""Predictions over the Open Inference Protocol, in JSON."""

from __future__ import annotations

import math
from typing import Any, Dict, List, Mapping, Optional
from urllib.parse import quote

from .errors import InvalidRequest
from .transport import Transport
from .types import Prediction

_FLOATS = ("FP16", "FP32", "FP64", "BF16")
_NUMPY_TYPES = {"BOOL": "bool", "FP32": "float32", "FP64": "float64", "BYTES": "object"}
_NUMPY_TYPES.update({f"{prefix}INT{bits}": f"{word}int{bits}" for prefix, word in (("", ""), ("U", "u")) for bits in (8, 16, 32, 64)})


def model_resource(model: str, version: Optional[int]) -> str:
    """The path of a model, or of one of its versions, in the protocol."""
    return f"/v2/models/{quote(model, safe='')}" + (f"/versions/{version}" if version is not None else "")


def encode_inputs(rows: Any, described: List[Mapping[str, Any]]) -> List[Dict[str, Any]]:
    """The request's tensors: ``rows`` for a model with one input, or a mapping from input name to values."""
    if isinstance(rows, Mapping):
        unknown = set(rows) - {item["name"] for item in described}
        if unknown:
            names = ", ".join(item["name"] for item in described)
            raise InvalidRequest(f"no input is named {', '.join(sorted(unknown))}", code="invalid_argument", hint=f"inputs are: {names}")
        return [_encode_tensor(item, rows[item["name"]]) for item in described if item["name"] in rows]
    if len(described) != 1:
        names = ", ".join(item["name"] for item in described)
        raise InvalidRequest("the model has several inputs", code="invalid_argument", hint=f"pass a mapping with {names}")
    return [_encode_tensor(described[0], rows)]


def decode_outputs(document: Mapping[str, Any], as_numpy: bool) -> Prediction:
    """The prediction in an answer's body."""
    outputs = {item["name"]: _decode_tensor(item, as_numpy) for item in document["outputs"]}
    return Prediction(document["model_name"], document["model_version"], outputs)


def is_numpy(rows: Any) -> bool:
    """Whether the caller speaks in arrays (or data frames) and will want arrays back."""
    values = list(rows.values()) if isinstance(rows, Mapping) else [rows]
    return any(hasattr(value, "dtype") or hasattr(value, "to_numpy") for value in values)


class Metadata:
    """What models take as input, asked for once. Thread-safe: at worst it is asked for twice."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._known: Dict[str, List[Mapping[str, Any]]] = {}

    def inputs(self, resource: str) -> List[Mapping[str, Any]]:
        """The inputs of a model: name, datatype and shape of each."""
        if resource not in self._known:
            self._known[resource] = self._transport.call("GET", resource).json()["inputs"]
        return self._known[resource]

    def changed(self, resource: str) -> bool:
        """Asks again; whether the answer is another one, as when a version with other inputs has gone live."""
        before = self._known.pop(resource, None)
        return self.inputs(resource) != before


def _encode_tensor(described: Mapping[str, Any], values: Any) -> Dict[str, Any]:
    values = _as_lists(values)
    shape = _shape(values)
    expected = described.get("shape", [])
    if len(expected) == 2 and len(shape) == 1 and expected[1] == 1:
        shape = shape + [1]  # a column given as a plain list
    flat: List[Any] = []
    _flatten(values, flat)
    if described["datatype"] in _FLOATS:
        flat = [float(value) for value in flat]
        if not all(map(math.isfinite, flat)):
            raise InvalidRequest(
                f"input '{described['name']}' holds a value that is not finite", code="invalid_argument", hint="fill missing values first"
            )
    return {"name": described["name"], "shape": shape, "datatype": described["datatype"], "data": flat}


def _as_lists(values: Any) -> Any:
    if hasattr(values, "to_numpy"):
        values = values.to_numpy()
    return values.tolist() if hasattr(values, "tolist") else values


def _shape(values: Any) -> List[int]:
    shape = []
    while isinstance(values, (list, tuple)):
        shape.append(len(values))
        if not values:
            break
        values = values[0]
    return shape


def _flatten(values: Any, into: List[Any]) -> None:
    if isinstance(values, (list, tuple)):
        lengths = {len(value) if isinstance(value, (list, tuple)) else -1 for value in values}
        if len(lengths) > 1:
            raise InvalidRequest("the rows do not all have the same length", code="invalid_argument", hint="send a rectangular table")
        for value in values:
            _flatten(value, into)
    else:
        into.append(_as_lists(values))  # a numpy scalar in a list becomes a plain number


def _decode_tensor(item: Mapping[str, Any], as_numpy: bool) -> Any:
    flat: List[Any] = []
    _flatten(item["data"], flat)
    if item["datatype"] in _FLOATS:
        flat = [math.nan if value is None else float(value) for value in flat]
    if as_numpy:
        import numpy

        return numpy.array(flat, dtype=_NUMPY_TYPES.get(item["datatype"], "object")).reshape(item["shape"])
    return _nest(flat, list(item["shape"]))


def _nest(flat: List[Any], shape: List[int]) -> Any:
    for size in reversed(shape[1:]):
        flat = [flat[start : start + size] for start in range(0, len(flat), size)] if size else []
    return flat
