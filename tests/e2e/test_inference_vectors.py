"""The example models of Triton and the requests that its clients send, with the answers that ONNX Runtime gave."""

from __future__ import annotations

import base64
import json
import os

import pytest

from harness import REPORT, ROOT, Server, request

VECTORS = (ROOT / os.environ.get("BATON_VECTORS", "../shared/vectors") / "triton").resolve()

pytestmark = pytest.mark.skipif(not VECTORS.is_dir(), reason=f"{VECTORS} is not there: set BATON_VECTORS")

CASES = json.loads((VECTORS / "cases.json").read_text()) if VECTORS.is_dir() else {"infer": [], "more_valid_requests": [], "invalid_requests": []}
MODELS = sorted({case["model"] for case in CASES["infer"]})
NOT_OURS = {"batch-above-maximum"}
OVERFLOWS = {"large-values", "int32-wrap"}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("vectors") / "data", "--anonymous-inference").start()
    try:
        running.add_people()
        running.refused = {}
        for model in MODELS:
            content = (VECTORS / "model_repository" / model / "1" / "model.onnx").read_bytes()
            digest = running.put_blob("dana", content)
            files = [{"path": "model.onnx", "size": len(content), "digest": digest}]
            answer = running.api("dana", "POST", f"/models/{model}/versions", {"files": files, "report": REPORT})
            if answer.status != 201:
                running.refused[model] = answer.json["detail"]
                continue
            running.promote(running.hand_over(answer.json))
        yield running
    finally:
        running.kill()


def infer(served, path, body, headers=None):
    model = path.split("/")[3]
    if model in served.refused:
        pytest.skip(f"no engine runs {model} here: {served.refused[model]}")
    return request(served.url, "POST", path, body=body, headers=headers)


def is_refused_overflow(case, answer):
    """Where ONNX Runtime wraps around, the Eigen engine says that the sum does not fit."""
    return case["name"] in OVERFLOWS and answer.status == 400 and "declared INT32" in answer.json["error"]


def same(answered, expected):
    answered = {output["name"]: output for output in answered}
    for output in expected:
        got = answered[output["name"]]
        assert (got["datatype"], got["shape"], got["data"]) == (output["datatype"], output["shape"], output["data"])


@pytest.mark.parametrize("case", CASES["infer"], ids=lambda case: case["name"])
def test_json_requests(served, case):
    answer = infer(served, case["path"], json.dumps(case["json_request"]).encode())
    if is_refused_overflow(case, answer):
        return
    assert answer.status == 200, answer.body
    same(answer.json["outputs"], case["expected_outputs"])


@pytest.mark.parametrize("case", CASES["infer"], ids=lambda case: case["name"])
def test_binary_requests(served, case):
    asked = case["binary_request"]
    length = {"Inference-Header-Content-Length": str(asked["inference_header_content_length"])}
    answer = infer(served, case["path"], base64.b64decode(asked["body_base64"]), length)
    if is_refused_overflow(case, answer):
        return
    assert answer.status == 200, answer.body
    json_size = int(answer.headers["inference-header-content-length"])
    assert answer.body[json_size:] == base64.b64decode(case["binary_response_data_base64"])
    sizes = {output["name"]: output["parameters"]["binary_data_size"] for output in json.loads(answer.body[:json_size])["outputs"]}
    assert sizes == case["binary_response_sizes"]


@pytest.mark.parametrize("case", CASES["more_valid_requests"], ids=lambda case: case["name"])
def test_other_ways_to_ask(served, case):
    like = next(other for other in CASES["infer"] if other["name"] == case["same_outputs_as"])
    answer = infer(served, like["path"], json.dumps(case["json_request"]).encode())
    assert answer.status == 200, answer.body
    wanted = case.get("only_outputs") or [output["name"] for output in like["expected_outputs"]]
    assert sorted(output["name"] for output in answer.json["outputs"]) == sorted(wanted)
    same(answer.json["outputs"], [output for output in like["expected_outputs"] if output["name"] in wanted])
    assert answer.json.get("id") == case["json_request"].get("id")


@pytest.mark.parametrize("case", CASES["invalid_requests"], ids=lambda case: case["name"])
def test_invalid_requests(served, case):
    if case["name"] in NOT_OURS:
        pytest.skip("a limit that stands in Triton's configuration file, which is no part of a model here")
    answer = request(served.url, "POST", case["path"], body=json.dumps(case["json_request"]).encode())
    assert 400 <= answer.status < 500 and answer.json["error"], answer.body
