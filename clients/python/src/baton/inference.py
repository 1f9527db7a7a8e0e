"""Predictions over the Open Inference Protocol, in JSON."""

from __future__ import annotations

import math
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple, Union
from urllib.parse import quote

from . import columns, features
from .errors import AccessDenied, InvalidRequest, NotFound
from .table import is_missing
from .transport import Transport
from .types import Prediction

_FLOATS = ("FP16", "FP32", "FP64", "BF16")
_NUMPY_TYPES = {"BOOL": "bool", "FP32": "float32", "FP64": "float64", "BYTES": "object"}
_NUMPY_TYPES.update({f"{prefix}INT{bits}": f"{word}int{bits}" for prefix, word in (("", ""), ("U", "u")) for bits in (8, 16, 32, 64)})


def model_resource(model: str, version: Union[int, str, None]) -> str:
    """The path of a model, or of one of its versions, in the protocol."""
    return f"/v2/models/{quote(model, safe='')}" + (f"/versions/{version}" if version is not None else "")


class Served(NamedTuple):
    """What answers under a path of the protocol: the version, and what it takes."""

    model: str
    version: str  # empty when the server does not say
    inputs: List[Mapping[str, Any]]

    @property
    def names(self) -> List[str]:
        return [str(item["name"]) for item in self.inputs]


def encode_inputs(rows: Any, served: Served, features: Callable[[], Optional[List[str]]]) -> List[Dict[str, Any]]:
    """The request's tensors: of a table, of rows with names, or of a mapping from input name to values.

    ``features`` is asked for the names of the version's columns when the rows have names and the inputs do not settle where
    they belong.
    """
    if isinstance(rows, Mapping) and set(rows) <= set(served.names):
        return [_encode_tensor(item, rows[item["name"]]) for item in served.inputs if item["name"] in rows]
    if isinstance(rows, Mapping):
        if len(served.inputs) == 1 and features() is None:
            unknown = sorted(map(str, set(rows) - set(served.names)))
            hint = "inputs are: " + ", ".join(served.names)
            raise InvalidRequest(f"no input is named {', '.join(unknown)}", code="invalid_argument", hint=hint)
        named: Optional[columns.Columns] = columns.of_mapping(rows)
    else:
        named = columns.of_rows(rows)
    if len(served.inputs) > 1:
        if named is None:
            hint = "pass a data frame, records, or a mapping with " + ", ".join(served.names)
            raise InvalidRequest("the model has several inputs", code="invalid_argument", hint=hint)
        found = columns.by_input(named, served.names, features)
        return [_encode_tensor(item, found[item["name"]]) for item in served.inputs]
    only = served.inputs[0]
    if named is None:
        return [_encode_tensor(only, rows)]
    if only["name"] in named.names and list(only.get("shape", []))[1:] in ([], [1]):
        return [_encode_tensor(only, columns.by_input(named, served.names, features)[only["name"]])]
    return [_encode_tensor(only, columns.in_order(named, features(), f"{served.model}/{served.version}"))]


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
        self._known: Dict[str, Served] = {}
        self._features: Dict[Tuple[str, str], Optional[List[str]]] = {}

    def served(self, resource: str) -> Served:
        """What answered under this path when it was last asked."""
        if resource not in self._known:
            answer = self._transport.call("GET", resource).json()
            version = (answer.get("properties") or {}).get("version", "")
            self._known[resource] = Served(answer["name"], str(version), answer["inputs"])
        return self._known[resource]

    def changed(self, resource: str) -> bool:
        """Asks again; whether the answer is another one, as when another version has gone live."""
        before = self._known.pop(resource, None)
        return self.served(resource) != before

    def features(self, model: str, version: str) -> Optional[List[str]]:
        """The names of a version's columns; None when it has none, or when this token may not read it."""
        if not version:
            return None
        key = (model, version)
        if key not in self._features:
            path = f"/api/v1/models/{quote(model, safe='')}/versions/{version}"
            try:
                metadata = self._transport.call("GET", path).json().get("metadata") or {}
            except (AccessDenied, NotFound):
                metadata = {}
            self._features[key] = features.from_metadata(metadata)
        return self._features[key]


def _encode_tensor(described: Mapping[str, Any], values: Any) -> Dict[str, Any]:
    values = _as_lists(values)
    shape = _shape(values)
    expected = described.get("shape", [])
    if len(expected) == 2 and len(shape) == 1 and expected[1] == 1:
        shape = shape + [1]  # a column given as a plain list
    flat: List[Any] = []
    _flatten(values, flat)
    if described["datatype"] in _FLOATS:
        flat = _numbers(flat, described["name"])
    elif any(map(is_missing, flat)):
        raise _refused(described["name"], f"is {described['datatype']}, in which no value can be missing", "fill missing values first")
    return {"name": described["name"], "shape": shape, "datatype": described["datatype"], "data": flat}


def _numbers(values: List[Any], name: str) -> List[Optional[float]]:
    try:
        numbers = [float(value) for value in values]
    except (TypeError, ValueError):
        numbers = [math.nan]
    if all(map(math.isfinite, numbers)):
        return list(numbers)
    return [_number(value, name) for value in values]  # something is missing, or wrong


def _number(value: Any, name: str) -> Optional[float]:
    """The value as a number; None, which is sent as null, when it is missing."""
    if is_missing(value):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise _refused(name, f"takes numbers, not {value!r}", "") from None
    if math.isinf(number):
        raise _refused(name, "holds a value that is not finite", "leave out such rows, or send NaN for what is missing")
    return number if number == number else None


def _refused(name: str, what: str, hint: str) -> InvalidRequest:
    return InvalidRequest(f"input '{name}' {what}", code="invalid_argument", hint=hint)


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
