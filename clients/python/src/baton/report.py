"""Validation reports: what a model achieves on a named data set.

What is measured is the ONNX model that was made of the estimator, because that is what will answer. Metrics carry MLflow's
names where it has one, and are computed by scikit-learn itself:

- regression: example_count, mean_absolute_error, mean_squared_error, root_mean_squared_error, sum_on_target,
  mean_on_target, r2_score, max_error, mean_absolute_percentage_error
- two classes: true_negatives, false_positives, false_negatives, true_positives, example_count, accuracy_score,
  recall_score, precision_score, f1_score, log_loss, roc_auc, precision_recall_auc (which is average precision), score;
  labels are sorted and the last one is the positive one
- more classes: example_count, accuracy_score, recall_score, precision_score, f1_score (weighted averages), log_loss,
  roc_auc (one against the rest, weighted), score, and per_class_metrics
- clustering: example_count, cluster_count, silhouette_score, davies_bouldin_score, calinski_harabasz_score; with true groups
  as y also adjusted_rand_score, normalized_mutual_info_score, homogeneity_score, completeness_score
- outlier detection: example_count, outlier_count, outlier_share; with y of 1 and -1 also those of two classes, where an
  outlier is the positive one

A metric that is not defined on the data (roc_auc of a single class, log_loss without probabilities) is left out, and the
report's note says so: it is never shown as 0.
"""

from __future__ import annotations

import math
import warnings
from typing import Any, Dict, List, Mapping, Optional, Tuple

from . import agreement, answers, export
from .answers import Answers
from .dataset import dataset_digest, row_count
from .errors import ExportError
from .metrics import binary_metrics, clustering_metrics, multiclass_metrics, numpy, outlier_metrics, regression_metrics
from .table import take

_CLASSES = ("binary", "multiclass")
_WITHOUT_TRUTH = ("clustering", "outlier_detection")  # tasks that can be measured without y
# Those that get a confidence interval: the ones decisions are made on.
_HEADLINES: Dict[str, Tuple[str, ...]] = {
    "regression": ("mean_absolute_error", "root_mean_squared_error", "r2_score"),
    "binary": ("accuracy_score", "precision_score", "recall_score", "f1_score", "log_loss", "roc_auc", "precision_recall_auc"),
    "multiclass": ("accuracy_score", "precision_score", "recall_score", "f1_score", "log_loss", "roc_auc"),
    "clustering": (),
    "outlier_detection": ("outlier_share", "accuracy_score", "precision_score", "recall_score", "f1_score"),
}


def evaluate(
    estimator: Any,
    X: Any,
    y: Any = None,
    *,
    onnx: Optional[bytes] = None,
    dataset: str = "validation",
    context: str = "validation",
    slices: Optional[Mapping[str, Any]] = None,
    replicates: int = 200,
    level: float = 0.95,
    seed: int = 0,
    note: str = "",
) -> Dict[str, Any]:
    """The validation report of a fitted estimator on X and y, ready to be registered.

    The estimator is converted to ONNX, or ``onnx`` has the bytes of the model that was made of it, and the answers of that model
    are measured; ExportError when they are not the estimator's. Where it does not convert, or cannot be run here, the estimator
    itself is measured, and the note says so. ``y`` may be left out for clusterings and outlier detectors.

    ``slices`` maps a name to one value for each row (``{"sex": X[:, 1] > 0}``): the metrics are repeated for the rows of each
    value. ``replicates`` bootstrap samples, drawn from ``seed``, give the confidence intervals; 0 leaves them out.
    """
    numpy()
    task, labels = _task_of(estimator, y)
    measured, caveat = _answers(estimator, X, onnx)
    rows = _Rows(measured, X, y, task, labels)
    metrics, undefined = rows.metrics()
    if task in _CLASSES:
        metrics["score"] = metrics["accuracy_score"]
    report: Dict[str, Any] = {
        "dataset": {"name": dataset, "digest": dataset_digest(X, y), "rows": row_count(X), "context": context},
        "task": task,
        "metrics": metrics,
    }
    constant = rows.best_constant()
    if constant:
        report["baselines"] = {"best_constant": constant}
    intervals = rows.confidence_intervals(replicates, level, seed) if replicates else {}
    if intervals:
        report["ci"] = intervals
    if slices:
        report["slices"] = rows.slices(slices)
    if task == "multiclass":
        report["per_class_metrics"] = rows.per_class()
    notes = [text for text in (note, caveat) if text]
    if undefined:
        notes.append("not defined on this data: " + ", ".join(undefined))
    if notes:
        report["note"] = "; ".join(notes)
    return report


def needs_truth(estimator: Any) -> bool:
    """Whether the estimator can only be measured against known answers."""
    return answers.kind_of(estimator) not in ("clusterer", "outlier_detector")


def _answers(estimator: Any, X: Any, onnx: Optional[bytes]) -> Tuple[Answers, str]:
    """What is measured, and what the reader of the report must know about it."""
    own = answers.of_estimator(estimator, X)
    try:
        converted = answers.of_model(export.to_onnx(estimator, X=X) if onnx is None else onnx, estimator, X)
    except (ExportError, ImportError):
        return own, "measured on the estimator, which was not converted to ONNX"
    except answers.CannotRun as error:
        return own, f"measured on the estimator, because ONNX's reference evaluator cannot run the model ({str(error)[:200]})"
    agreement.compare(estimator, X, own, converted)
    return converted, ""


