"""Whether the ONNX model that was made of an estimator answers like the estimator.

A few converters make models that are plainly wrong: swapped classes, another rule for the label. Rounding is no such thing. ONNX
models compute with 32-bit numbers, so a label may differ where a row lies on the boundary between two labels as far as
such numbers can tell: where the estimator itself changes to the other label when its input moves by that little. Any other
difference of a label is refused, and so are values that differ by more than rounding can explain.
"""

from __future__ import annotations

from typing import Any, Callable, Optional

from . import answers
from .answers import Answers
from .errors import ExportError
from .export import names_of_steps
from .table import holds_text, is_frame, take, to_array, to_numbers

_ROWS = 2000  # looked at where nothing else needs the answers to all rows
_NUDGE = 2.0**-20  # relative to a column: some units in the last place of a 32-bit number
_NUDGES = 64
_ON_BOUNDARY = 0.02  # the share of rows that may lie on a boundary
_FEW_ROWS = 5  # which may in any case
_PROBABILITY = 1e-2  # two-class Platt scaling is coupled by one library and not by another: up to 3.5e-3
_VALUE = 1e-3  # of the range of predictions
_ROUNDING = 1e-5  # of the largest prediction


def check(estimator: Any, content: bytes, X: Any) -> None:
    """Compares both on rows spread over all of ``X``, every predicted label among them. Raises ExportError.

    A model that ONNX's reference evaluator cannot run is not judged, nor one that transforms and predicts nothing.
    """
    if not callable(getattr(estimator, "predict", None)):
        return
    rows = take(X, spread(estimator.predict(X), classifies=predicts_labels(estimator)))
    try:
        converted = answers.of_model(content, estimator, rows)
    except answers.CannotRun:
        return
    compare(estimator, rows, answers.of_estimator(estimator, rows), converted)


def compare(estimator: Any, X: Any, own: Answers, converted: Answers) -> None:
    """Raises ExportError when the answers to the rows of ``X`` differ by more than rounding."""
    differs = _labels_differ(estimator, X, own, converted) if predicts_labels(estimator) else _values_differ(own, converted)
    differs = differs or _probabilities_differ(estimator, X, own, converted)
    if differs:
        raise ExportError(
            f"the ONNX model that skl2onnx made of {names_of_steps(estimator)} does not answer like the estimator: {differs}",
            code="unsupported_model",
            hint="this is what would be served, so it is not registered: scale the inputs in a pipeline, train another estimator "
            "(for SGDClassifier another loss), or register an ONNX file that you made yourself",
        )


def predicts_labels(estimator: Any) -> bool:
    """Whether its predictions are labels (of a classifier, a clustering, an outlier detector) rather than values."""
    return answers.kind_of(estimator) != "regressor"


