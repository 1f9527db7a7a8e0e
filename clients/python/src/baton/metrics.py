"""The metrics of reports, computed by scikit-learn. One that is not defined on the data is NaN."""

from __future__ import annotations

import math
from typing import Any, Callable, Dict


def regression_metrics(y_true: Any, y_pred: Any) -> Dict[str, float]:
    """Regression metrics under MLflow's names."""
    np, sk = numpy(), sklearn_metrics()
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
    np, sk = numpy(), sklearn_metrics()
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
        found["roc_auc"] = or_nan(sk.roc_auc_score, truth, ranking)
        found["precision_recall_auc"] = sk.average_precision_score(truth, ranking) + 0.0  # never -0.0
    return {name: float(value) for name, value in found.items()}


def multiclass_metrics(y_true: Any, y_pred: Any, labels: Any, probability: Any = None) -> Dict[str, float]:
    """Metrics of three classes or more: weighted averages, ROC AUC one against the rest."""
    sk = sklearn_metrics()
    found = _common_metrics(sk, y_true, y_pred, average="weighted")
    if probability is not None:
        found["log_loss"] = sk.log_loss(y_true, probability, labels=labels)
        found["roc_auc"] = or_nan(sk.roc_auc_score, y_true, probability, average="weighted", multi_class="ovr", labels=labels)
    return {name: float(value) for name, value in found.items()}


def clustering_metrics(X: Any, predicted: Any, y_true: Any = None, seed: int = 0) -> Dict[str, float]:
    """How well clusters are apart, under scikit-learn's names; with true groups, how well they agree.

    The silhouette is that of at most 5,000 rows, drawn from ``seed``. Its relatives are not defined for a single cluster.
    """
    np, sk = numpy(), sklearn_metrics()
    clusters = len(np.unique(predicted))
    found = {"example_count": float(len(predicted)), "cluster_count": float(clusters)}
    apart = 1 < clusters < len(predicted)
    sample = {"sample_size": min(len(predicted), 5000), "random_state": seed}
    found["silhouette_score"] = or_nan(sk.silhouette_score, X, predicted, **sample) if apart else math.nan
    for metric in (sk.davies_bouldin_score, sk.calinski_harabasz_score):
        found[metric.__name__] = or_nan(metric, X, predicted) if apart else math.nan
    if y_true is not None:
        for metric in (sk.adjusted_rand_score, sk.normalized_mutual_info_score, sk.homogeneity_score, sk.completeness_score):
            found[metric.__name__] = metric(y_true, predicted)
    return {name: float(value) for name, value in found.items()}


def outlier_metrics(predicted: Any, y_true: Any = None) -> Dict[str, float]:
    """How many rows are outliers (-1); with the truth as 1 and -1, how well they are found: an outlier is the positive class."""
    np = numpy()
    outliers = np.asarray(predicted) == -1
    found = {"outlier_count": float(outliers.sum()), "outlier_share": float(np.mean(outliers)) if len(outliers) else math.nan}
    if y_true is None:
        return {"example_count": float(len(outliers)), **found}
    return {**found, **binary_metrics(y_true, predicted, np.array([1, -1]))}


def _common_metrics(sk: Any, y_true: Any, y_pred: Any, **average: Any) -> Dict[str, float]:
    return {
        "example_count": len(y_true),
        "accuracy_score": sk.accuracy_score(y_true, y_pred),
        "recall_score": sk.recall_score(y_true, y_pred, **average),
        "precision_score": sk.precision_score(y_true, y_pred, **average),
        "f1_score": sk.f1_score(y_true, y_pred, **average),
    }


def or_nan(metric: Callable[..., float], *values: Any, **options: Any) -> float:
    """Older releases of scikit-learn raise where newer ones answer NaN."""
    try:
        return metric(*values, **options)
    except ValueError:
        return math.nan


def _root_mean_squared_error(np: Any, sk: Any, y_true: Any, y_pred: Any) -> float:
    """The mean of the roots over targets; the function for it is new in scikit-learn 1.4."""
    separate = sk.mean_squared_error(y_true, y_pred, multioutput="raw_values")
    return float(np.mean(np.sqrt(separate)))


def numpy() -> Any:
    return needed("numpy", lambda: __import__("numpy"))


def sklearn_metrics() -> Any:
    return needed("scikit-learn", lambda: __import__("sklearn.metrics", fromlist=["metrics"]))


def needed(package: str, load: Callable[[], Any]) -> Any:
    try:
        return load()
    except ImportError as error:
        raise ImportError(f"reports are computed with {package}: pip install 'baton[sklearn]'") from error
