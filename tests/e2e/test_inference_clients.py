"""Other people's inference clients, unmodified, against the real binary: tritonclient (http, and http over asyncio), the
KServe SDK, a client of TensorFlow Serving's REST API, one of MLflow's scoring server, and curl."""

from __future__ import annotations

import asyncio
import base64
import gzip
import importlib.util
import json
import multiprocessing
import shutil
import subprocess
from pathlib import Path

import pytest

from harness import Server, in_threads, request
from models import constant, estimator, identity, np, quietly

import baton

onnx = pytest.importorskip("onnx")
triton = pytest.importorskip("tritonclient.http")
triton_aio = pytest.importorskip("tritonclient.http.aio")

from onnx import TensorProto  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402

ROWS = np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 0.0]], dtype=np.float32)
ANSWERS = np.array([[9.0], [-1.0], [7.0]], dtype=np.float32)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A server that anyone may ask, since these clients are used without tokens: `line` is 2a + 3b + 1."""
    running = Server(tmp_path_factory.mktemp("clients") / "data", "--anonymous-inference").start()
    try:
        running.add_people()
        running.make_live("line", baton.to_onnx(estimator(2.0, 3.0, 1.0)), path="model.onnx")
        running.make_live("line", baton.to_onnx(estimator(2.0, 3.0, 1.0)) + b"", path="again.onnx")
        running.make_live("texts", identity(TensorProto.STRING), path="model.onnx")
        X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], dtype=np.float32)
        classes = LogisticRegression().fit(X, np.array(["no", "no", "yes", "yes"]))
        running.make_live("classes", quietly(baton.to_onnx, classes, X=X), path="model.onnx")
        yield running
    finally:
        running.kill()


@pytest.fixture
def address(served):
    return served.url.removeprefix("http://")


def line_input(api, binary: bool):
    tensor = api.InferInput("X", list(ROWS.shape), "FP32")
    tensor.set_data_from_numpy(ROWS, binary_data=binary)
    return tensor


# tritonclient.http


@pytest.fixture
def client(address):
    with triton.InferenceServerClient(address) as made:
        yield made


def test_triton_finds_the_server_and_its_models(client):
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready("line") and client.is_model_ready("line", "2")
    assert not client.is_model_ready("nobody") and not client.is_model_ready("line", "99")
    metadata = client.get_server_metadata()
    assert metadata["name"] == "baton" and "binary_tensor_data" in metadata["extensions"]
    model = client.get_model_metadata("line", query_params={"test_1": 1})
    assert model["name"] == "line" and model["versions"] == ["1", "2"]
    assert model["inputs"] == [{"name": "X", "datatype": "FP32", "shape": [-1, 2]}]
    config = client.get_model_config("line", "1")
    assert config["max_batch_size"] > 0 and config["input"] == [{"name": "X", "data_type": "TYPE_FP32", "dims": [2]}]


@pytest.mark.parametrize("binary_input", [True, False])
@pytest.mark.parametrize("binary_output", [True, False, None])
def test_triton_infers_in_all_combinations_of_forms(client, binary_input, binary_output):
    outputs = None if binary_output is None else [triton.InferRequestedOutput("variable", binary_data=binary_output)]
    for version in ("", "1"):
        result = client.infer("line", [line_input(triton, binary_input)], model_version=version, outputs=outputs, request_id="r-1")
        assert np.array_equal(result.as_numpy("variable"), ANSWERS)
        answer = result.get_response()
        assert (answer["id"], answer["model_name"], answer["model_version"]) == ("r-1", "line", version or "2")
        assert ("data" in answer["outputs"][0]) == (binary_output is False)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_triton_compresses(client, coding):
    rows = np.tile(ROWS, (5000, 1))
    tensor = triton.InferInput("X", list(rows.shape), "FP32")
    for binary in (True, False):
        tensor.set_data_from_numpy(rows, binary_data=binary)
        outputs = [triton.InferRequestedOutput("variable", binary_data=binary)]
        result = client.infer(
            "line", [tensor], outputs=outputs, request_compression_algorithm=coding, response_compression_algorithm=coding
        )
        assert np.array_equal(result.as_numpy("variable"), np.tile(ANSWERS, (5000, 1)))


@pytest.mark.parametrize("binary", [True, False])
def test_triton_sends_texts(client, binary):
    texts = np.array([["a", "ü"], ["", "\n\""]], dtype=np.object_)
    tensor = triton.InferInput("x", [2, 2], "BYTES")
    tensor.set_data_from_numpy(texts, binary_data=binary)
    for wanted in (True, False):
        result = client.infer("texts", [tensor], outputs=[triton.InferRequestedOutput("y", binary_data=wanted)])
        assert [text.decode() if isinstance(text, bytes) else text for text in result.as_numpy("y").ravel()] == ["a", "ü", "", '\n"']
    tensor = triton.InferInput("x", [1, 2], "BYTES")
    tensor.set_data_from_numpy(np.array([[b"\xff\x00", b"x"]], dtype=np.object_), binary_data=True)
    assert client.infer("texts", [tensor]).as_numpy("y").ravel().tolist() == [b"\xff\x00", b"x"], "any bytes, in binary form"
    with pytest.raises(triton.InferenceServerException, match="UTF-8"):
        client.infer("texts", [tensor], outputs=[triton.InferRequestedOutput("y", binary_data=False)])


def test_triton_asks_for_the_best_classes(client):
    tensor = triton.InferInput("X", [1, 2], "FP32")
    tensor.set_data_from_numpy(np.array([[1.0, 0.0]], dtype=np.float32))
    for binary in (True, False):
        best = client.infer("classes", [tensor], outputs=[triton.InferRequestedOutput("probabilities", binary_data=binary, class_count=1)])
        (text,) = best.as_numpy("probabilities").ravel()
        score, index, *label = (text.decode() if isinstance(text, bytes) else text).split(":")
        assert float(score) > 0.5 and index == "1" and label in ([], ["yes"])


def test_triton_is_told_what_is_wrong(client):
    with pytest.raises(triton.InferenceServerException, match="Request for unknown model: 'nobody'"):
        client.get_model_metadata("nobody")
    with pytest.raises(triton.InferenceServerException, match="not found"):
        client.infer("line", [line_input(triton, True)], model_version="99")
    wrong = triton.InferInput("X", [1, 3], "FP32")
    wrong.set_data_from_numpy(np.zeros((1, 3), dtype=np.float32))
    with pytest.raises(triton.InferenceServerException, match=r"has shape \[1,3\], expected \[-1,2\]") as caught:
        client.infer("line", [wrong])
    assert caught.value.status() == "400"
    with pytest.raises(triton.InferenceServerException, match="unknown output"):
        client.infer("line", [line_input(triton, True)], outputs=[triton.InferRequestedOutput("nothing")])
    half = triton.InferInput("X", [1, 2], "FP16")
    half.set_data_from_numpy(np.zeros((1, 2), dtype=np.float16))
    with pytest.raises(triton.InferenceServerException, match="has data type FP16, expected FP32"):
        client.infer("line", [half])
    with pytest.raises(triton.InferenceServerException, match="sequences"):
        client.infer("line", [line_input(triton, True)], sequence_id=7, sequence_start=True)


def test_triton_asks_the_repository(client):
    index = client.get_model_repository_index()
    assert {(entry["name"], entry["version"], entry["state"]) for entry in index} >= {("line", "2", "READY"), ("texts", "1", "READY")}
    client.load_model("line")
    with pytest.raises(triton.InferenceServerException, match="failed to load 'nobody'"):
        client.load_model("nobody")
    with pytest.raises(triton.InferenceServerException, match="promote"):
        client.load_model("line", config=json.dumps({"max_batch_size": 1}))
    with pytest.raises(triton.InferenceServerException, match="failed to unload 'line'"):
        client.unload_model("line")
    assert client.is_model_ready("line")


def test_triton_reads_statistics(client):
    before = client.get_inference_statistics("line", "2")["model_stats"][0]
    for _ in range(3):
        client.infer("line", [line_input(triton, True)])
    after = client.get_inference_statistics("line", "2")["model_stats"][0]
    assert after["inference_count"] - before["inference_count"] == 9
    assert after["inference_stats"]["success"]["count"] - before["inference_stats"]["success"]["count"] == 3
    assert after["last_inference"] > before["last_inference"] or before["last_inference"] == 0
    for group in ("success", "fail", "queue", "compute_input", "compute_infer", "compute_output", "cache_hit", "cache_miss"):
        assert set(after["inference_stats"][group]) == {"count", "ns"}
    assert {entry["name"] for entry in client.get_inference_statistics()["model_stats"]} >= {"line", "texts"}
    assert [entry["version"] for entry in client.get_inference_statistics("line")["model_stats"]] == ["1", "2"]


def test_triton_infers_side_by_side(address):
    with triton.InferenceServerClient(address, concurrency=4) as several:
        pending = [several.async_infer("line", [line_input(triton, True)]) for _ in range(20)]
        assert all(np.array_equal(one.get_result().as_numpy("variable"), ANSWERS) for one in pending)


def test_triton_is_let_in_by_its_token_alone(server, name):
    server.make_live(name, constant(4.0), path="model.onnx")
    token = {"Authorization": "Bearer " + server.tokens["vic"]}
    with triton.InferenceServerClient(server.url.removeprefix("http://")) as closed:
        with pytest.raises(triton.InferenceServerException) as caught:
            closed.infer(name, [line_input(triton, True)])
        assert caught.value.status() == "401"
        assert closed.infer(name, [line_input(triton, True)], headers=token).as_numpy("variable").ravel().tolist() == [4, 4, 4]
        with pytest.raises(triton.InferenceServerException):
            closed.get_model_repository_index()
        assert name in {entry["name"] for entry in closed.get_model_repository_index(headers=token)}


# tritonclient.http.aio


def test_triton_over_asyncio(address):
    async def talk():
        async with triton_aio.InferenceServerClient(address) as client:
            assert await client.is_server_live() and await client.is_server_ready() and await client.is_model_ready("line")
            assert (await client.get_model_metadata("line"))["name"] == "line"
            assert (await client.get_model_config("line"))["name"] == "line"
            assert "line" in {entry["name"] for entry in await client.get_model_repository_index()}
            assert (await client.get_inference_statistics("line"))["model_stats"]
            await client.load_model("line")
            for binary in (True, False):
                for coding in (None, "gzip", "deflate"):
                    result = await client.infer(
                        "line",
                        [line_input(triton_aio, binary)],
                        outputs=[triton_aio.InferRequestedOutput("variable", binary_data=binary)],
                        request_compression_algorithm=coding,
                        response_compression_algorithm=coding,
                    )
                    assert np.array_equal(result.as_numpy("variable"), ANSWERS)
            rows = np.tile(ROWS, (5000, 1))  # so many that the answer is compressed
            tensor = triton_aio.InferInput("X", list(rows.shape), "FP32")
            tensor.set_data_from_numpy(rows)
            assert np.array_equal((await client.infer("line", [tensor])).as_numpy("variable"), np.tile(ANSWERS, (5000, 1)))
            with pytest.raises(triton_aio.InferenceServerException, match="unknown model"):
                await client.infer("nobody", [line_input(triton_aio, True)])
            with pytest.raises(triton_aio.InferenceServerException, match="failed to unload"):
                await client.unload_model("line")

    asyncio.run(talk())


# KServe's SDK


def test_the_kserve_sdk(served):
    """In a process of its own: its gRPC messages have the names of tritonclient's, and one process takes them once."""
    pytest.importorskip("httpx")
    if importlib.util.find_spec("kserve") is None:
        pytest.skip("kserve is not installed")
    process = multiprocessing.get_context("spawn").Process(target=talk_with_kserve, args=(served.url,))
    process.start()
    process.join(timeout=120)
    assert process.exitcode == 0


