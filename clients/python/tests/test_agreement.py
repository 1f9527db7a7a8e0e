"""A conversion that answers otherwise than its estimator is refused; rounding is not."""

from __future__ import annotations

import pytest

import baton
from baton import agreement

np = pytest.importorskip("numpy")
pytest.importorskip("sklearn")
pytest.importorskip("skl2onnx")

from sklearn.calibration import CalibratedClassifierCV  # noqa: E402
from sklearn.cluster import KMeans  # noqa: E402
from sklearn.datasets import load_breast_cancer, load_digits, load_iris  # noqa: E402
from sklearn.ensemble import RandomForestClassifier  # noqa: E402
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier  # noqa: E402
from sklearn.neighbors import KNeighborsClassifier  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.svm import SVC, OneClassSVM  # noqa: E402


def check(estimator, X):
    agreement.check(estimator, baton.to_onnx(estimator), X)


@pytest.mark.parametrize("with_y", [True, False], ids=["measured", "compared"])
def test_one_wrong_class_is_found_wherever_its_rows_are(client, server, with_y):
    X, y = load_iris(return_X_y=True)  # sorted by class; skl2onnx has another rule for the last classes
    model = SGDClassifier(loss="modified_huber", random_state=0).fit(X, y)
    with pytest.raises(baton.ExportError, match=r"SGDClassifier does not answer like the estimator: the labels of 11 of 150 rows differ") as caught:
        client.register(model, name="m", X=X, y=y if with_y else None)
    assert "as for row" in str(caught.value) and "another loss" in caught.value.hint
    assert server.versions == {} and server.blobs == {}


def test_swapped_classes_are_refused():
    X, y = load_breast_cancer(return_X_y=True)
    swapped = CalibratedClassifierCV(make_pipeline(StandardScaler(), SVC()), ensemble=False).fit(X, y)  # skl2onnx swaps them
    with pytest.raises(baton.ExportError, match="the labels of"):
        check(swapped, X)
    with pytest.raises(baton.ExportError, match="the labels of"):
        baton.evaluate(swapped, X, y, replicates=0)


def test_other_values_are_refused():
    X, y = load_breast_cancer(return_X_y=True)
    other = baton.to_onnx(LinearRegression().fit(X, y * 1.01))
    with pytest.raises(baton.ExportError, match="differ by up to 0.0.*instead of"):
        agreement.check(LinearRegression().fit(X, y), other, X)


def test_other_probabilities_are_refused():
    X, y = load_breast_cancer(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    model = LogisticRegression().fit(X, y)
    other = baton.to_onnx(model)
    model.coef_, model.intercept_ = model.coef_ * 1.1, model.intercept_ * 1.1  # the same labels
    with pytest.raises(baton.ExportError, match="the probabilities of"):
        agreement.check(model, other, X)


@pytest.mark.parametrize(
    "estimator",
    [
        SVC(C=5),
        LogisticRegression(max_iter=3000),
        KMeans(5, n_init=1, random_state=0),
        OneClassSVM(nu=0.3),
        RandomForestClassifier(20, random_state=0),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_rounding_is_no_difference(estimator):
    X, y = load_digits(return_X_y=True)
    check(estimator.fit(X[:500], y[:500]), X[:500])


def test_a_row_on_the_boundary_is_excused_and_a_wrong_label_is_not():
    X = np.array([[-1.0], [1.0]] * 50)
    model = LogisticRegression().fit(X, X[:, 0] > 0)
    boundary = -model.intercept_ / model.coef_[0]
    rows = np.vstack([X, [boundary + 1e-8]])
    own = agreement.answers.of_estimator(model, rows)
    for row, excused in ((100, True), (0, False)):
        flipped = own.predicted.copy()
        flipped[row] = not flipped[row]
        converted = agreement.Answers(flipped, own.probability)
        if excused:
            agreement.compare(model, rows, own, converted)
        else:
            with pytest.raises(baton.ExportError, match="the labels of 1 of 101 rows differ, as for row 0"):
                agreement.compare(model, rows, own, converted)


def test_numbers_that_32_bits_cannot_tell_apart_are_refused():
    seconds = 1.7e9 + np.arange(2000.0)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(seconds[:, None], np.arange(2000) >= 1000)
    with pytest.raises(baton.ExportError, match="does not answer like"):
        check(model, seconds[:, None])


def test_neighbours_at_equal_distance_are_no_difference():
    X, y = load_iris(return_X_y=True)
    check(KNeighborsClassifier().fit(X, y), X)


def test_a_row_on_the_edge_of_what_is_usual_is_excused():
    model = OneClassSVM(nu=0.5).fit(np.linspace(0, 3, 20)[:, None])
    inside, outside = 1.5, 100.0
    for _ in range(60):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if model.predict([[middle]]) == 1 else (inside, middle)
    edge = np.array([[inside], [outside]])
    agreement.compare(model, edge, agreement.Answers(model.predict(edge)), agreement.Answers(np.array([0, 0])))
    far = np.array([[100.0]])
    with pytest.raises(baton.ExportError, match="the labels of 1 of 1 rows differ"):
        agreement.compare(model, far, agreement.Answers(model.predict(far)), agreement.Answers(np.array([0])))


@pytest.mark.parametrize("classifies", [True, False])
def test_the_rows_that_are_looked_at_are_spread_over_all(classifies):
    predicted = np.repeat([0, 1, 2], [9000, 900, 5])
    chosen = agreement.spread(predicted, classifies, limit=600)
    assert len(chosen) <= 600 and len(set(chosen)) == len(chosen)
    assert chosen.min() < 20 and chosen.max() == 9904
    if classifies:
        assert np.bincount(predicted[chosen]).tolist() == [200, 200, 5]


def test_what_predicts_nothing_is_not_compared(client):
    X, _ = load_iris(return_X_y=True)
    assert client.register(StandardScaler().fit(X), name="scaler", X=X).version == 1
