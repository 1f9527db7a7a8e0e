"""Validation reports: what a fitted estimator achieves on a named data set.

Metrics carry MLflow's names and are computed by scikit-learn itself:

- regression: example_count, mean_absolute_error, mean_squared_error, root_mean_squared_error, sum_on_target,
  mean_on_target, r2_score, max_error, mean_absolute_percentage_error
- two classes: true_negatives, false_positives, false_negatives, true_positives, example_count, accuracy_score,
  recall_score, precision_score, f1_score, log_loss, roc_auc, precision_recall_auc (which is average precision), score;
  labels are sorted and the last one is the positive one
- more classes: example_count, accuracy_score, recall_score, precision_score, f1_score (weighted averages), log_loss,
  roc_auc (one against the rest, weighted), score, and per_class_metrics

A metric that is not defined on the data (roc_auc of a single class, log_loss without probabilities) is left out, and the
report's note says so: it is never shown as 0.
"""

from __future__ import annotations

import math
import warnings
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from .dataset import dataset_digest, row_count

# Those that get a confidence interval: the ones decisions are made on.
_HEADLINES = {
    "regression": ("mean_absolute_error", "root_mean_squared_error", "r2_score"),
    "binary": ("accuracy_score", "precision_score", "recall_score", "f1_score", "log_loss", "roc_auc", "precision_recall_auc"),
    "multiclass": ("accuracy_score", "precision_score", "recall_score", "f1_score", "log_loss", "roc_auc"),
}


def evaluate(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    dataset: str = "validation",
    context: str = "validation",
    slices: Optional[Mapping[str, Any]] = None,
    replicates: int = 200,
    level: float = 0.95,
    seed: int = 0,
    note: str = "",
) -> Dict[str, Any]:
    """The validation report of a fitted estimator on X and y, ready to be registered.

    ``slices`` maps a name to one value for each row (``{"sex": X[:, 1] > 0}``): the metrics are repeated for the rows of each
    value. ``replicates`` bootstrap samples, drawn from ``seed``, give the confidence intervals; 0 leaves them out.
    """
    np = _numpy()
    task, labels = _task_of(estimator, y)
    rows = _Rows(np, estimator, X, y, task, labels)
    metrics, undefined = rows.metrics()
    metrics["score"] = float(estimator.score(X, y))
    if task == "regression":
        del metrics["score"]  # it is r2_score, which is there already
    report: Dict[str, Any] = {
        "dataset": {"name": dataset, "digest": dataset_digest(X, y), "rows": row_count(X), "context": context},
        "task": task,
        "metrics": metrics,
        "baselines": {"best_constant": rows.best_constant()},
    }
    if replicates:
        report["ci"] = rows.confidence_intervals(replicates, level, seed)
    if slices:
        report["slices"] = rows.slices(slices)
    if task == "multiclass":
        report["per_class_metrics"] = rows.per_class()
    notes = [note] if note else []
    if undefined:
        notes.append("not defined on this data: " + ", ".join(undefined))
    if notes:
        report["note"] = "; ".join(notes)
    return report


def regression_metrics(y_true: Any, y_pred: Any) -> Dict[str, float]:
    """Regression metrics under MLflow's names."""
    np, sk = _numpy(), _metrics()
    y_true = np.asarray(y_true)
    squared = sk.mean_squared_error(y_true, y_pred)
    found = {
        "example_count": len(y_true),
        "mean_absolute_error": sk.mean_absolute_error(y_true, y_pred),
        "mean_squared_error": squared,
        "root_mean_squared_error": _root_mean_squared_error(np, sk, y_true, y_pred),
        "sum_on_target": np.sum(y_true),
        "mean_on_target": np.mean(y_true),
        "r2_score": sk.r2_score(y_true, y_pred) if len(y_true) > 1 else math.nan,
        "mean_absolute_percentage_error": sk.mean_absolute_percentage_error(y_true, y_pred),
    }
    if y_true.ndim == 1 or y_true.shape[1] == 1:
        found["max_error"] = sk.max_error(y_true, y_pred)
    return {name: float(value) for name, value in found.items()}


def binary_metrics(y_true: Any, y_pred: Any, labels: Any, probability: Any = None, margin: Any = None) -> Dict[str, float]:
    """Metrics of two classes; ``probability`` or ``margin`` is that of the positive class, ``labels[1]``."""
    np, sk = _numpy(), _metrics()
    positive = labels[1]
    tn, fp, fn, tp = sk.confusion_matrix(y_true, y_pred, labels=labels).ravel()
    found = {"true_negatives": tn, "false_positives": fp, "false_negatives": fn, "true_positives": tp}
    found.update(_common_metrics(sk, y_true, y_pred, average="binary", pos_label=positive))
    if probability is not None:
        both = np.column_stack([1.0 - np.asarray(probability), probability])
        found["log_loss"] = sk.log_loss(y_true, both, labels=labels)
    ranking = probability if probability is not None else margin
    if ranking is not None:
        truth = np.asarray(y_true) == positive
        found["roc_auc"] = _or_nan(sk.roc_auc_score, truth, ranking)
        found["precision_recall_auc"] = sk.average_precision_score(truth, ranking) + 0.0  # never -0.0
    return {name: float(value) for name, value in found.items()}


