"""Columns by name, text and missing values: from a data frame to predictions of the real server, in every client."""

from __future__ import annotations

import json

import pytest

import baton
from harness import request
from models import np, quietly

pd = pytest.importorskip("pandas")

from sklearn.cluster import KMeans  # noqa: E402
from sklearn.compose import ColumnTransformer  # noqa: E402
from sklearn.datasets import load_iris  # noqa: E402
from sklearn.impute import SimpleImputer  # noqa: E402
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import OneHotEncoder, StandardScaler  # noqa: E402
from sklearn.svm import OneClassSVM  # noqa: E402


def make_live(server, model, name, X, y):
    with server.client("dana") as dana, server.client("alex") as alex, server.client("drew") as drew:
        version = quietly(dana.register, model, name, X=X, y=y, request="production")
        alex.approve(version)
        assert drew.promote(version).serving == "ready"
        return version


@pytest.fixture(scope="module")
def people():
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"age": random.integers(20, 70, 300), "income": random.normal(50, 20, 300).round(2)})
    frame["city"] = random.choice(["Bonn", "Köln", "Ulm"], 300)
    return frame, ((frame["age"] > 40) ^ (frame["city"] == "Ulm")).astype(int).to_numpy()


def labels_of(done):
    outputs = {output["name"]: output for output in json.loads(done.stdout)["outputs"]}
    return np.ravel(outputs["label"]["data"]).tolist()


def test_columns_in_any_order_give_the_same_answer(server, name, people):
    X = people[0][["age", "income"]]
    model = LinearRegression().fit(X, 2 * X["age"] + 10 * X["income"])
    version = make_live(server, model, name, X, 2 * X["age"] + 10 * X["income"])
    assert json.loads(version.metadata["feature_names"]) == ["age", "income"]
    client, rows = server.client("vic"), X[:5]
    expected = model.predict(rows)
    for form in (rows, rows[["income", "age"]], rows[["income", "age"]].to_dict("records"), rows.to_dict("list"), rows.to_numpy()):
        np.testing.assert_allclose(np.ravel(client.predict(name, form)["variable"]), expected, rtol=1e-5)
    swapped = rows[["income", "age"]]
    for text in (swapped.to_csv(index=False), swapped.to_json(orient="records")):
        answer = json.loads(server.cli("vic", "predict", name, "-", "--json", stdin=text).stdout)
        np.testing.assert_allclose(np.ravel(answer["outputs"][0]["data"]), expected, rtol=1e-5)
    with pytest.raises(baton.InvalidRequest, match="missing: 'age'; unknown: 'Age'"):
        client.predict(name, rows.rename(columns={"age": "Age"}))
    refused = server.cli("vic", "predict", name, "-", stdin='[{"income": 1, "zz": 2}]', ok=False)
    assert refused.returncode == 2 and "missing: 'age'; unknown: 'zz'" in refused.stderr


def test_a_scoring_client_names_columns_in_any_order(server, name, people):
    X = people[0][["age", "income"]]
    model = LinearRegression().fit(X, 2 * X["age"] + 10 * X["income"])
    make_live(server, model, name, X, 2 * X["age"] + 10 * X["income"])
    rows = X[:5]
    swapped = rows[["income", "age"]]

    def invoke(body, content_type="application/json"):
        headers = {"Content-Type": content_type}
        return request(server.url, "POST", f"/serving-endpoints/{name}/invocations", token=server.tokens["vic"], body=body.encode(), headers=headers)

    def split(frame):
        return f'{{"dataframe_split": {frame.to_json(orient="split")}}}'

    def records(frame):
        return f'{{"dataframe_records": {frame.to_json(orient="records")}}}'

    by_position = pd.DataFrame(rows.to_numpy())
    answers = [invoke(form(frame)) for form in (split, records) for frame in (rows, swapped, by_position)]
    answers += [invoke(frame.to_csv(index=False), "text/csv") for frame in (rows, swapped, by_position)]
    for answer in answers:
        assert answer.status == 200, answer.body
        np.testing.assert_allclose(answer.json["predictions"], model.predict(rows), rtol=1e-5)
    wrong = rows.rename(columns={"age": "Age"})
    for answer in (invoke(split(wrong)), invoke(records(wrong)), invoke(wrong.to_csv(index=False), "text/csv")):
        assert answer.status == 400 and "missing: 'age'; unknown: 'Age'" in answer.json["message"]