def talk_with_kserve(url):
    import httpx
    import kserve

    async def talk():
        v2 = kserve.InferenceRESTClient(kserve.RESTConfig(protocol="v2"))
        assert await v2.is_server_live(url) and await v2.is_server_ready(url)
        assert await v2.is_model_ready(url, "line") and not await v2.is_model_ready(url, "nobody")
        for binary in (True, False):
            tensor = kserve.InferInput("X", list(ROWS.shape), "FP32")
            tensor.set_data_from_numpy(ROWS, binary_data=binary)
            for wanted in (True, False):
                asked = kserve.InferRequest("line", [tensor], request_id="k", parameters={"binary_data_output": wanted})
                answer = await v2.infer(url, asked, model_name="line")
                assert (answer.id, answer.model_name) == ("k", "line")
                assert np.array_equal(answer.outputs[0].as_numpy(), ANSWERS)
        with pytest.raises(httpx.HTTPStatusError, match="unknown model"):
            await v2.infer(url, asked, model_name="nobody")

        v1 = kserve.InferenceRESTClient(kserve.RESTConfig(protocol="v1"))
        assert await v1.is_server_live(url)
        assert await v1.is_model_ready(url, "line")
        with pytest.raises(httpx.HTTPStatusError):
            await v1.is_model_ready(url, "nobody")
        assert await v1.infer(url, {"instances": ROWS.tolist()}, model_name="line") == {"predictions": ANSWERS.tolist()}
        with pytest.raises(httpx.HTTPStatusError, match="explanations are not supported"):
            await v1.explain(url, "line", {"instances": ROWS.tolist()})
        await v2.close()
        await v1.close()

    asyncio.run(talk())


