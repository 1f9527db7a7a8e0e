"""The names of a model's features: kept with the version, so that predictions can find columns by name.

The version's metadata has them under ``feature_names`` as a JSON list, in the order in which the model takes them. A list too
long for one value continues under ``feature_names.2``, ``feature_names.3`` …: the values one after the other are the JSON.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, Optional

KEY = "feature_names"
_LONGEST_VALUE = 5000  # bytes, of the server


def names_of(estimator: Any) -> Optional[List[str]]:
    """The names that a fitted estimator knows its features by; None when it was fitted on a table without names."""
    names = getattr(estimator, "feature_names_in_", None)
    return None if names is None else [str(name) for name in names]


def to_metadata(names: Optional[List[str]]) -> Dict[str, str]:
    """The entries that carry the names; none without names."""
    if names is None:
        return {}
    whole = json.dumps(names, ensure_ascii=False)
    if len(whole.encode("utf-8")) <= _LONGEST_VALUE:
        return {KEY: whole}
    whole = json.dumps(names)  # ASCII, which may be cut anywhere
    pieces = [whole[start : start + _LONGEST_VALUE] for start in range(0, len(whole), _LONGEST_VALUE)]
    return {_key(number): piece for number, piece in enumerate(pieces, 1)}


def from_metadata(metadata: Mapping[str, Any]) -> Optional[List[str]]:
    """The names in a version's metadata; None when there are none that can be read."""
    whole, number = "", 1
    while _key(number) in metadata:
        whole += str(metadata[_key(number)])
        number += 1
    try:
        names = json.loads(whole)
    except ValueError:
        return None
    return names if isinstance(names, list) and all(isinstance(name, str) for name in names) else None


def _key(number: int) -> str:
    return KEY if number == 1 else f"{KEY}.{number}"
