"""Predictions over HTTP, through the command line and the Python client: as scikit-learn would have it."""

from __future__ import annotations

import json

import pytest

import baton
from harness import REPORT, request
from models import constant, estimator, np, quietly

sklearn_datasets = pytest.importorskip("sklearn.datasets")

from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.svm import SVC  # noqa: E402


def make_live(server, model, name, X=None, y=None):
    """Registers an estimator as Dana, approves as Alex, promotes as Drew: with the Python client all the way."""
    with server.client("dana") as dana, server.client("alex") as alex, server.client("drew") as drew:
        report = None if X is not None else REPORT
        version = quietly(dana.register, model, name, X=X, y=y, report=report, request="production", notes="from a test")
        alex.approve(version, comment="fine")
        slot = drew.promote(version)
        assert (slot.version, slot.serving) == (version.version, "ready")
        assert dana.wait_until_live(name, version.version).digest == version.digest
        return version


def test_from_estimator_to_equal_predictions(server, name):
    X, y = sklearn_datasets.load_breast_cancer(return_X_y=True)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X[:400], y[:400])
    version = make_live(server, model, name, X[400:], y[400:])
    assert version.engine == "eigen" and version.metadata["framework"] == "scikit-learn"
    assert version.signature["inputs"][0] == {"name": "X", "datatype": "FP32", "shape": [-1, 30]}
    rows = X[400:].astype(np.float32)
    prediction = server.client("vic").predict(name, rows)
    assert (prediction["label"] == model.predict(rows)).all()
    np.testing.assert_allclose(prediction["probabilities"], model.predict_proba(rows), rtol=1e-5, atol=1e-6)
    report = next(iter(server.client("vic").reports(version)))
    assert report["metrics"]["accuracy_score"] == model.score(X[400:], y[400:])
    assert report["dataset"]["digest"] == baton.dataset_digest(X[400:], y[400:])


def test_an_svm_of_ten_classes(server, name):
    X, y = sklearn_datasets.load_digits(return_X_y=True)
    model = SVC(C=5).fit(X[:600], y[:600])
    make_live(server, model, name, X[600:800], y[600:800])
    rows = X[600:800].astype(np.float32)
    prediction = server.client("vic").predict(name, rows)
    assert (prediction["label"] == model.predict(rows)).all()
    np.testing.assert_allclose(prediction["probabilities"], model.decision_function(rows), rtol=1e-4, atol=1e-4)


def test_both_protocols_and_both_of_their_forms_agree(server, name):
    make_live(server, estimator(2.0, 3.0, 1.0), name)
    rows = [[1.0, 2.0], [0.5, -1.0]]
    expected = [[9.0], [-1.0]]
    post = lambda path, document: request(server.url, "POST", path, token=server.tokens["vic"], document=document)  # noqa: E731
    for version in ("", "/versions/1"):
        for data in (rows, [1.0, 2.0, 0.5, -1.0]):
            document = {"id": "7", "inputs": [{"name": "X", "shape": [2, 2], "datatype": "FP32", "data": data}]}
            answer = post(f"/v2/models/{name}{version}/infer", document).json
            assert (answer["model_name"], answer["model_version"], answer["id"]) == (name, "1", "7")
            output = answer["outputs"][0]
            assert (output["name"], output["shape"], output["datatype"]) == ("variable", [2, 1], "FP32")
            assert np.array(output["data"]).reshape(2, 1).tolist() == expected
        assert post(f"/v1/models/{name}{version}:predict", {"instances": rows}).json == {"predictions": expected}
        assert post(f"/v1/models/{name}{version}:predict", {"inputs": rows}).json == {"outputs": expected}
        assert post(f"/v1/models/{name}{version}:predict", {"inputs": {"X": rows}}).json == {"outputs": expected}


