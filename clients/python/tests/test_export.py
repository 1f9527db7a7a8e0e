"""Estimators become ONNX models that answer as scikit-learn does, judged by ONNX's own reference evaluator."""

from __future__ import annotations

import warnings

import pytest

import baton

np = pytest.importorskip("numpy")
pytest.importorskip("sklearn")
pytest.importorskip("skl2onnx")
reference = pytest.importorskip("onnx.reference")

from sklearn.calibration import CalibratedClassifierCV  # noqa: E402
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits  # noqa: E402
from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: E402
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import MinMaxScaler, StandardScaler  # noqa: E402
from sklearn.svm import SVC, SVR, LinearSVC  # noqa: E402


def scaled(estimator):
    return make_pipeline(StandardScaler(), estimator)


def run(estimator, X):
    """The outputs by name, and the graph's operators."""
    import onnx

    content = baton.to_onnx(estimator)
    evaluator = reference.ReferenceEvaluator(onnx.load_from_string(content))
    names = [output.name for output in onnx.load_from_string(content).graph.output]
    operators = [node.op_type for node in onnx.load_from_string(content).graph.node]
    return dict(zip(names, evaluator.run(None, {"X": X.astype(np.float32)}))), operators


@pytest.mark.parametrize("estimator", [LinearRegression(), Ridge(), Lasso(0.1), SVR(C=100), scaled(LinearRegression())], ids=str)
def test_regressors(estimator):
    X, y = load_diabetes(return_X_y=True)
    estimator.fit(X, y)
    outputs, _ = run(estimator, X)
    expected = estimator.predict(X.astype(np.float32))
    np.testing.assert_allclose(np.ravel(outputs["variable"]), expected, rtol=1e-4)


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(max_iter=5000),
        scaled(LogisticRegression()),
        make_pipeline(MinMaxScaler(), LogisticRegression()),
        CalibratedClassifierCV(SVC(), ensemble=False),
    ],
    ids=str,
)
@pytest.mark.parametrize("load", [load_breast_cancer, load_digits])
def test_classifiers_with_probabilities(estimator, load):
    X, y = load(return_X_y=True)
    X, y = X[:600].astype(np.float32), y[:600]
    estimator.fit(X, y)
    outputs, operators = run(estimator, X)
    assert "ZipMap" not in operators
    assert (outputs["label"] == estimator.predict(X)).all()
    np.testing.assert_allclose(outputs["probabilities"], estimator.predict_proba(X), atol=1e-4)


def test_svm_without_probabilities_answers_decision_values():
    X, y = load_digits(return_X_y=True)
    X = X[:300].astype(np.float32)
    estimator = SVC().fit(X, y[:300])
    outputs, operators = run(estimator, X)
    assert (outputs["label"] == estimator.predict(X)).all() and "ZipMap" not in operators
    np.testing.assert_allclose(outputs["probabilities"], estimator.decision_function(X), atol=1e-3)


@pytest.mark.parametrize("estimator", [LinearSVC(), scaled(LinearSVC())], ids=str)
def test_linear_svm_has_no_zipmap_to_leave_out(estimator):
    X, y = load_breast_cancer(return_X_y=True)
    X = X.astype(np.float32)
    estimator.fit(X, y)
    outputs, operators = run(estimator, X)
    assert "ZipMap" not in operators and (np.ravel(outputs["label"]) == estimator.predict(X)).all()


def test_text_labels_stay_text():
    X, y = load_breast_cancer(return_X_y=True)
    estimator = scaled(LogisticRegression()).fit(X, np.array(["bad", "good"])[y])
    outputs, _ = run(estimator, X[:20])
    assert list(outputs["label"]) == list(estimator.predict(X[:20]))


def test_the_same_estimator_gives_the_same_bytes():
    X, y = load_diabetes(return_X_y=True)
    assert baton.to_onnx(LinearRegression().fit(X, y)) == baton.to_onnx(LinearRegression().fit(X, y))


def test_double_input_on_request():
    import onnx

    X, y = load_diabetes(return_X_y=True)
    model = onnx.load_from_string(baton.to_onnx(LinearRegression().fit(X, y), double=True, input_name="rows"))
    assert model.graph.input[0].name == "rows"
    assert model.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.DOUBLE


@pytest.mark.parametrize(
    "estimator, says",
    [
        (HistGradientBoostingClassifier(max_iter=2), "HistGradientBoostingClassifier cannot be converted"),
        (SVC(break_ties=True), "break_ties"),
        (SVC(kernel=lambda a, b: a @ b.T), "callable or precomputed kernel"),
        (scaled(SVC(kernel=lambda a, b: a @ b.T)), "callable or precomputed kernel"),
    ],
    ids=["hist", "ties", "callable", "callable in a pipeline"],
)
def test_what_does_not_convert_says_why(estimator, says):
    X, y = load_breast_cancer(return_X_y=True)
    estimator.fit(X[:100], y[:100])
    with pytest.raises(baton.ExportError, match=says) as caught:
        baton.to_onnx(estimator)
    assert caught.value.code == "unsupported_model" and caught.value.hint


def test_an_estimator_that_is_not_fitted_says_so():
    with pytest.raises(baton.ExportError, match="not fitted"):
        baton.to_onnx(scaled(LogisticRegression()))


def test_register_converts_measures_and_describes(client, server):
    X, y = load_diabetes(return_X_y=True)
    estimator = scaled(LinearRegression()).fit(X[:300], y[:300])
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        version = client.register(estimator, name="risk", X=X[300:], y=y[300:], tags={"n": 1}, metadata={"seed": 7}, request="production")
    sent = server.of("POST", "/models/risk/versions")[0].document
    assert list(server.blobs.values()) == [baton.to_onnx(estimator)]
    assert [file["path"] for file in sent["files"]] == ["model.onnx"]
    assert sent["expected_digest"] == version.digest
    assert sent["report"]["metrics"]["example_count"] == 142 and sent["report"]["task"] == "regression"
    assert sent["report"]["dataset"]["digest"] == baton.dataset_digest(X[300:], y[300:])
    assert sent["tags"] == {"n": "1"}
    assert sent["metadata"]["estimator"] == "StandardScaler + LinearRegression"
    assert (sent["metadata"]["seed"], sent["metadata"]["task"]) == ("7", "regression")
    assert server.requests[0]["environment"] == "production" and str(version) == "risk/1"


def test_a_path_cannot_be_measured(client, tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"x")
    with pytest.raises(baton.InvalidRequest, match="fitted estimator"):
        client.register(tmp_path / "model.onnx", name="m", X=[[1]], y=[1])
