"""Estimators that look columns up by name or take text: converted with an input for each column, equal to scikit-learn."""

from __future__ import annotations

import pytest

import baton
from baton import answers, features

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")
onnx = pytest.importorskip("onnx")
pytest.importorskip("sklearn")
pytest.importorskip("skl2onnx")

from sklearn.calibration import CalibratedClassifierCV  # noqa: E402
from sklearn.compose import ColumnTransformer, make_column_selector  # noqa: E402
from sklearn.impute import SimpleImputer  # noqa: E402
from sklearn.linear_model import LinearRegression, LogisticRegression  # noqa: E402
from sklearn.model_selection import GridSearchCV  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, OrdinalEncoder, StandardScaler  # noqa: E402
from sklearn.svm import SVC  # noqa: E402


@pytest.fixture(scope="module")
def people():
    random = np.random.default_rng(0)
    count = 200
    frame = pd.DataFrame(
        {
            "age": random.integers(20, 70, count),
            "income (k€)": random.normal(50, 20, count),
            "city": random.choice(["Bonn", "Köln", "Ulm"], count),
            "label": random.normal(size=count),
            "member": random.random(count) > 0.5,
        }
    )
    return frame, ((frame["age"] > 40) ^ (frame["city"] == "Ulm")).astype(int).to_numpy()


def inputs_of(content):
    return {described.name: described.type.tensor_type.elem_type for described in onnx.load_from_string(content).graph.input}


NUMBERS = ["age", "income (k€)"]
TABLES = [
    ColumnTransformer([("n", StandardScaler(), NUMBERS), ("c", OneHotEncoder(), ["city"])]),
    ColumnTransformer([("n", StandardScaler(), NUMBERS), ("c", OneHotEncoder(handle_unknown="ignore"), ["city"])]),
    ColumnTransformer([("c", OneHotEncoder(), [2]), ("n", make_pipeline(SimpleImputer(), StandardScaler()), [0, 1])]),
    ColumnTransformer(
        [
            ("n", StandardScaler(), make_column_selector(pattern="age|income")),
            ("c", OneHotEncoder(), make_column_selector(dtype_exclude=["number", "bool"])),
        ]
    ),
    ColumnTransformer([("c", OrdinalEncoder(), ["city"]), ("k", KBinsDiscretizer(3, encode="ordinal"), ["age"])]),
    ColumnTransformer([("n", StandardScaler(), NUMBERS), ("m", "passthrough", ["member"]), ("a", OneHotEncoder(), ["age"])]),
    ColumnTransformer([("n", StandardScaler(), NUMBERS)]),
]


@pytest.mark.parametrize("table", TABLES, ids=range(len(TABLES)))
@pytest.mark.parametrize("final", [LogisticRegression(), CalibratedClassifierCV(SVC(), ensemble=False)], ids=["logistic", "svm"])
def test_the_usual_pipeline_converts(people, table, final):
    X, y = people
    model = make_pipeline(table, final).fit(X, y)
    content = baton.to_onnx(model, X=X)
    assert set(inputs_of(content)) <= set(X.columns) and "label" not in inputs_of(content), "only what is used"
    found, shuffled = answers.of_model(content, model, X), X[X.columns[::-1]]
    assert (found.predicted == model.predict(X)).all()
    np.testing.assert_allclose(found.probability, model.predict_proba(X), atol=1e-5)
    assert (answers.of_model(content, model, shuffled).predicted == model.predict(X)).all()


def test_text_and_numbers_have_types_of_their_own(people):
    X, y = people
    content = baton.to_onnx(make_pipeline(TABLES[0], LogisticRegression()).fit(X, y), X=X)
    assert inputs_of(content) == {
        "age": onnx.TensorProto.FLOAT, "income (k€)": onnx.TensorProto.FLOAT, "city": onnx.TensorProto.STRING,
    }  # fmt: skip
    assert content == baton.to_onnx(make_pipeline(TABLES[0], LogisticRegression()).fit(X, y), X=X.astype({"city": "category"}))


def test_wrappers_are_looked_into(people):
    X, y = people
    search = GridSearchCV(make_pipeline(TABLES[0], LogisticRegression()), {"logisticregression__C": [0.1, 1]}, cv=2).fit(X, y)
    assert set(inputs_of(baton.to_onnx(search, X=X))) == {"age", "income (k€)", "city"}


def test_numbers_alone_stay_one_tensor(people):
    X, y = people
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X[NUMBERS], y)
    assert inputs_of(baton.to_onnx(model, X=X)) == inputs_of(baton.to_onnx(model)) == {"X": onnx.TensorProto.FLOAT}


