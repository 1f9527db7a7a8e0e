"""The SVM operators that reports are measured with answer as scikit-learn's SVMs do."""

from __future__ import annotations

import pytest

import baton
from baton import answers, svm_reference

np = pytest.importorskip("numpy")
pytest.importorskip("sklearn")
pytest.importorskip("skl2onnx")

from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.svm import SVC, SVR, NuSVC, OneClassSVM  # noqa: E402


def data(load, rows=400):
    X, y = load(return_X_y=True)
    return StandardScaler().fit_transform(X)[:rows].astype(np.float32), y[:rows]


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("load", [load_iris, load_breast_cancer, load_digits])
@pytest.mark.parametrize("kernel", ["rbf", "linear", "poly", "sigmoid"])
def test_probabilities_of_any_number_of_classes(load, kernel):
    X, y = data(load)
    model = SVC(kernel=kernel, probability=True, random_state=0).fit(X, y)
    found = answers.of_model(baton.to_onnx(model), model, X)
    assert (found.predicted == model.predict(X)).all()
    np.testing.assert_allclose(found.probability, model.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("model", [SVC(), SVC(decision_function_shape="ovo"), NuSVC(nu=0.1)], ids=str)
@pytest.mark.parametrize("named", [False, True], ids=["numbers", "text"])
def test_labels_without_probabilities(model, named):
    X, y = data(load_digits)
    y = np.array([f"digit {label}" for label in y]) if named else y
    model.fit(X, y)
    assert (answers.of_model(baton.to_onnx(model), model, X).predicted == model.predict(X)).all()


def test_two_classes_have_a_margin():
    X, y = data(load_breast_cancer)
    model = SVC().fit(X, y)
    found = answers.of_model(baton.to_onnx(model), model, X)
    np.testing.assert_allclose(found.margin, model.decision_function(X), atol=1e-5)


@pytest.mark.parametrize("kernel", ["rbf", "linear", "poly"])
def test_regression_and_outliers(kernel):
    X, y = data(load_diabetes)
    model = SVR(kernel=kernel).fit(X, y)
    np.testing.assert_allclose(answers.of_model(baton.to_onnx(model), model, X).predicted, model.predict(X), rtol=1e-5)
    model = OneClassSVM(kernel=kernel, nu=0.2).fit(X)
    assert np.mean(answers.of_model(baton.to_onnx(model), model, X).predicted == model.predict(X)) > 0.99  # boundary


def test_coupling_by_hand():
    sigmoid = lambda p: np.log(p / (1 - p))  # noqa: E731
    three = sigmoid(np.array([[0.9, 0.8, 0.3]]))  # pairs 01, 02, 12
    found = svm_reference._probabilities(np, three, 3, [-1.0] * 3, [0.0] * 3)
    np.testing.assert_allclose(found, [[0.7339476347888217, 0.08166288958288473, 0.18438947562829333]], rtol=1e-12)
    two = svm_reference._probabilities(np, sigmoid(np.array([[0.6]])), 2, [-1.0], [0.0])
    assert two[0, 0] == pytest.approx(0.5994144913393509, rel=1e-12)
