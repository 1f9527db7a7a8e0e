"""The digest that names a data set, so that a report says exactly which rows it was measured on.

SHA-256 over these bytes, little-endian throughout:

1. the 16 ASCII bytes ``baton-dataset/1\\n``
2. three unsigned 64-bit numbers: rows, columns of X, columns of y
3. the columns of X from left to right, then those of y, each column as
   - ``n`` and one IEEE 754 double for each row, for numbers and truth values (every NaN as 0x7ff8000000000000, -0.0 as 0.0); or
   - ``s`` and for each row an unsigned 64-bit length and that many bytes of UTF-8, for everything else

So the digest depends on the values and on their order alone: not on the storage type, the memory layout, column names or
the library that holds them. A list of lists, a numpy array and a data frame of the same values have the same digest.
"""

from __future__ import annotations

import hashlib
import math
import struct
from numbers import Integral, Real
from typing import Any, List, Sequence

_MAGIC = b"baton-dataset/1\n"
_NAN = struct.pack("<Q", 0x7FF8000000000000)


def dataset_digest(X: Any, y: Any = None) -> str:
    """``sha256:…`` of a table X and, if given, its targets y (one column or several)."""
    inputs = _columns(X)
    targets = _columns(y) if y is not None else []
    rows = len((inputs + targets)[0]) if inputs or targets else 0
    if any(len(column) != rows for column in inputs + targets):
        raise ValueError("X and y must have the same number of rows")
    digest = hashlib.sha256(_MAGIC + struct.pack("<3Q", rows, len(inputs), len(targets)))
    for column in inputs + targets:
        digest.update(_encode(column))
    return "sha256:" + digest.hexdigest()


def row_count(X: Any) -> int:
    """How many rows a table has."""
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)


def _columns(table: Any) -> List[Sequence[Any]]:
    if hasattr(table, "columns") and hasattr(table, "iloc"):  # a pandas data frame: each column keeps its own type
        return [table.iloc[:, index].to_numpy() for index in range(table.shape[1])]
    if hasattr(table, "to_numpy"):
        table = table.to_numpy()
    if hasattr(table, "toarray"):
        table = table.toarray()
    if hasattr(table, "ndim"):
        if table.ndim > 2:
            raise ValueError(f"a data set is a table; this one has {table.ndim} dimensions")
        return [table] if table.ndim == 1 else [table[:, index] for index in range(table.shape[1])]
    rows = list(table)
    if rows and (isinstance(rows[0], (list, tuple)) or hasattr(rows[0], "__len__") and not isinstance(rows[0], (str, bytes))):
        if any(len(row) != len(rows[0]) for row in rows):
            raise ValueError("all rows of a data set must have the same length")
        return [list(column) for column in zip(*rows)]
    return [rows]


def _encode(column: Sequence[Any]) -> bytes:
    kind = getattr(getattr(column, "dtype", None), "kind", "O")
    if kind in "fiub":
        return b"n" + _encode_array(column)
    values = list(column)
    if all(isinstance(value, Real) for value in values):
        return b"n" + b"".join(_encode_number(value) for value in values)
    texts = [str(value).encode("utf-8") for value in values]
    return b"s" + b"".join(struct.pack("<Q", len(text)) + text for text in texts)


def _encode_array(column: Any) -> bytes:
    numbers = column.astype("<f8") + 0.0  # turns -0.0 into 0.0
    if column.dtype.kind in "iu" and (numbers.astype(column.dtype) != column).any():
        raise ValueError("a column holds integers that a double cannot represent; pass it as text")
    content = bytearray(numbers.tobytes())
    for index in (numbers != numbers).nonzero()[0]:
        content[8 * index : 8 * index + 8] = _NAN
    return bytes(content)


def _encode_number(value: Any) -> bytes:
    number = float(value)
    if math.isnan(number):
        return _NAN
    if isinstance(value, Integral) and int(number) != value:
        raise ValueError("a column holds integers that a double cannot represent; pass it as text")
    return struct.pack("<d", number + 0.0)
