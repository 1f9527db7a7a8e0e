"""Rows whose values have names: data frames, records and mappings of columns; and where the names belong in a model.

A value is never put where its name does not belong: names are compared with those that the version was registered with. Where a
version has none, columns are taken in the order given, and a warning says so.
"""

from __future__ import annotations

import warnings
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

from .errors import InvalidRequest
from .table import column_names


class Columns:
    """Named columns of equal length."""

    def __init__(self, names: List[str], column: Callable[[str], Any], table: Callable[[List[str]], Any]) -> None:
        self.names = names
        self.column = column  # the values under a name
        self.table = table  # the columns of these names side by side, row by row
        twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
        if twice:
            raise _refused(f"there is more than one column named {_listed(twice)}", "name every column once")


def of_rows(rows: Any) -> Optional[Columns]:
    """The columns of a data frame, or of a list of records; None for a table without names."""
    names = column_names(rows)
    if names is not None:
        return Columns(names, lambda name: rows[name], lambda chosen: rows[chosen])
    if isinstance(rows, (list, tuple)) and rows and isinstance(rows[0], Mapping):
        return _of_records(rows)
    return None


def of_mapping(rows: Mapping[str, Any]) -> Columns:
    """The columns of a mapping from name to values."""
    lists = {name: values.tolist() if hasattr(values, "tolist") else list(values) for name, values in rows.items()}
    if len({len(values) for values in lists.values()}) > 1:
        raise _refused("the columns do not all have the same length", "send a rectangular table")
    return Columns(list(lists), lists.__getitem__, lambda chosen: [list(row) for row in zip(*(lists[name] for name in chosen))])


def _of_records(rows: Sequence[Any]) -> Columns:
    names = list(rows[0])
    for number, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise _refused(f"row {number} has no names, the first row has", "send all rows in the same form")
        if row.keys() != rows[0].keys():
            raise _refused(f"row {number} has other names than the first: {_listed(sorted(row.keys() ^ rows[0].keys()))}", "")
    return Columns(names, lambda name: [row[name] for row in rows], lambda chosen: [[row[name] for name in chosen] for row in rows])


def by_input(columns: Columns, inputs: Sequence[str], features: Callable[[], Optional[List[str]]]) -> Dict[str, Any]:
    """The column of each input of a model that has one for each of its columns.

    Columns that the version knows and does not use may be there as well.
    """
    missing = [name for name in inputs if name not in columns.names]
    unknown = [name for name in columns.names if name not in inputs]
    if unknown:
        known = features() or []
        unknown = [name for name in unknown if name not in known]
    _refuse(missing, unknown, list(inputs))
    return {name: columns.column(name) for name in inputs}


def in_order(columns: Columns, features: Optional[List[str]], model: str) -> Any:
    """The table for a model that takes all columns side by side, in the order in which it was fitted on them."""
    if features is None:
        warnings.warn(
            f"{model} does not say what its columns are called, so they are taken in the order given: {_listed(columns.names)}",
            UserWarning,
            stacklevel=2,
        )
        return columns.table(columns.names)
    missing = [name for name in features if name not in columns.names]
    _refuse(missing, [name for name in columns.names if name not in features], features)
    return columns.table(features)


def _refuse(missing: List[str], unknown: List[str], wanted: List[str]) -> None:
    facts = [f"{what}: {_listed(names)}" for what, names in (("missing", missing), ("unknown", unknown)) if names]
    if facts:
        raise _refused(f"the columns are not those of the model; {'; '.join(facts)}", f"the model takes {_listed(wanted)}")


def _refused(detail: str, hint: str) -> InvalidRequest:
    return InvalidRequest(detail, code="invalid_argument", hint=hint)


def _listed(names: Sequence[str], most: int = 20) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
