"""Which engine runs a model: chosen by itself, chosen by name, shown, and missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness import REPORT, ROOT, Server, request, wait_for

TRAINED = ROOT / "tests" / "data"
LINEAR = TRAINED / "models" / "lasso-float.onnx"
FOREST = TRAINED / "runtime-models" / "forest-names-zipmap.onnx"
TEXT = TRAINED / "runtime-models" / "text.onnx"
LIBRARY = ROOT / ".deps" / "onnxruntime" / "lib" / "libonnxruntime.so.1"

needs_runtime = pytest.mark.skipif(not LIBRARY.exists(), reason="ONNX Runtime is not installed: run scripts/setup-onnxruntime")


def case_of(model: Path):
    return json.loads(model.with_suffix(".json").read_text())


def predict(server, name, datatype, rows):
    inputs = server_metadata(server, name)["inputs"]
    tensor = {"name": inputs[0]["name"], "shape": [len(rows), len(rows[0])], "datatype": datatype, "data": rows}
    answer = request(server.url, "POST", f"/v2/models/{name}/infer", token=server.tokens["vic"], document={"inputs": [tensor]})
    assert answer.status == 200, answer.body
    return {output["name"]: output for output in answer.json["outputs"]}


def server_metadata(server, name):
    return request(server.url, "GET", f"/v2/models/{name}", token=server.tokens["vic"]).json


def make_live(server, name, model, **fields):
    version = server.register(name, model.read_bytes(), path="model.onnx", report=REPORT, **fields)
    server.promote(server.hand_over(version))
    return version


@needs_runtime
def test_trees_are_served_by_onnx_runtime(server, name):
    version = make_live(server, name, FOREST)
    assert version["engine"] == "onnxruntime"
    case = case_of(FOREST)
    outputs = predict(server, name, "FP32", case["rows"])
    assert outputs["output_label"]["data"] == case["expected"]["labels"]
    probabilities = [value for row in case["expected"]["probabilities"] for value in row]
    assert outputs["output_probability"]["data"] == pytest.approx(probabilities, abs=1e-5)
    assert server_metadata(server, name)["properties"]["engine"] == "onnxruntime"
    assert "onnxruntime" in server.cli("vic", "live", name).stdout
    assert "onnxruntime" in server.cli("vic", "show", f"{name}/1").stdout
    assert server.call(None, "GET", "/version")["onnxruntime"].startswith("1.")


@needs_runtime
def test_texts_go_in(server, name):
    make_live(server, name, TEXT)
    case = case_of(TEXT)
    outputs = predict(server, name, "BYTES", case["rows"])
    assert outputs["label"]["data"] == case["expected"]["labels"]


@needs_runtime
def test_an_engine_can_be_asked_for(server, name, tmp_path):
    rows = case_of(LINEAR)["rows"]
    answers = []
    for engine in ("eigen", "onnxruntime"):
        model = f"{name}-{engine}"
        server.cli("dana", "register", model, LINEAR, "--engine", engine)
        version = server.call("vic", "GET", f"/models/{model}/versions/1")
        assert version["engine"] == engine
        server.call("dana", "POST", f"/models/{model}/versions/1/reports", REPORT, expect=201)
        server.promote(server.hand_over(version))
        assert server_metadata(server, model)["properties"]["engine"] == engine
        answers.append(predict(server, model, "FP32", rows)["variable"]["data"])
    assert answers[0] == pytest.approx(answers[1], rel=1e-5)
    refused = server.cli("dana", "register", name, FOREST, "--engine", "eigen", ok=False)
    assert refused.returncode == 2 and "TreeEnsembleClassifier" in refused.stderr
    with server.client("dana") as client:
        assert client.register(LINEAR, name, engine="onnxruntime").engine == "onnxruntime"


def test_another_word_for_an_engine_is_refused(server, name):
    digest = server.put_blob("dana", b"x")
    document = {"files": [{"path": "a", "size": 1, "digest": digest}], "engine": "magic"}
    answer = server.api("dana", "POST", f"/models/{name}/versions", document)
    assert answer.status == 400 and answer.json["errors"][0]["field"] == "engine"


@needs_runtime
def test_operators_that_no_engine_has_are_named(server, name):
    strange = FOREST.read_bytes().replace(b"TreeEnsembleClassifier", b"TreeEnsembleSomethings")
    digest = server.put_blob("dana", strange)
    document = {"files": [{"path": "model.onnx", "size": len(strange), "digest": digest}]}
    answer = server.api("dana", "POST", f"/models/{name}/versions", document)
    assert answer.status == 422 and answer.json["code"] == "unsupported_model"
    assert "no engine runs: ai.onnx.ml.TreeEnsembleSomethings" in answer.json["detail"]


def test_without_onnx_runtime_linear_models_are_served_and_others_say_what_they_need(tmp_path):
    server = Server(tmp_path / "data", "--onnxruntime", "off").start()
    try:
        server.add_people()
        assert server.call(None, "GET", "/version")["onnxruntime"] is None
        assert make_live(server, "linear", LINEAR)["engine"] == "eigen"
        refused = server.cli("dana", "register", "forest", FOREST, ok=False)
        assert refused.returncode == 2
        assert "TreeEnsembleClassifier" in refused.stderr and "without ONNX Runtime" in refused.stderr
    finally:
        server.kill()


@needs_runtime
def test_a_library_that_went_missing_stops_no_other_model(tmp_path):
    server = Server(tmp_path / "data").start()
    server.add_people()
    make_live(server, "forest", FOREST)
    make_live(server, "linear", LINEAR)
    assert server.stop() == 0

    server.options = ("--onnxruntime", str(tmp_path / "nothing.so"))
    server.start()

    def serving():
        slots = {slot["model"]: slot for slot in server.call("vic", "GET", "/live")["slots"]}
        return slots if all(slot["serving"] != "loading" for slot in slots.values()) else None

    slots = wait_for(serving)
    assert slots["linear"]["serving"] == "ready"
    assert slots["forest"]["serving"] == "failed" and "nothing.so" in slots["forest"]["message"]
    assert server.stop() == 0

    server.options = ()
    server.start()
    assert wait_for(serving)["forest"]["serving"] == "ready"
    assert server.stop() == 0