# TensorFlow Serving


def test_a_tensorflow_serving_client(served):
    requests = pytest.importorskip("requests")
    base = served.url + "/v1/models/line"
    assert requests.get(base).json()["model_version_status"][-1]["state"] == "AVAILABLE"
    assert requests.get(base + "/versions/1").json()["model_version_status"][0]["version"] == "1"
    signature = requests.get(base + "/metadata").json()["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["inputs"]["X"]["dtype"] == "DT_FLOAT"
    for path in ("", "/versions/1", "/labels/production"):
        answer = requests.post(base + path + ":predict", data=json.dumps({"signature_name": "serving_default", "instances": ROWS.tolist()}))
        assert answer.json() == {"predictions": ANSWERS.tolist()}
        assert requests.post(base + path + ":predict", json={"inputs": {"X": ROWS.tolist()}}).json() == {"outputs": ANSWERS.tolist()}
        examples = {"examples": [{"X": row} for row in ROWS.tolist()]}
        assert requests.post(base + path + ":regress", json=examples).json() == {"results": ANSWERS.ravel().tolist()}
    packed = gzip.compress(json.dumps({"instances": ROWS.tolist()}).encode())
    assert requests.post(base + ":predict", data=packed, headers={"Content-Encoding": "gzip"}).json() == {"predictions": ANSWERS.tolist()}

    results = requests.post(served.url + "/v1/models/classes:classify", json={"examples": [{"X": [1, 0]}]}).json()["results"]
    (scores,) = results
    assert sum(score for _, score in scores) == pytest.approx(1) and scores[1][1] > 0.5
    b64 = {"instances": [[{"b64": base64.b64encode(b"hello").decode()}, "x"]]}
    assert requests.post(served.url + "/v1/models/texts:predict", json=b64).json() == {"predictions": [["hello", "x"]]}

    for path, status in ((":explain", 501), (":classify", 400), ("/labels/nowhere:predict", 400), ("/versions/9:predict", 404), ("/nonsense", 400)):
        answer = requests.post(base + path, json={"instances": ROWS.tolist(), "examples": [{"X": [1, 2]}]})
        assert answer.status_code == status and answer.json()["error"], path
    assert set(requests.get(served.url + "/v1/models").json()["models"]) == {"line", "texts", "classes"}


# MLflow


def test_an_mlflow_scoring_client(served):
    requests = pytest.importorskip("requests")
    base = served.url + "/serving-endpoints/line"
    assert (requests.get(base + "/ping").status_code, requests.get(base + "/ping").text) == (200, "\n")
    assert requests.get(served.url + "/ping").status_code == 200 and requests.get(base + "/version").status_code == 200
    records = [dict(zip("ab", row)) for row in ROWS.tolist()]
    for document in (
        {"dataframe_split": {"columns": ["a", "b"], "index": [0, 1, 2], "data": ROWS.tolist()}},
        {"dataframe_records": records, "params": {"ignored": 1}},
        {"instances": ROWS.tolist()},
        {"inputs": ROWS.tolist()},
        {"inputs": {"X": ROWS.tolist()}},
    ):
        answer = requests.post(base + "/invocations", json=document)
        assert answer.json() == {"predictions": ANSWERS.ravel().tolist()}, document
    csv = "a,b\n" + "".join(f"{a},{b}\n" for a, b in ROWS.tolist())
    answer = requests.post(base + "/invocations", data=csv, headers={"Content-Type": "text/csv"})
    assert answer.json() == {"predictions": ANSWERS.ravel().tolist()}
    (prediction,) = requests.post(served.url + "/serving-endpoints/classes/invocations", json={"instances": [[1, 0]]}).json()["predictions"]
    assert prediction["label"] == "yes" and len(prediction["probabilities"]) == 2
    refused = requests.post(base + "/invocations", json={"foo": 1})
    assert refused.status_code == 400 and refused.json()["error_code"] == "BAD_REQUEST"
    assert requests.post(base + "/invocations", data="x", headers={"Content-Type": "text/plain"}).status_code == 415
    assert requests.post(base + "/invocations", data=b"{}").status_code == 415
    assert requests.get(base + "/invocations").json() == {"detail": "Method Not Allowed"}


# curl


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_curl(served, tmp_path):
    def curl(path, *options):
        done = subprocess.run(["curl", "-sS", "--fail-with-body", *options, served.url + path], capture_output=True, timeout=30)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert json.loads(curl("/")) == {"status": "alive"}
    assert json.loads(curl("/v2/health/ready")) == {"live": True, "ready": True}
    document = json.dumps({"inputs": [{"name": "X", "shape": [3, 2], "datatype": "FP32", "data": ROWS.tolist()}]})
    answer = json.loads(curl("/v2/models/line/infer", "-H", "Content-Type: application/json", "-d", document))
    assert answer["outputs"][0]["data"] == ANSWERS.ravel().tolist()
    raw = tmp_path / "row"
    raw.write_bytes(ROWS[:1].tobytes())
    answer = curl("/v2/models/line/infer", "-H", "Inference-Header-Content-Length: 0", "--data-binary", f"@{raw}")
    assert answer.endswith(ANSWERS[:1].tobytes()) and b'"binary_data_size":4' in answer
    assert json.loads(curl("/v1/models/line:predict", "--compressed", "-d", json.dumps({"instances": ROWS.tolist()})))
    assert json.loads(curl("/v2/repository/index", "-X", "POST"))


def test_hostile_requests_are_refused_and_the_server_goes_on(served):
    infer = "/v2/models/line/infer"

    def ask(body, path=infer, **headers):
        return request(served.url, "POST", path, body=body, headers={name.replace("_", "-"): value for name, value in headers.items()}).status

    one = '{"inputs":[{"name":"X","shape":%s,"datatype":"FP32"%s}]}'
    for status, body, headers in (
        (400, one % ("[1,2]", ',"parameters":{"binary_data_size":8}'), {"Inference_Header_Content_Length": "9999999999"}),
        (400, one % ("[1,2]", ',"parameters":{"binary_data_size":8}'), {"Inference_Header_Content_Length": "-5"}),
        (400, one % ("[1,2]", ',"parameters":{"binary_data_size":8}'), {}),
        (400, one % ("[1000000,1000000]", ',"data":[1,2]'), {}),
        (400, one % ("[" + "1," * 1_000_000 + "2]", ',"data":[1,2]'), {}),
        (400, one % ("[1,2]", ',"data":' + "[" * 500_000 + "]" * 500_000), {}),
        (400, '{"inputs":' * 200_000, {}),
        (413, gzip.compress(b" " * 40_000_000), {"Content_Encoding": "gzip"}),
        (400, gzip.compress(b"{}")[:-3], {"Content_Encoding": "gzip"}),
        (415, "{}", {"Content_Encoding": "br"}),
    ):
        assert ask(body, **headers) == status, body[:100]
    lying = (one % ("[4,2]", ',"parameters":{"binary_data_size":32}')).encode()
    assert ask(lying + b"\0" * 31, Inference_Header_Content_Length=str(len(lying))) == 400
    assert ask(lying + b"\0" * 33, Inference_Header_Content_Length=str(len(lying))) == 400
    assert ask(lying + b"\0" * 32, Inference_Header_Content_Length=str(len(lying))) == 200
    assert ask('{"instances":' + "[" * 500_000, "/v1/models/line:predict") == 400
    assert ask("," * 500_000, "/serving-endpoints/line/invocations", Content_Type="text/csv") == 400


def test_large_hostile_bodies_cost_bounded_memory(served):
    """Eight bodies at once whose tensors would be thirty times their size."""
    assert served.process
    count = 10_000_000
    body = ('{"inputs":[{"name":"x","shape":[%d,2],"datatype":"BYTES","data":[""' % (count // 2) + ',""' * (count - 1) + "]}]}").encode()
    status = lambda _: request(served.url, "POST", "/v2/models/texts/infer", body=body).status  # noqa: E731
    assert set(in_threads(8, status)) <= {400, 413, 503}
    peak = next(line for line in Path(f"/proc/{served.process.pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    assert int(peak.split()[1]) < 1_500_000, "kilobytes: 256 MB of bodies, 512 MB to decode them, the rest is slack"