@pytest.mark.parametrize("kind", ["frame", "array", "lists"])
def test_text_alone_is_one_tensor_of_text(people, kind):
    X, y = people
    X = pd.DataFrame({"city": X["city"], "member": X["member"].map({True: "yes", False: "no"})})
    X = {"frame": X, "array": X.to_numpy(), "lists": X.to_numpy().tolist()}[kind]
    model = make_pipeline(OneHotEncoder(), LogisticRegression()).fit(X, y)
    content = baton.to_onnx(model, X=X)
    assert inputs_of(content) == {"X": onnx.TensorProto.STRING}
    assert (answers.of_model(content, model, X).predicted == model.predict(X)).all()


@pytest.mark.parametrize(
    "change, says, hint",
    [
        (lambda X: None, "chooses columns by name", "pass X="),
        (lambda X: X.to_numpy(), "chooses columns by name", "data frame"),
        (lambda X: X[["age", "city"]], "X lacks columns that the estimator was fitted on: income", ""),
        (lambda X: X.assign(city=X["city"].where(X["age"] > 21)), "column 'city' has text that is missing", "fill it"),
        (lambda X: X.assign(age=pd.Timestamp("2024-01-01")), "column 'age' holds times", "numbers"),
    ],
)
def test_what_the_columns_hold_must_be_known(people, change, says, hint):
    X, y = people
    model = make_pipeline(TABLES[0], LogisticRegression()).fit(X, y)
    with pytest.raises(baton.ExportError, match=says) as caught:
        baton.to_onnx(model, X=change(X))
    assert hint in caught.value.hint


def test_text_beside_numbers_in_one_array_says_what_to_do(people):
    X, y = people
    model = make_pipeline(ColumnTransformer([("c", OneHotEncoder(), [2])]), LogisticRegression()).fit(X.to_numpy(), y)
    with pytest.raises(baton.ExportError, match="text and numbers stand in one array") as caught:
        baton.to_onnx(model, X=X.to_numpy())
    assert "data frame" in caught.value.hint


def test_a_column_named_as_an_output_is_refused(people):
    X, y = people
    model = make_pipeline(ColumnTransformer([("n", StandardScaler(), ["label"])]), LogisticRegression()).fit(X, y)
    with pytest.raises(baton.ExportError, match="'label' has the name of something else"):
        baton.to_onnx(model, X=X)


def test_missing_numbers_of_any_kind_are_measured(people):
    X, y = people
    X = X[NUMBERS].astype({"age": "Int64"}).mask(np.random.default_rng(0).random((len(X), 2)) < 0.2)
    assert X["age"].isna().any() and X["age"].dtype == "Int64"
    model = make_pipeline(ColumnTransformer([("n", SimpleImputer(), NUMBERS)]), StandardScaler(), LogisticRegression())
    report = baton.evaluate(model.fit(X, y), X, y, replicates=0)
    assert "note" not in report and report["metrics"]["accuracy_score"] == model.score(X, y)


def test_register_measures_such_a_pipeline_and_keeps_the_names(client, server, people):
    X, y = people
    version = client.register(make_pipeline(TABLES[0], LogisticRegression()).fit(X, y), name="m", X=X, y=y)
    sent = server.of("POST", "/models/m/versions")[0].document
    assert features.from_metadata(sent["metadata"]) == list(X.columns) and str(version) == "m/1"
    assert sent["report"]["metrics"]["accuracy_score"] > 0.5 and "note" not in sent["report"]
    assert sent["report"]["dataset"]["digest"] == baton.dataset_digest(X, y)


def test_names_that_fill_more_than_one_value_come_back_whole():
    assert features.to_metadata(None) == {} and features.from_metadata({}) is None
    for names in (["age", "größe"], [f"größe {number}" for number in range(2000)]):
        kept = features.to_metadata(names)
        assert features.from_metadata(kept) == names
        assert all(len(value.encode()) <= 5000 for value in kept.values())
    assert list(features.to_metadata(["a"])) == ["feature_names"]
    assert features.from_metadata({"feature_names": "not JSON"}) is features.from_metadata({"feature_names": "[1]"}) is None


def test_an_estimator_fitted_without_names_keeps_none(people):
    X, y = people
    assert features.names_of(LinearRegression().fit(X[NUMBERS], y)) == NUMBERS
    assert features.names_of(LinearRegression().fit(X[NUMBERS].to_numpy(), y)) is None
