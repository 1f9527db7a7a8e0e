"""Fitted scikit-learn estimators as ONNX models that Baton runs.

The model takes one input ``X`` of 32-bit floats, rows by features. A classifier answers ``label`` and ``probabilities`` as
plain tensors (no ZipMap); a regressor answers ``variable``. An SVM without probabilities answers its decision values
under the name ``probabilities``, as skl2onnx names them.
"""

from __future__ import annotations

import warnings
from typing import Any, Dict, List, Optional

from .errors import ExportError

MODEL_FILE = "model.onnx"

_CHECKED_ROWS = 100
_WRONG_LABELS = 0.05  # share of labels; float32 input moves a label only where a row lies on the boundary
_WRONG_VALUES = 1e-2  # relative to the largest prediction


def is_estimator(thing: Any) -> bool:
    """Whether this looks like a scikit-learn estimator rather than a path."""
    return hasattr(thing, "get_params") and hasattr(thing, "fit")


def to_onnx(estimator: Any, *, input_name: str = "X", features: Optional[int] = None, double: bool = False) -> bytes:
    """The estimator as the bytes of an ONNX model. The same estimator gives the same bytes.

    ``features`` is only needed for an estimator that does not say it itself (``n_features_in_``). ``double`` makes the
    input 64-bit: closer to scikit-learn, but several converters lack it (SVMs, imputers). Raises ExportError.
    """
    _refuse_what_cannot_be_expressed(estimator)
    try:
        from skl2onnx import convert_sklearn
        from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType
    except ImportError as error:
        raise ImportError("estimators are converted with skl2onnx: pip install 'baton[sklearn]'") from error

    width = features or _width(estimator)
    tensor = DoubleTensorType if double else FloatTensorType
    inputs = [(input_name, tensor([None, width]))]

    def convert(options: Dict[int, Any]) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # about attributes that the converters themselves look at
            return convert_sklearn(estimator, "baton", inputs, options=options)

    try:
        try:
            model = convert({id(estimator): {"zipmap": False}})
        except Exception as error:
            if "zipmap" not in str(error):
                raise
            # An estimator without a ZipMap that could be left out; naming each step keeps a pipeline from asking for one.
            model = convert({id(step): {} for step in _steps(estimator)})
    except Exception as error:  # converters raise whatever they come across; the first line says what it was
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ExportError(
            f"{_names(estimator)} cannot be converted to ONNX: {reason[:300]}",
            code="unsupported_model",
            hint="linear models, logistic regression, SVMs and pipelines with scalers convert (HistGradientBoosting does not); "
            "anything else can be registered as an ONNX file that you made yourself",
        ) from error
    return bytes(model.SerializeToString(deterministic=True))


def check_agreement(estimator: Any, content: bytes, X: Any) -> None:
    """Raises ExportError when the converted model answers another question than the estimator.

    A few converters make models that are plainly wrong (swapped classes, for one). The first rows of ``X`` are run through
    ONNX's reference evaluator; what it cannot run is not judged. Rounding is no disagreement: see the limits below.
    """
    import numpy as np
    import onnx
    from onnx.reference import ReferenceEvaluator

    rows = (X.iloc[:_CHECKED_ROWS].to_numpy() if hasattr(X, "iloc") else np.asarray(X)[:_CHECKED_ROWS]).astype(np.float32)
    expected = np.ravel(estimator.predict(X[:_CHECKED_ROWS]))
    try:
        evaluator = ReferenceEvaluator(onnx.load_from_string(content))
        with np.errstate(all="ignore"):
            answered = np.ravel(list(evaluator.run(None, {evaluator.input_names[0]: rows}))[0])
    except Exception:  # an operator or attribute that the reference evaluator lacks says nothing about the model
        return
    if hasattr(estimator, "classes_"):
        wrong = int((answered != expected).sum())
        agrees, found = wrong <= _WRONG_LABELS * len(expected), f"{wrong} of {len(expected)} labels differ"
    else:
        worst = float(np.abs(answered - expected).max())
        agrees, found = worst <= _WRONG_VALUES * max(float(np.abs(expected).max()), 1e-30), f"predictions differ by up to {worst:g}"
    if not agrees:
        raise ExportError(
            f"the ONNX model that skl2onnx made of {_names(estimator)} does not answer like the estimator: {found}",
            code="unsupported_model",
            hint="put the steps into one pipeline without wrappers, or train another estimator",
        )


def describe(estimator: Any) -> Dict[str, str]:
    """Metadata that a version of this estimator should carry."""
    import sklearn

    return {"framework": "scikit-learn", "framework_version": sklearn.__version__, "estimator": _names(estimator)}


def _steps(estimator: Any) -> List[Any]:
    """The estimator itself, or those of a pipeline from first to last."""
    steps = getattr(estimator, "steps", None)
    return [estimator] if steps is None else [part for _, step in steps for part in _steps(step)]


def _names(estimator: Any) -> str:
    return " + ".join(type(step).__name__ for step in _steps(estimator) if step not in (None, "passthrough"))


def _width(estimator: Any) -> int:
    width = getattr(estimator, "n_features_in_", None)
    if width is None:
        raise ExportError(
            f"{_names(estimator)} is not fitted, or does not say how many features it takes",
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