@pytest.mark.parametrize(
    "tensor, says",
    [
        ({"shape": [1, 3], "data": [1, 2, 3]}, "2"),
        ({"shape": [2, 2], "data": [1, 2, 3]}, "[2,2]"),
        ({"datatype": "INT64", "data": [1, 2]}, "FP32"),
        ({"name": "Z", "data": [1, 2]}, "X"),
        ({"data": ["a", "b"]}, "X"),
        ({"data": [1e400, 2]}, ""),
        ({"data": [None, 2]}, ""),
        ({"shape": [-1, 2], "data": [1, 2]}, "shape"),
    ],
)
def test_wrong_tensors_say_what_was_expected(server, tensor, says):
    name = "wrong-tensors"
    if server.api("vic", "GET", f"/models/{name}").status == 404:
        server.make_live(name, constant(1.0), path="model.onnx")
    body = json.dumps({"inputs": [{"name": "X", "shape": [1, 2], "datatype": "FP32", **tensor}]}).replace("Infinity", "1e400")
    answer = request(server.url, "POST", f"/v2/models/{name}/infer", token=server.tokens["vic"], body=body.encode())
    assert answer.status == 400 and says in answer.json["error"]


def test_unknown_models_and_versions_are_404(server, name):
    server.make_live(name, constant(1.0), path="model.onnx")
    for path in ("/v2/models/none/infer", f"/v2/models/{name}/versions/99/infer", "/v1/models/none:predict"):
        answer = request(server.url, "POST", path, token=server.tokens["vic"], document={"inputs": [], "instances": [[1, 2]]})
        assert answer.status == 404 and answer.json["error"]


def test_inference_needs_a_token_unless_opened(server, name):
    server.make_live(name, constant(1.0), path="model.onnx")
    document = {"inputs": [{"name": "X", "shape": [1, 2], "datatype": "FP32", "data": [1, 2]}]}
    assert request(server.url, "POST", f"/v2/models/{name}/infer", document=document).status == 401
    assert request(server.url, "GET", "/v2/health/live").json == {"live": True}


def test_an_anonymous_caller_may_be_let_in(tmp_path):
    from harness import Server

    server = Server(tmp_path / "open", "--anonymous-inference", "--anonymous-live").start()
    try:
        server.add_people()
        server.make_live("m", constant(5.0), path="model.onnx")
        document = {"inputs": [{"name": "X", "shape": [1, 2], "datatype": "FP32", "data": [1, 2]}]}
        assert request(server.url, "POST", "/v2/models/m/infer", document=document).json["outputs"][0]["data"] == [5.0]
        assert server.call(None, "GET", "/live")["slots"][0]["model"] == "m"
        assert server.api(None, "GET", "/models/m/live").status == 200
        assert server.api(None, "GET", "/models").status == 401, "the rest stays closed"
    finally:
        server.kill()


def test_the_command_line_predicts_from_json_and_csv(server, name, tmp_path):
    make_live(server, estimator(1.0, 10.0, 0.0), name)
    (tmp_path / "rows.json").write_text("[[1, 2], [3, 4]]")
    (tmp_path / "rows.csv").write_text("x0,x1\n1,2\n3,4\n")
    answers = [
        json.loads(server.cli("vic", "predict", name, tmp_path / "rows.json", "--json").stdout),
        json.loads(server.cli("vic", "predict", f"{name}/1", tmp_path / "rows.csv", "--json").stdout),
        json.loads(server.cli("vic", "predict", name, "-", "--json", stdin="[[1, 2], [3, 4]]").stdout),
    ]
    for answer in answers:
        assert np.ravel(answer["outputs"][0]["data"]).tolist() == [21.0, 43.0]
    assert "43" in server.cli("vic", "predict", name, tmp_path / "rows.csv").stdout


def test_the_python_client_answers_in_kind(server, name):
    make_live(server, estimator(1.0, 1.0, 0.0), name)
    client = server.client("vic")
    assert client.predict(name, [[1, 2]])["variable"] == [[3.0]]
    assert client.predict(name, np.array([[1.0, 2.0]]))["variable"].dtype == np.float32
    assert client.predict(name, {"X": [[1, 2]]}, version=1).version == "1"
    with pytest.raises(baton.NotFound):
        client.predict("none", [[1, 2]])
    with pytest.raises(baton.InvalidRequest):
        client.predict(name, [[1, 2, 3]])


def test_pulled_bytes_are_the_registered_ones(server, name, tmp_path):
    version = make_live(server, estimator(1.0, 1.0, 5.0), name)
    folder = server.client("vic").pull(f"{name}/live", tmp_path / "model")
    assert (folder / "model.onnx").read_bytes() == baton.to_onnx(estimator(1.0, 1.0, 5.0))
    assert folder.name == version.digest.split(":")[1]