def multiclass_metrics(y_true: Any, y_pred: Any, labels: Any, probability: Any = None) -> Dict[str, float]:
    """Metrics of three classes or more: weighted averages, ROC AUC one against the rest."""
    sk = _metrics()
    found = _common_metrics(sk, y_true, y_pred, average="weighted")
    if probability is not None:
        found["log_loss"] = sk.log_loss(y_true, probability, labels=labels)
        found["roc_auc"] = _or_nan(sk.roc_auc_score, y_true, probability, average="weighted", multi_class="ovr", labels=labels)
    return {name: float(value) for name, value in found.items()}


class _Rows:
    """The rows of a data set with what the estimator says about them; metrics of all of them or of some."""

    def __init__(self, np: Any, estimator: Any, X: Any, y: Any, task: str, labels: Any) -> None:
        self._np, self._task, self._labels = np, task, labels
        self._y = np.asarray(y)
        self._predicted = np.asarray(estimator.predict(X))
        if task == "regression" and self._predicted.shape != self._y.shape:
            self._predicted = self._predicted.reshape(self._y.shape)
        self._probability = self._margin = None
        if task != "regression":
            if callable(getattr(estimator, "predict_proba", None)):
                self._probability = np.asarray(estimator.predict_proba(X))
            elif task == "binary" and callable(getattr(estimator, "decision_function", None)):
                self._margin = np.asarray(estimator.decision_function(X))

    def metrics(self, chosen: Any = slice(None)) -> Tuple[Dict[str, float], List[str]]:
        """The metrics of the chosen rows, and the names of those that are not defined on them."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # zero divisions: documented as 0, as scikit-learn has it
            found = self._compute(
                self._y[chosen],
                self._predicted[chosen],
                None if self._probability is None else self._probability[chosen],
                None if self._margin is None else self._margin[chosen],
            )
        if self._task != "regression" and self._probability is None:
            found["log_loss"] = math.nan
            if self._task == "multiclass":
                found["roc_auc"] = math.nan
        defined = {name: value for name, value in found.items() if math.isfinite(value)}
        return defined, sorted(set(found) - set(defined))

    def best_constant(self) -> Dict[str, float]:
        """The metrics of whoever always answers the mean, or the most frequent class with the shares of all classes."""
        np = self._np
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
        random = np.random.default_rng(seed)
        samples: Dict[str, List[float]] = {name: [] for name in _HEADLINES[self._task]}
        for _ in range(replicates):
            found, _undefined = self.metrics(random.integers(0, len(self._y), len(self._y)))
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
            if values.shape != (len(self._y),):
                raise ValueError(f"slice '{name}' must have one value for each of the {len(self._y)} rows")
            for value in np.unique(values):
                chosen = values == value
                metrics, _undefined = self.metrics(chosen)
                found.append({"column": str(name), "value": str(value), "rows": int(chosen.sum()), "metrics": metrics})
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

    def _compute(self, y: Any, predicted: Any, probability: Any, margin: Any) -> Dict[str, float]:
        if self._task == "regression":
            return regression_metrics(y, predicted)
        if self._task == "binary":
            positive = None if probability is None else probability[:, 1]
            return binary_metrics(y, predicted, self._labels, positive, margin)
        return multiclass_metrics(y, predicted, self._labels, probability)


def _common_metrics(sk: Any, y_true: Any, y_pred: Any, **average: Any) -> Dict[str, float]:
    return {
        "example_count": len(y_true),
        "accuracy_score": sk.accuracy_score(y_true, y_pred),
        "recall_score": sk.recall_score(y_true, y_pred, **average),
        "precision_score": sk.precision_score(y_true, y_pred, **average),
        "f1_score": sk.f1_score(y_true, y_pred, **average),
    }


def _or_nan(metric: Callable[..., float], *values: Any, **options: Any) -> float:
    """Older releases of scikit-learn raise where newer ones answer NaN."""
    try:
        return metric(*values, **options)
    except ValueError:
        return math.nan


def _root_mean_squared_error(np: Any, sk: Any, y_true: Any, y_pred: Any) -> float:
    """The mean of the roots over targets; the function for it is new in scikit-learn 1.4."""
    separate = sk.mean_squared_error(y_true, y_pred, multioutput="raw_values")
    return float(np.mean(np.sqrt(separate)))


def _task_of(estimator: Any, y: Any) -> Tuple[str, Any]:
    """regression, binary or multiclass, and the sorted labels that the estimator knows."""
    if not callable(getattr(estimator, "predict", None)):
        raise ValueError(f"{type(estimator).__name__} does not predict, so nothing can be measured")
    labels = getattr(estimator, "classes_", None)
    if labels is None:
        return "regression", None
    if isinstance(labels, list) or getattr(y, "ndim", 1) > 1:
        raise ValueError("a classifier with several outputs needs a report of your own: pass report=")
    return ("binary" if len(labels) == 2 else "multiclass"), labels


def _finite(metrics: Dict[str, float]) -> Dict[str, float]:
    return {name: value for name, value in metrics.items() if math.isfinite(value)}


def _numpy() -> Any:
    return _needed("numpy", lambda: __import__("numpy"))


def _metrics() -> Any:
    return _needed("scikit-learn", lambda: __import__("sklearn.metrics", fromlist=["metrics"]))


def _needed(package: str, load: Callable[[], Any]) -> Any:
    try:
        return load()
    except ImportError as error:
        raise ImportError(f"reports are computed with {package}: pip install 'baton[sklearn]'") from error
