"""Report metrics are scikit-learn's, under MLflow's names."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import pytest

import baton
from baton import answers
from baton.metrics import binary_metrics, multiclass_metrics, regression_metrics

np = pytest.importorskip("numpy")
sk = pytest.importorskip("sklearn.metrics")

from sklearn.cluster import KMeans  # noqa: E402
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits  # noqa: E402
from sklearn.ensemble import IsolationForest  # noqa: E402
from sklearn.linear_model import LinearRegression, LogisticRegression  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.svm import SVC, OneClassSVM  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
VECTORS = Path(os.environ.get("BATON_VECTORS", ROOT / ".." / "shared" / "vectors")) / "metrics" / "cases.json"

Y = np.array([0, 0, 1, 1, 1, 0, 1, 0])
P = np.array([0.1, 0.4, 0.4, 0.4, 0.8, 0.8, 0.35, 0.2])


def test_two_classes_by_hand():
    found = binary_metrics(Y, P >= 0.5, np.array([0, 1]), P)
    assert [found[name] for name in ("true_negatives", "false_positives", "false_negatives", "true_positives")] == [3, 1, 3, 1]
    assert found["roc_auc"] == 0.65625
    assert found["precision_recall_auc"] == pytest.approx(0.5916666666666667, rel=1e-15)
    assert found["log_loss"] == pytest.approx(0.6942893428416657, rel=1e-15)
    assert found["accuracy_score"] == 0.5 and found["recall_score"] == 0.25 and found["example_count"] == 8


def test_three_classes_by_hand():
    y = np.array([0, 1, 2, 2, 1, 0])
    p = np.array([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.1, 0.3, 0.6], [0.3, 0.4, 0.3], [0.5, 0.3, 0.2], [0.4, 0.4, 0.2]])
    found = multiclass_metrics(y, p.argmax(axis=1), np.array([0, 1, 2]), p)
    assert found["roc_auc"] == pytest.approx(0.8125)
    assert found["accuracy_score"] == found["recall_score"] == pytest.approx(2 / 3)
    assert found["precision_score"] == pytest.approx(0.7222222, rel=1e-6)
    assert found["f1_score"] == pytest.approx(0.6555556, rel=1e-6)


@pytest.mark.parametrize(
    "truth, predicted, expected",
    [
        ([1, 1, 1], [1, 1, 1], {"r2_score": 1.0, "max_error": 0.0}),
        ([1, 1, 1], [1, 2, 1], {"r2_score": 0.0, "max_error": 1.0}),
        ([0, 1], [1, 1], {"mean_absolute_percentage_error": 2251799813685248.0}),
        ([1, 2, 4], [1, 3, 2], {"sum_on_target": 7, "mean_on_target": 7 / 3, "root_mean_squared_error": math.sqrt(5 / 3)}),
        ([[0, 3], [0, 3]], [[1, 5], [1, 5]], {"root_mean_squared_error": 1.5, "mean_squared_error": 2.5}),
    ],
)
def test_regression_by_hand(truth, predicted, expected):
    found = regression_metrics(truth, predicted)
    assert {name: found[name] for name in expected} == pytest.approx(expected)


def cases():
    if not VECTORS.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"no golden values at {VECTORS} (set BATON_VECTORS)"))]
    found = json.loads(VECTORS.read_text())["cases"]
    return [pytest.param(case, id=case["name"]) for case in found if "sample_weight" not in case["input"]]


_BINARY = {"accuracy": "accuracy_score", "precision": "precision_score", "recall": "recall_score", "f1": "f1_score",
           "roc_auc": "roc_auc", "average_precision": "precision_recall_auc", "log_loss": "log_loss"}  # fmt: skip
_MULTICLASS = {"accuracy": "accuracy_score", "precision_weighted": "precision_score", "recall_weighted": "recall_score",
               "f1_weighted": "f1_score", "roc_auc_ovr_weighted": "roc_auc", "log_loss": "log_loss"}  # fmt: skip
_REGRESSION = {"mae": "mean_absolute_error", "mse": "mean_squared_error", "rmse": "root_mean_squared_error", "r2": "r2_score",
               "max_error": "max_error", "mape": "mean_absolute_percentage_error"}  # fmt: skip


def binary_of(given, probabilities):
    positive = given["pos_label"]
    others = sorted({*given["y_true"], *given["y_pred"]} - {positive}) or ["other" if isinstance(positive, str) else positive - 1]
    ranking = {}
    if "y_score" in given:
        ranking["probability" if probabilities else "margin"] = np.array(given["y_score"], dtype=float)
    return binary_metrics(given["y_true"], given["y_pred"], np.array([others[0], positive]), **ranking)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", cases())
def test_golden_values(case):
    given, expected = case["input"], case["expected"]
    truth, predicted = given["y_true"], given["y_pred"]
    if case["task"] == "regression":
        found, names = regression_metrics(truth, predicted), _REGRESSION
    elif case["task"] == "binary":
        found, names = binary_of(given, "value" in expected.get("log_loss", {})), _BINARY
    else:
        labels = given.get("labels") or sorted({*truth, *predicted})
        probability = np.array(given["y_proba"]) if "y_proba" in given else None
        found, names = multiclass_metrics(truth, predicted, np.array(labels), probability), _MULTICLASS
        if probability is not None and not np.allclose(probability.sum(axis=1), 1, rtol=0, atol=1e-12):
            names = {**_MULTICLASS}
            del names["log_loss"]  # rounded to six digits; scikit-learn has stopped to normalise such rows
    compared = 0
    for theirs, ours in names.items():
        value = expected.get(theirs, {}).get("value")
        if isinstance(value, (int, float)) and ours in found:
            assert found[ours] == pytest.approx(value, rel=1e-9, abs=1e-12), theirs
            compared += 1
        elif "error" in expected.get(theirs, {}) and ours in found and case["task"] == "binary":
            # (For more classes, newer releases of scikit-learn leave an absent class out of the average instead.)
            assert math.isnan(found[ours]), f"{theirs} is not defined here"
    assert compared


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return LogisticRegression(max_iter=2000).fit(X[:900], y[:900]), X[900:], y[900:]


def test_binary_report_is_complete():
    X, y = load_breast_cancer(return_X_y=True)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X[:300], y[:300])
    report = baton.evaluate(model, X[300:], y[300:], replicates=20, note="first try")
    probability, predicted = model.predict_proba(X[300:])[:, 1], model.predict(X[300:])
    metrics = report["metrics"]
    assert set(metrics) == {
        "true_negatives", "false_positives", "false_negatives", "true_positives", "example_count", "accuracy_score",
        "recall_score", "precision_score", "f1_score", "log_loss", "roc_auc", "precision_recall_auc", "score",
    }  # fmt: skip
    assert metrics["roc_auc"] == sk.roc_auc_score(y[300:], probability)
    assert metrics["precision_recall_auc"] == sk.average_precision_score(y[300:], probability)
    assert metrics["log_loss"] == pytest.approx(sk.log_loss(y[300:], probability), rel=1e-6)  # computed with 32 bits
    assert metrics["f1_score"] == sk.f1_score(y[300:], predicted)
    assert metrics["score"] == model.score(X[300:], y[300:])
    assert report["dataset"] == {
        "name": "validation", "context": "validation", "rows": 269, "digest": baton.dataset_digest(X[300:], y[300:]),
    }  # fmt: skip
    assert report["baselines"]["best_constant"]["roc_auc"] == 0.5
    assert report["note"] == "first try" and report["task"] == "binary"
    json.dumps(report, allow_nan=False)


def test_multiclass_report_is_complete(digits):
    model, X, y = digits
    report = baton.evaluate(model, X, y, replicates=0)
    metrics = report["metrics"]
    assert metrics["precision_score"] == sk.precision_score(y, model.predict(X), average="weighted")
    assert metrics["roc_auc"] == sk.roc_auc_score(y, model.predict_proba(X), multi_class="ovr", average="weighted")
    assert set(report["per_class_metrics"]) == {str(digit) for digit in range(10)}
    seven = report["per_class_metrics"]["7"]
    assert seven["recall_score"] == sk.recall_score(y == 7, model.predict(X) == 7)
    assert seven["roc_auc"] == sk.roc_auc_score(y == 7, model.predict_proba(X)[:, 7])
    assert "ci" not in report


def test_regression_report_is_complete():
    X, y = load_diabetes(return_X_y=True)
    model = LinearRegression().fit(X[:300], y[:300])
    report = baton.evaluate(model, X[300:], y[300:], replicates=50)
    assert set(report["metrics"]) == {
        "example_count", "mean_absolute_error", "mean_squared_error", "root_mean_squared_error", "sum_on_target",
        "mean_on_target", "r2_score", "max_error", "mean_absolute_percentage_error",
    }  # fmt: skip
    assert report["metrics"]["r2_score"] == pytest.approx(sk.r2_score(y[300:], model.predict(X[300:])), rel=1e-6)
    assert report["baselines"]["best_constant"]["r2_score"] == 0
    interval = report["ci"]["r2_score"]
    assert interval["lower"] < report["metrics"]["r2_score"] < interval["upper"]
    assert (interval["level"], interval["replicates"], interval["seed"]) == (0.95, 50, 0)


def test_intervals_depend_on_the_seed_alone():
    X, y = load_diabetes(return_X_y=True)
    model = LinearRegression().fit(X, y)
    first, again, other = (baton.evaluate(model, X, y, replicates=30, seed=seed)["ci"]["r2_score"]["lower"] for seed in (1, 1, 2))
    assert first == again != other


def test_slices_are_the_metrics_of_their_rows(digits):
    model, X, y = digits
    bright = X.mean(axis=1) > 5
    report = baton.evaluate(model, X, y, replicates=0, slices={"bright": bright})
    assert [(item["column"], item["value"], item["rows"]) for item in report["slices"]] == [
        ("bright", "False", int((~bright).sum())), ("bright", "True", int(bright.sum())),
    ]  # fmt: skip
    assert report["slices"][1]["metrics"]["accuracy_score"] == model.score(X[bright], y[bright])
    with pytest.raises(ValueError, match="one value for each"):
        baton.evaluate(model, X, y, replicates=0, slices={"bright": [1, 2]})


def test_undefined_metrics_are_left_out_and_named():
    X, y = load_breast_cancer(return_X_y=True)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    report = baton.evaluate(model, X[y == 1], y[y == 1], replicates=0)
    assert "roc_auc" not in report["metrics"] and "roc_auc" in report["note"]


def test_an_svm_without_probabilities_is_ranked_by_its_margin():
    X, y = load_breast_cancer(return_X_y=True)
    model = SVC().fit(X[:300], y[:300])
    report = baton.evaluate(model, X[300:], y[300:], replicates=0)
    assert report["metrics"]["roc_auc"] == sk.roc_auc_score(y[300:], model.decision_function(X[300:]))
    assert "log_loss" not in report["metrics"] and "log_loss" in report["note"]


def test_what_is_measured_is_the_converted_model():
    X, y = load_diabetes(return_X_y=True)
    model = LinearRegression().fit(X, y)
    served = baton.to_onnx(model)
    model.intercept_ += 1e-3  # less than what tells them apart
    report = baton.evaluate(model, X, y, onnx=served, replicates=0)
    own = sk.mean_absolute_error(y, model.predict(X))
    model.intercept_ -= 1e-3
    theirs = sk.mean_absolute_error(y, model.predict(X))
    assert abs(report["metrics"]["mean_absolute_error"] - theirs) < abs(report["metrics"]["mean_absolute_error"] - own) / 2
    assert "note" not in report


def test_what_cannot_be_run_here_is_measured_on_the_estimator_and_says_so(monkeypatch):
    def fail(*_):
        raise answers.CannotRun("NotImplementedError: no such operator")

    monkeypatch.setattr(answers, "run", fail)
    X, y = load_diabetes(return_X_y=True)
    report = baton.evaluate(LinearRegression().fit(X, y), X, y, replicates=0)
    assert "measured on the estimator" in report["note"] and "no such operator" in report["note"]


def test_two_classes_without_probabilities_are_ranked_the_right_way_round():
    X, y = load_breast_cancer(return_X_y=True)
    model = make_pipeline(StandardScaler(), SVC()).fit(X, y)
    report = baton.evaluate(model, X, y, replicates=0)
    assert report["metrics"]["roc_auc"] == pytest.approx(sk.roc_auc_score(y, model.decision_function(X)), abs=1e-6)


def test_a_clustering_needs_no_truth():
    X, y = load_digits(return_X_y=True)
    model = KMeans(10, n_init=1, random_state=0).fit(X)
    report = baton.evaluate(model, X, slices={"even": y % 2 == 0})
    assert report["task"] == "clustering" and "ci" not in report and "baselines" not in report
    assert report["metrics"]["cluster_count"] == 10 and report["metrics"]["example_count"] == 1797
    assert report["metrics"]["silhouette_score"] == pytest.approx(sk.silhouette_score(X, model.predict(X)))
    assert report["dataset"]["digest"] == baton.dataset_digest(X)
    assert [part["rows"] for part in report["slices"]] == [(y % 2 == 1).sum(), (y % 2 == 0).sum()]
    told = baton.evaluate(model, X, y)["metrics"]
    assert told["adjusted_rand_score"] == pytest.approx(sk.adjusted_rand_score(y, model.predict(X)))
    single = baton.evaluate(KMeans(1, n_init=1).fit(X), X)
    assert "silhouette_score" not in single["metrics"] and "silhouette_score" in single["note"]


def test_an_outlier_detector_is_measured_with_and_without_truth():
    X = np.random.default_rng(0).normal(size=(300, 2))
    model = make_pipeline(StandardScaler(), OneClassSVM(nu=0.1)).fit(X)
    report = baton.evaluate(model, X, replicates=20)
    assert report["task"] == "outlier_detection" and set(report["ci"]) == {"outlier_share"}
    assert report["metrics"]["outlier_share"] == pytest.approx(np.mean(model.predict(X) == -1))
    truth = np.where(np.abs(X).max(axis=1) > 2, -1, 1)
    told = baton.evaluate(model, X, truth, replicates=0)["metrics"]
    assert told["recall_score"] == sk.recall_score(truth, model.predict(X), pos_label=-1)
    assert told["true_positives"] == ((truth == -1) & (model.predict(X) == -1)).sum()
    with pytest.raises(ValueError, match="1 for what is usual and -1 for an outlier"):
        baton.evaluate(model, X, truth == 1)


def test_an_isolation_forest_converts_and_is_measured():
    X = np.random.default_rng(0).normal(size=(200, 3))
    model = IsolationForest(n_estimators=5, random_state=0).fit(X)
    report = baton.evaluate(model, X, replicates=0)
    assert report["metrics"]["outlier_count"] == (model.predict(X) == -1).sum() and "note" not in report


def test_a_report_without_truth_or_prediction_says_how_to_get_one():
    X, y = load_digits(return_X_y=True)
    with pytest.raises(ValueError, match="pass y"):
        baton.evaluate(LogisticRegression(), X)
    with pytest.raises(ValueError, match="pass report="):
        baton.evaluate(StandardScaler().fit(X), X)