class _Rows:
    """The rows of a data set with what the model says about them; metrics of all of them or of some."""

    def __init__(self, said: Answers, X: Any, y: Any, task: str, labels: Any) -> None:
        np = self._np = numpy()
        self._task, self._labels, self._X = task, labels, X
        self._y = None if y is None else np.asarray(y)
        self._predicted, self._margin = said.predicted, said.margin
        self._probability = None if said.probability is None else np.clip(said.probability, 0, 1)  # sums of 32 bits reach 1 + 1e-7
        if task == "regression" and self._predicted.shape != self._y.shape:
            self._predicted = self._predicted.reshape(self._y.shape)

    def metrics(self, chosen: Any = slice(None)) -> Tuple[Dict[str, float], List[str]]:
        """The metrics of the chosen rows, and the names of those that are not defined on them."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # zero divisions: documented as 0, as scikit-learn has it
            found = self._compute(
                None if self._y is None else self._y[chosen],
                self._predicted[chosen],
                None if self._probability is None else self._probability[chosen],
                None if self._margin is None else self._margin[chosen],
                chosen,
            )
        if self._task in _CLASSES and self._probability is None:
            found["log_loss"] = math.nan
            if self._task == "multiclass":
                found["roc_auc"] = math.nan
        defined = _finite(found)
        return defined, sorted(set(found) - set(defined))

    def best_constant(self) -> Dict[str, float]:
        """The metrics of whoever always answers the mean, or the most frequent class with the shares of all classes."""
        np = self._np
        if self._y is None or self._task in _WITHOUT_TRUTH:
            return {}
        if self._task == "regression":
            return _finite(regression_metrics(self._y, np.broadcast_to(self._y.mean(axis=0), self._y.shape)))
        shares = np.array([np.mean(self._y == label) for label in self._labels])
        answer = np.full(len(self._y), self._labels[int(shares.argmax())])
        probability = np.tile(shares, (len(self._y), 1))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _finite(self._compute(self._y, answer, probability, None))

    def confidence_intervals(self, replicates: int, level: float, seed: int) -> Dict[str, Dict[str, Any]]:
        """Percentile bootstrap over rows. A metric that some sample leaves undefined gets no interval."""
        np = self._np
        if not _HEADLINES[self._task]:
            return {}
        random, count = np.random.default_rng(seed), len(self._predicted)
        samples: Dict[str, List[float]] = {name: [] for name in _HEADLINES[self._task]}
        for _ in range(replicates):
            found, _undefined = self.metrics(random.integers(0, count, count))
            for name in samples:
                if name in found:
                    samples[name].append(found[name])
        tail = (1.0 - level) / 2.0
        described = {"level": level, "method": "bootstrap-percentile", "replicates": replicates, "seed": seed}
        intervals = {}
        for name, values in samples.items():
            if len(values) == replicates:
                lower, upper = np.quantile(values, [tail, 1.0 - tail])
                intervals[name] = {"lower": float(lower), "upper": float(upper), **described}
        return intervals

    def slices(self, columns: Mapping[str, Any]) -> List[Dict[str, Any]]:
        """The metrics of the rows of each value of each column."""
        np = self._np
        found = []
        for name, values in columns.items():
            values = np.asarray(values)
            if values.shape != (len(self._predicted),):
                raise ValueError(f"slice '{name}' must have one value for each of the {len(self._predicted)} rows")
            for value in np.unique(values):
                chosen = np.flatnonzero(values == value)
                metrics, _undefined = self.metrics(chosen)
                found.append({"column": str(name), "value": str(value), "rows": len(chosen), "metrics": metrics})
        return found

    def per_class(self) -> Dict[str, Dict[str, float]]:
        """Each class against all others, as two classes."""
        np = self._np
        found = {}
        for index, label in enumerate(self._labels):
            probability = None if self._probability is None else self._probability[:, index]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                of_class = binary_metrics(self._y == label, self._predicted == label, np.array([False, True]), probability)
            found[str(label)] = _finite(of_class)
        return found

    def _compute(self, y: Any, predicted: Any, probability: Any, margin: Any, chosen: Any = slice(None)) -> Dict[str, float]:
        if self._task == "regression":
            return regression_metrics(y, predicted)
        if self._task == "clustering":
            return clustering_metrics(self._X if isinstance(chosen, slice) else take(self._X, chosen), predicted, y)
        if self._task == "outlier_detection":
            return outlier_metrics(predicted, y)
        if self._task == "binary":
            positive = None if probability is None else probability[:, 1]
            return binary_metrics(y, predicted, self._labels, positive, margin)
        return multiclass_metrics(y, predicted, self._labels, probability)


def _task_of(estimator: Any, y: Any) -> Tuple[str, Any]:
    """The task, and the sorted labels that a classifier knows."""
    name = type(estimator).__name__
    if not callable(getattr(estimator, "predict", None)):
        raise ValueError(f"{name} does not predict, so nothing can be measured: write a report of your own and pass report=")
    kind = answers.kind_of(estimator)
    if kind == "clusterer":
        return "clustering", None
    if kind == "outlier_detector":
        if y is not None and not set(numpy().unique(y).tolist()) <= {1, -1}:
            raise ValueError(f"{name} answers 1 for what is usual and -1 for an outlier: y must say the same, or be left out")
        return "outlier_detection", None
    if y is None:
        raise ValueError(f"{name} is measured against known answers: pass y")
    if kind != "classifier":
        return "regression", None
    labels = estimator.classes_
    if isinstance(labels, list) or getattr(y, "ndim", 1) > 1:
        raise ValueError("a classifier with several outputs needs a report of your own: pass report=")
    return ("binary" if len(labels) == 2 else "multiclass"), labels


def _finite(metrics: Dict[str, float]) -> Dict[str, float]:
    return {name: value for name, value in metrics.items() if math.isfinite(value)}
