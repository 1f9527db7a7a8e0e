"""What a model says about the rows of a table: the estimator itself, or the ONNX model that was made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Optional

from . import svm_reference
from .dataset import row_count
from .table import column_names, holds_text, to_array, to_numbers


class CannotRun(Exception):
    """ONNX's reference evaluator does not run the model. That says nothing about the model: Baton's engines may."""


@dataclass(frozen=True)
class Answers:
    """Arrays with one entry for each row. ``probability`` has a column for each class; ``margin`` is that of the last class."""

    predicted: Any
    probability: Optional[Any] = None
    margin: Optional[Any] = None


def kind_of(estimator: Any) -> str:
    """classifier, clusterer, outlier_detector, or regressor for everything else that predicts."""
    if hasattr(estimator, "classes_"):
        return "classifier"
    try:
        from sklearn.utils import get_tags  # since scikit-learn 1.6
    except ImportError:
        kind = getattr(estimator, "_estimator_type", None)
    else:
        kind = get_tags(estimator).estimator_type
    return kind if kind in ("classifier", "clusterer", "outlier_detector") else "regressor"


def of_estimator(estimator: Any, X: Any) -> Answers:
    """The estimator's own answers."""
    import numpy as np

    predicted = np.asarray(estimator.predict(X))
    if callable(getattr(estimator, "predict_proba", None)) and hasattr(estimator, "classes_"):
        return Answers(predicted, probability=np.asarray(estimator.predict_proba(X)))
    if len(getattr(estimator, "classes_", ())) == 2 and callable(getattr(estimator, "decision_function", None)):
        return Answers(predicted, margin=np.asarray(estimator.decision_function(X)))
    return Answers(predicted)


def of_model(content: bytes, estimator: Any, X: Any) -> Answers:
    """The answers of the ONNX model made of the estimator, in the same form, from ONNX's reference evaluator. Raises CannotRun."""
    import numpy as np

    outputs = run(content, X)
    predicted = np.asarray(outputs[0])
    if len(predicted) != row_count(X):
        raise CannotRun(f"it answers {len(predicted)} rows where {row_count(X)} were asked for")
    if predicted.ndim == 2 and predicted.shape[1] == 1:
        predicted = predicted[:, 0]
    if kind_of(estimator) == "regressor":
        predicted = predicted.astype(np.float64)  # so that metrics are not computed with 32 bits as well
    classes = getattr(estimator, "classes_", None)
    if classes is None or len(outputs) < 2:
        return Answers(predicted)
    scores = np.asarray(outputs[1], dtype=np.float64).reshape(len(predicted), -1)
    if callable(getattr(estimator, "predict_proba", None)):
        return Answers(predicted, probability=scores)
    if len(classes) != 2:
        return Answers(predicted)
    margin = scores[:, -1]
    # The decision values of a two-class SVM come with either sign: its own labels say which class a higher one means.
    positive = predicted == classes[1]
    if positive.any() and not positive.all() and margin[positive].mean() < margin[~positive].mean():
        margin = -margin
    return Answers(predicted, margin=margin)


def run(content: bytes, X: Any) -> Any:
    """All outputs of an ONNX model for a table. Raises CannotRun."""
    import numpy as np
    import onnx
    from onnx.reference import ReferenceEvaluator

    try:
        model = onnx.load_from_string(content)
        evaluator = ReferenceEvaluator(model, new_ops=svm_reference.operators())
        with np.errstate(all="ignore"):
            return list(evaluator.run(None, _feeds(model, X)))
    except Exception as error:  # whatever an operator or attribute that it lacks leads to
        raise CannotRun(f"{type(error).__name__}: {error}") from error


def _feeds(model: Any, X: Any) -> Dict[str, Any]:
    import numpy as np
    import onnx

    def typed(values: Any, described: Any) -> Any:
        kind = onnx.helper.tensor_dtype_to_np_dtype(described.type.tensor_type.elem_type)
        return values.astype(object) if holds_text(values) else to_numbers(values, kind)

    inputs, names = list(model.graph.input), column_names(X)
    if names is not None and all(described.name in names for described in inputs):
        return {described.name: typed(X[described.name].to_numpy().reshape(-1, 1), described) for described in inputs}
    return {inputs[0].name: typed(to_array(X), inputs[0])}