def test_names_are_taken_in_order_with_a_word_where_there_is_nothing_to_compare_with(server, name, people):
    X = people[0][["age", "income"]].to_numpy()
    make_live(server, LinearRegression().fit(X, X[:, 0]), name, X, X[:, 0])
    done = server.cli("vic", "predict", name, "-", stdin="a,b\n1,2\n")
    assert "does not say what its columns are called" in done.stderr and "a, b" in done.stderr
    with pytest.warns(UserWarning, match="does not say what its columns are called"):
        server.client("vic").predict(name, pd.DataFrame({"a": [1.0], "b": [2.0]}))


def test_the_usual_pipeline_goes_live_and_answers_frames(server, name, people):
    X, y = people
    table = ColumnTransformer([("n", StandardScaler(), ["age", "income"]), ("c", OneHotEncoder(), ["city"])])
    model = make_pipeline(table, LogisticRegression()).fit(X, y)
    version = make_live(server, model, name, X, y)
    assert [item["name"] for item in version.signature["inputs"]] == ["age", "income", "city"]
    expected = model.predict(X)
    client = server.client("vic")
    for form in (X, X[["city", "income", "age"]], X.to_dict("records"), X.to_dict("list")):
        prediction = client.predict(name, form)
        assert np.ravel(prediction["label"]).tolist() == expected.tolist()
        np.testing.assert_allclose(np.array(prediction["probabilities"]), model.predict_proba(X), atol=1e-5)
    shuffled = X[["city", "age", "income"]]
    for text in (shuffled.to_csv(index=False), shuffled.to_json(orient="records")):
        assert labels_of(server.cli("vic", "predict", name, "-", "--json", stdin=text)) == expected.tolist()
    report = next(iter(client.reports(version)))
    assert report["metrics"]["accuracy_score"] == model.score(X, y)


def test_missing_values_are_predicted_where_the_model_fills_them(server, name, people):
    X, y = people
    X = X[["age", "income"]].astype(float).mask(np.random.default_rng(1).random((300, 2)) < 0.1)
    model = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()).fit(X, y)
    make_live(server, model, name, X, y)
    expected = model.predict(X).tolist()
    client = server.client("vic")
    for form in (X, X.to_numpy(), X.to_dict("records")):
        assert np.ravel(client.predict(name, form)["label"]).tolist() == expected
    for text in (X.to_csv(index=False), X.to_json(orient="records")):
        assert labels_of(server.cli("vic", "predict", name, "-", "--json", stdin=text)) == expected


def test_a_missing_value_is_refused_where_the_model_cannot_take_it(server, name):
    X, y = load_iris(return_X_y=True)
    make_live(server, LogisticRegression(max_iter=1000).fit(X, y), name, X, y)
    with pytest.raises(baton.InvalidRequest):
        server.client("vic").predict(name, [[1.0, None, 2.0, 3.0]])
    assert server.cli("vic", "predict", name, "-", stdin="a,b,c,d\n1,,2,3\n", ok=False).returncode == 2


def test_clusterings_and_outlier_detectors_go_live_with_a_report_of_their_own(server, name):
    X, _ = load_iris(return_X_y=True)
    for suffix, model, metric in (
        ("clusters", make_pipeline(StandardScaler(), KMeans(3, n_init=1, random_state=0)), "silhouette_score"),
        ("outliers", OneClassSVM(nu=0.2), "outlier_share"),
    ):
        version = make_live(server, model.fit(X), f"{name}-{suffix}", X, None)
        report = next(iter(server.client("vic").reports(version)))
        assert metric in report["metrics"] and report["task"] == version.metadata["task"]
        labels = np.ravel(server.client("vic").predict(f"{name}-{suffix}", X.astype(np.float32))["label"])
        assert np.mean(labels == model.predict(X)) > 0.98


def test_a_conversion_that_answers_otherwise_is_not_registered(server, name):
    X, y = load_iris(return_X_y=True)  # sorted by class: the last one is what goes wrong
    with pytest.raises(baton.ExportError, match="the labels of"):
        quietly(server.client("dana").register, SGDClassifier(loss="modified_huber", random_state=0).fit(X, y), name, X=X, y=y)
    assert server.api("vic", "GET", f"/models/{name}").status == 404