def spread(predicted: Any, classifies: bool, limit: int = _ROWS) -> Any:
    """Positions of at most ``limit`` rows over the whole table: as many of each label, or over the range of values."""
    import numpy as np

    predicted = np.asarray(predicted)
    if len(predicted) <= limit:
        return np.arange(len(predicted))
    if not classifies:
        order = np.argsort(predicted.reshape(len(predicted), -1)[:, 0], kind="stable")
        return np.sort(order[_evenly(len(order), limit)])
    labels = np.unique(predicted)
    groups = [np.flatnonzero(predicted == label) for label in labels]
    share = max(1, limit // len(labels))
    return np.sort(np.concatenate([group[_evenly(len(group), share)] for group in groups]))


def _evenly(count: int, wanted: int) -> Any:
    import numpy as np

    return np.unique(np.linspace(0, count - 1, min(count, wanted)).round().astype(int))


def _labels_differ(estimator: Any, X: Any, own: Answers, converted: Answers) -> Optional[str]:
    import numpy as np

    different = np.flatnonzero(own.predicted != converted.predicted)
    labels, before = converted.predicted[different], own.predicted[different]
    outliers = answers.kind_of(estimator) == "outlier_detector"

    def explains(moved: Any) -> Any:
        found = np.asarray(estimator.predict(moved))
        # An outlier detector in ONNX says 0, neither 1 nor -1, for a row exactly on the boundary.
        return (found == labels) | ((found != before) & (labels == 0)) if outliers else found == labels

    wrong = _unexplained(X, different, explains)
    return _verdict("labels", len(own.predicted), different, wrong, lambda row: _both(own, converted, row))


def _probabilities_differ(estimator: Any, X: Any, own: Answers, converted: Answers) -> Optional[str]:
    import numpy as np

    if own.probability is None or converted.probability is None or own.probability.shape != converted.probability.shape:
        return None
    difference = np.abs(own.probability - converted.probability).max(axis=1)
    different = np.flatnonzero(~(difference <= _PROBABILITY))

    def explains(moved: Any) -> Any:
        return np.abs(estimator.predict_proba(moved) - converted.probability[different]).max(axis=1) <= _PROBABILITY

    wrong = _unexplained(X, different, explains)
    return _verdict("probabilities", len(difference), different, wrong, lambda row: f"by {difference[row]:.2g}")


def _verdict(what: str, count: int, different: Any, wrong: Any, shown: Callable[[int], str]) -> Optional[str]:
    """What is wrong with some of the rows that differ; None when nothing is, or when they are few and rounding explains them."""
    found = f"the {what} of {len(different)} of {count} rows differ"
    if len(wrong):
        return f"{found}, as for row {wrong[0]}: {shown(int(wrong[0]))}"
    if len(different) > max(_FEW_ROWS, _ON_BOUNDARY * count):
        return f"{found}, because these rows need more digits than a 32-bit number has"
    return None


def _unexplained(X: Any, rows: Any, explains: Callable[[Any], Any]) -> Any:
    """Those of the rows for which the estimator never gives the other answer when they are moved by rounding's size."""
    import numpy as np

    if not len(rows):
        return rows
    random, scale, chosen = np.random.default_rng(0), _scale(X), take(X, rows)
    explained = np.zeros(len(rows), dtype=bool)
    for _ in range(_NUDGES):
        try:
            explained |= explains(_nudged(chosen, scale, random))
        except ValueError:  # numbers that are categories cannot be moved: then no difference is excused
            break
        if explained.all():
            break
    return rows[~explained]


def _scale(X: Any) -> Any:
    """How large the numbers of each column are."""
    import numpy as np

    if is_frame(X):
        columns = [X[name].to_numpy() for name in X.columns]
    else:
        columns = list(np.atleast_2d(to_array(X)).T)
    return [None if not _is_number(column) else float(np.nanmax(np.abs(to_numbers(column)), initial=0.0)) for column in columns]


def _is_number(column: Any) -> bool:
    return column.dtype.kind in "fiu" or column.dtype.kind == "O" and not holds_text(column)


def _nudged(X: Any, scale: Any, random: Any) -> Any:
    import numpy as np

    def moved(values: Any, size: float) -> Any:
        values = to_numbers(values)
        return values + random.choice([-_NUDGE, _NUDGE], len(values)) * (np.abs(values) + size)

    if is_frame(X) and not hasattr(X, "assign"):
        return X
    if is_frame(X):
        columns = list(X.columns)
        return X.assign(**{name: moved(X[name].to_numpy(), size) for name, size in zip(columns, scale) if size is not None})
    values = to_array(X)
    if all(size is None for size in scale):
        return values
    return np.column_stack([moved(column, size) for column, size in zip(values.T, scale)])


def _values_differ(own: Answers, converted: Answers) -> Optional[str]:
    import numpy as np

    expected = np.asarray(own.predicted, dtype=float)
    difference = np.abs(np.asarray(converted.predicted, dtype=float).reshape(expected.shape) - expected)
    if not difference.size:
        return None
    allowed = _VALUE * (expected.max() - expected.min()) + _ROUNDING * np.abs(expected).max()
    if difference.max() <= allowed:
        return None
    at = int(np.argmax(difference.reshape(len(difference), -1).max(axis=1)))
    return f"predictions differ by up to {difference.max():.3g}, as for row {at}: {_both(own, converted, at)}"


def _both(own: Answers, converted: Answers, row: int) -> str:
    shown = [repr(value.tolist() if hasattr(value, "tolist") else value) for value in (converted.predicted[row], own.predicted[row])]
    return " instead of ".join(shown)
