"""Tables as people hold them: arrays, data frames of any library, sparse matrices, lists of rows."""

from __future__ import annotations

from typing import Any, List, Optional

TEXT_KINDS = "OUST"  # of a numpy dtype: objects and the kinds of strings


def is_frame(table: Any) -> bool:
    """Whether this is a data frame: columns that are found by name."""
    return hasattr(table, "columns") and hasattr(table, "to_numpy")


def column_names(table: Any) -> Optional[List[str]]:
    """The names of a data frame's columns; None where there are none, or where they are mere numbers."""
    if not is_frame(table):
        return None
    names = list(table.columns)
    return names if all(isinstance(name, str) for name in names) else None


def take(table: Any, rows: Any) -> Any:
    """The rows at these positions, as a table of the same kind."""
    if hasattr(table, "iloc"):
        return table.iloc[rows]
    return table[rows] if hasattr(table, "shape") else [table[row] for row in rows]


def to_array(table: Any) -> Any:
    """The table as a numpy array."""
    import numpy as np

    if hasattr(table, "to_numpy"):
        return table.to_numpy()
    return table.toarray() if hasattr(table, "toarray") else np.asarray(table)


def is_missing(value: Any) -> bool:
    """Whether a value stands for nothing: None, a NaN of any library, pandas' NA and NaT."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and value != value


def holds_text(column: Any) -> bool:
    """Whether a column (a numpy array) holds text. Numbers that are kept as objects are numbers."""
    if column.dtype.kind not in TEXT_KINDS:
        return False
    return column.dtype.kind != "O" or any(isinstance(value, (str, bytes)) for value in column.ravel().tolist())


def to_numbers(values: Any, dtype: Any = float) -> Any:
    """A numpy array of numbers, kept as whatever, as one of this type; what is missing becomes NaN."""
    import numpy as np

    if values.dtype.kind != "O":
        return values.astype(dtype)
    numbers = [float("nan") if is_missing(value) else float(value) for value in values.ravel().tolist()]
    return np.array(numbers, dtype=dtype).reshape(values.shape)
