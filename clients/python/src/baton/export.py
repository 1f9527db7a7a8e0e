"""Fitted scikit-learn estimators as ONNX models that Baton runs.

The model takes one input ``X`` of 32-bit floats (or of text), rows by features. An estimator that looks columns up by name, or
that was fitted on text beside numbers, becomes a model with one input for each column, named as the column. A classifier
answers ``label`` and ``probabilities`` as plain tensors (no ZipMap); a regressor answers ``variable``. An SVM without
probabilities answers its decision values under the name ``probabilities``, as skl2onnx names them.
"""

from __future__ import annotations

import warnings
from typing import Any, Dict, List, Optional, Tuple

from . import features as feature_names
from .errors import ExportError
from .table import column_names, holds_text, is_missing, to_array

MODEL_FILE = "model.onnx"


def is_estimator(thing: Any) -> bool:
    """Whether this looks like a scikit-learn estimator rather than a path."""
    return hasattr(thing, "get_params") and hasattr(thing, "fit")


def to_onnx(
    estimator: Any, *, X: Any = None, input_name: str = "X", features: Optional[int] = None, double: bool = False
) -> bytes:
    """The estimator as the bytes of an ONNX model. The same estimator gives the same bytes.

    ``X`` is a table like the one it was fitted on: needed where columns are chosen by name or hold text, to see which are
    text. ``features`` is only needed for an estimator that does not say it itself (``n_features_in_``). ``double`` makes the
    input 64-bit: closer to scikit-learn, but several converters lack it (SVMs, imputers). Raises ExportError.
    """
    _refuse_what_cannot_be_expressed(estimator)
    try:
        from skl2onnx import convert_sklearn, get_latest_tested_opset_version
        from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType
    except ImportError as error:
        raise ImportError("estimators are converted with skl2onnx: pip install 'baton[sklearn]'") from error

    layout = _layout(estimator, X, input_name, features)
    number = DoubleTensorType if double else FloatTensorType
    inputs = [(name, (StringTensorType if text else number)([None, width])) for name, width, text in layout]

    def convert(options: Dict[int, Any], opsets: Optional[Dict[str, int]] = None) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # about attributes that the converters themselves look at
            return convert_sklearn(estimator, "baton", inputs, options=options, target_opset=opsets)

    # Naming each step keeps a pipeline from asking for a ZipMap that its last step knows nothing of.
    without_zipmap = {id(step): {} for step in _steps(estimator)}
    try:
        try:
            model = convert({id(estimator): {"zipmap": False}})
        except Exception as error:
            if "zipmap" not in str(error):
                raise
            try:
                model = convert(without_zipmap)
            except RuntimeError as refused:  # a converter mixes operators of two ages, unless the older is asked for
                if "not supported yet by this library" not in str(refused):
                    raise
                model = convert(without_zipmap, {"": get_latest_tested_opset_version(), "ai.onnx.ml": 3})
    except Exception as error:  # converters raise whatever they come across; the first line says what it was
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ExportError(
            f"{names_of_steps(estimator)} cannot be converted to ONNX: {reason[:300]}",
            code="unsupported_model",
            hint="linear models, SVMs, trees, and pipelines of them with scalers and encoders convert (HistGradientBoosting does not); "
            "an estimator that takes text needs X=; anything else can be registered as an ONNX file that you made yourself",
        ) from error
    _name_inputs(model.graph, [name for name, _, _ in layout])
    return bytes(model.SerializeToString(deterministic=True))


def describe(estimator: Any) -> Dict[str, str]:
    """Metadata that a version of this estimator should carry."""
    import sklearn

    facts = {"framework": "scikit-learn", "framework_version": sklearn.__version__, "estimator": names_of_steps(estimator)}
    return {**facts, **feature_names.to_metadata(feature_names.names_of(estimator))}


def names_of_steps(estimator: Any) -> str:
    """What the estimator is, for people: its class, or those of a pipeline's steps."""
    return " + ".join(type(step).__name__ for step in _steps(estimator) if step not in (None, "passthrough"))


def _steps(estimator: Any) -> List[Any]:
    """The estimator itself, or those of a pipeline from first to last."""
    steps = getattr(estimator, "steps", None)
    return [estimator] if steps is None else [part for _, step in steps for part in _steps(step)]


# The inputs


def _layout(estimator: Any, X: Any, input_name: str, features: Optional[int]) -> List[Tuple[str, int, bool]]:
    """Name, width and whether it is text, of each input that the model will have."""
    names, given = feature_names.names_of(estimator), column_names(X)
    by_name = _chooses_columns_by_name(estimator)
    if by_name and (names is None or given is None):
        raise ExportError(
            f"{names_of_steps(estimator)} chooses columns by name, and what they hold is not known",
            code="unsupported_model",
            hint="pass X=, a data frame like the one it was fitted on",
        )
    if names is not None and given is not None:
        lacking = [name for name in names if name not in given]
        if lacking:
            raise ExportError(f"X lacks columns that the estimator was fitted on: {', '.join(lacking)}", code="invalid_argument")
        texts = [_is_text(name, X[name]) for name in names]
        if by_name or any(texts) and not all(texts):
            return [(name, 1, text) for name, text in zip(names, texts)]
        return [(input_name, len(names), all(texts))]
    return [(input_name, features or _width(estimator), X is not None and _is_all_text(X))]


def _chooses_columns_by_name(estimator: Any) -> bool:
    """Whether a ColumnTransformer anywhere in it picks its columns otherwise than by position."""
    parts = [estimator, *estimator.get_params(deep=True).values()]
    chosen = [step[2] for part in parts if hasattr(part, "sparse_threshold") for step in getattr(part, "transformers", [])]
    return any(not _is_position(columns) for columns in chosen)


def _is_position(columns: Any) -> bool:
    if isinstance(columns, slice):
        return not isinstance(columns.start, str) and not isinstance(columns.stop, str)
    values = columns.tolist() if hasattr(columns, "tolist") else columns
    return all(isinstance(value, int) for value in (values if isinstance(values, (list, tuple)) else [values]))


def _is_text(name: str, column: Any) -> bool:
    values = column.to_numpy()
    if holds_text(values):
        if any(map(is_missing, values.tolist())):
            raise ExportError(
                f"column '{name}' has text that is missing, which ONNX cannot express",
                code="unsupported_model",
                hint="fill it with a word of its own, such as 'unknown', before training and before predictions",
            )
        return True
    if values.dtype.kind in "mM":
        raise ExportError(
            f"column '{name}' holds times, which ONNX does not know", code="unsupported_model", hint="turn them into numbers"
        )
    return False


def _is_all_text(X: Any) -> bool:
    values = to_array(X)
    if not holds_text(values):
        return False
    if all(isinstance(value, str) for value in values.ravel().tolist()):
        return True
    raise ExportError(
        "text and numbers stand in one array, so the columns have no types",
        code="unsupported_model",
        hint="fit on a data frame and pass it as X=: each column then becomes an input of its own",
    )


def _name_inputs(graph: Any, names: List[str]) -> None:
    """Gives the inputs the names of their columns, which the converter spells in its own way, and drops what nothing reads."""
    renamed = {described.name: name for described, name in zip(graph.input, names)}
    others = {value for node in graph.node for value in [*node.input, *node.output]} - set(renamed)
    read = {value for node in graph.node for value in node.input}
    clashing = [name for old, name in renamed.items() if old in read and name != old and name in others]
    if clashing:
        raise ExportError(
            f"the column '{clashing[0]}' has the name of something else in the model",
            code="unsupported_model",
            hint="call the column otherwise and fit again",
        )
    for node in graph.node:
        for index, value in enumerate(node.input):
            node.input[index] = renamed.get(value, value)
    for index in reversed(range(len(graph.input))):
        if graph.input[index].name in read:
            graph.input[index].name = renamed[graph.input[index].name]
        elif len(graph.input) > 1:
            del graph.input[index]


def _width(estimator: Any) -> int:
    width = getattr(estimator, "n_features_in_", None)
    if width is None:
        raise ExportError(
            f"{names_of_steps(estimator)} is not fitted, or does not say how many features it takes",
            code="unsupported_model",
            hint="call fit() first, or pass features=",
        )
    return int(width)


def _refuse_what_cannot_be_expressed(estimator: Any) -> None:
    """Some estimators convert without complaint into something that answers differently."""
    for step in _steps(estimator):
        name = type(step).__name__
        reason = ""
        if getattr(step, "break_ties", False):
            reason = "break_ties=True has no counterpart in ONNX"
        elif callable(getattr(step, "kernel", None)) or getattr(step, "kernel", None) == "precomputed":
            reason = "a callable or precomputed kernel exists only in Python"
        elif getattr(step, "multilabel_", False) or isinstance(getattr(step, "classes_", None), list):
            reason = "several outputs of a classifier are not supported"
        if reason:
            raise ExportError(
                f"{name} cannot be registered: {reason}",
                code="unsupported_model",
                hint="train another estimator, for example logistic regression or an SVM with a built-in kernel",
            )
