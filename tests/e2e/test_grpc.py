"""The Open Inference Protocol over gRPC, driven by tritonclient as it is installed."""

from __future__ import annotations

import base64
import json
import queue
import time

import pytest

from harness import Server, request
from hoarder import Hoarder
from models import constant, estimator, identity, np
from test_endless_models import endless

import baton

onnx = pytest.importorskip("onnx")
triton = pytest.importorskip("tritonclient.grpc")
from onnx import TensorProto  # noqa: E402

ROWS = np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 0.0]], dtype=np.float32)
ANSWERS = np.array([[9.0], [-1.0], [7.0]], dtype=np.float32)


TYPES = {
    "BOOL": (TensorProto.BOOL, np.bool_),
    "INT32": (TensorProto.INT32, np.int32),
    "INT64": (TensorProto.INT64, np.int64),
    "FP32": (TensorProto.FLOAT, np.float32),
    "FP64": (TensorProto.DOUBLE, np.float64),
}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("grpc") / "data", "--grpc-listen", "127.0.0.1:0", "--payload-log", "100").start()
    running.add_people()
    running.make_live("line", baton.to_onnx(estimator(2.0, 3.0, 1.0)), path="model.onnx")
    running.make_live("texts", identity(TensorProto.STRING), path="model.onnx")
    for name, (datatype, _) in TYPES.items():
        running.make_live("same-" + name.lower(), identity(datatype), path="model.onnx")
    yield running
    assert running.stop() == 0, running.log_tail()


@pytest.fixture
def client(served):
    with triton.InferenceServerClient(served.grpc) as connected:
        yield connected


@pytest.fixture
def token(served):
    return {"authorization": f"Bearer {served.tokens['vic']}"}


def rows(data, name="X", datatype="FP32"):
    tensor = triton.InferInput(name, list(data.shape), datatype)
    tensor.set_data_from_numpy(data)
    return [tensor]


def test_the_server_and_its_models_are_described(client, token):
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready("line", headers=token) and client.is_model_ready("line", "1", headers=token)
    assert client.get_server_metadata().name == "baton"
    described = client.get_model_metadata("line", headers=token)
    assert list(described.versions) == ["1"]
    assert [(tensor.name, tensor.datatype, list(tensor.shape)) for tensor in described.inputs] == [("X", "FP32", [-1, 2])]


def test_raw_rows_are_answered_raw(client, token):
    result = client.infer("line", rows(ROWS), request_id="r-7", headers=token)
    response = result.get_response()
    assert (response.id, response.model_name, response.model_version) == ("r-7", "line", "1")
    assert len(response.raw_output_contents) == 1
    assert np.allclose(result.as_numpy(response.outputs[0].name), ANSWERS)


@pytest.mark.parametrize("datatype", TYPES)
def test_every_type_comes_back_as_it_went(client, token, datatype):
    data = np.array([[0, 1], [1, 0]]).astype(TYPES[datatype][1])
    result = client.infer("same-" + datatype.lower(), rows(data, "x", datatype), headers=token)
    assert result.as_numpy("y").dtype == data.dtype and (result.as_numpy("y") == data).all()


def test_classification_is_refused_not_ignored(client, token):
    with pytest.raises(triton.InferenceServerException) as refused:
        client.infer("line", rows(ROWS), outputs=[triton.InferRequestedOutput("variable", class_count=1)], headers=token)
    assert "UNIMPLEMENTED" in refused.value.status() and "classification" in refused.value.message()


def test_payloads_are_kept_as_messages(served, client, token):
    client.infer("same-fp32", rows(ROWS, "x"), request_id="kept", headers=token)
    with pytest.raises(triton.InferenceServerException):
        client.infer("same-fp32", rows(ROWS[:, :1], "x"), request_id="refused", headers=token)
    refused, kept = served.call("drew", "GET", "/models/same-fp32/payloads", query={"limit": 2})["payloads"]
    asked, answered = json.loads(kept["request"]), json.loads(kept["response"])
    assert (kept["status"], asked["id"], asked["inputs"][0]["shape"], answered["id"]) == (200, "kept", ["3", "2"], "kept")
    assert base64.b64decode(asked["rawInputContents"][0]) == ROWS.tobytes() == base64.b64decode(answered["rawOutputContents"][0])
    assert refused["status"] == 400 and json.loads(refused["request"])["id"] == "refused" and "shape" in refused["response"]


def test_texts(client, token):
    data = np.array([["", "ä"], ["\x00", "x" * 1000]], dtype=object)
    result = client.infer("texts", rows(data, "x", "BYTES"), headers=token)
    assert [value.decode() for value in result.as_numpy("y").ravel()] == list(data.ravel())


def test_typed_contents_are_answered_as_such(served, token):
    """What clients without numpy send: generated code only."""
    import grpc
    from tritonclient.grpc import service_pb2, service_pb2_grpc

    request = service_pb2.ModelInferRequest(model_name="line", id="t")
    tensor = request.inputs.add(name="X", datatype="FP32", shape=[3, 2])
    tensor.contents.fp32_contents.extend(ROWS.ravel().tolist())
    with grpc.insecure_channel(served.grpc) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        metadata = list(token.items())
        response = stub.ModelInfer(request, metadata=metadata)
        assert np.allclose(response.outputs[0].contents.fp32_contents, ANSWERS.ravel())
        assert not response.raw_output_contents

        def refusal(change):
            wrong = service_pb2.ModelInferRequest()
            wrong.CopyFrom(request)
            change(wrong)
            with pytest.raises(grpc.RpcError) as error:
                stub.ModelInfer(wrong, metadata=metadata)
            return error.value.code().name, error.value.details()

        def lie(wrong):
            wrong.inputs[0].shape[:] = [1 << 40, 2]

        def mix(wrong):
            wrong.inputs[0].contents.int64_contents.append(1)

        def two_raw(wrong):
            wrong.raw_input_contents.extend([b"1234", b"5678"])

        assert refusal(lie)[0] == "INVALID_ARGUMENT"
        assert "contents of another type" in refusal(mix)[1]
        assert "2 raw contents" in refusal(two_raw)[1]
        assert refusal(lambda wrong: wrong.inputs[0].shape.append(-1))[0] == "INVALID_ARGUMENT"
        assert "unknown datatype" in refusal(lambda wrong: setattr(wrong.inputs[0], "datatype", "FP99"))[1]


def test_mistakes_get_the_status_that_fits(client, token):
    def status(work):
        with pytest.raises(triton.InferenceServerException) as error:
            work()
        return error.value.status().removeprefix("StatusCode."), error.value.message()

    assert status(lambda: client.infer("line", rows(ROWS)))[0] == "UNAUTHENTICATED"
    assert status(lambda: client.infer("line", rows(ROWS), headers={"authorization": "Bearer no"}))[0] == "UNAUTHENTICATED"
    assert status(lambda: client.get_model_metadata("line"))[0] == "UNAUTHENTICATED"
    assert status(lambda: client.infer("nothing", rows(ROWS), headers=token))[0] == "NOT_FOUND"
    assert status(lambda: client.infer("line", rows(ROWS), model_version="9", headers=token))[0] == "NOT_FOUND"
    wrong_name = status(lambda: client.infer("line", rows(ROWS, "Y"), headers=token))
    assert wrong_name[0] == "INVALID_ARGUMENT" and "the model takes: X" in wrong_name[1]
    wanted = [triton.InferRequestedOutput("nothing")]
    assert status(lambda: client.infer("line", rows(ROWS), outputs=wanted, headers=token))[0] == "INVALID_ARGUMENT"
    big = np.zeros((5_000_000, 2), dtype=np.float32)
    assert status(lambda: client.infer("line", rows(big), headers=token))[0] == "RESOURCE_EXHAUSTED"
    assert client.is_server_live()


def test_a_promotion_is_seen_at_once(served, client, token):
    served.make_live("swapped", constant(1.0), path="model.onnx")
    assert client.infer("swapped", rows(ROWS), headers=token).get_response().model_version == "1"
    served.make_live("swapped", constant(2.0), path="model.onnx")
    response = client.infer("swapped", rows(ROWS), headers=token).get_response()
    assert response.model_version == "2"
    again = client.infer("swapped", rows(ROWS), model_version="1", headers=token)
    assert np.allclose(again.as_numpy(response.outputs[0].name), 1.0)


def test_messages_that_are_held_back_take_bounded_memory(served):
    """Nobody has said who they are before their message is there."""
    psutil = pytest.importorskip("psutil")
    process = psutil.Process(served.process.pid)
    before = process.memory_info().rss
    hoarders = [Hoarder(served.grpc, calls=25, size=30 << 20) for _ in range(2)]  # 1.5 GB, if all of it were taken
    for hoarder in hoarders:
        hoarder.push()
    taken = process.memory_info().rss - before
    assert request(served.url, "GET", "/v2/health/live").status == 200
    for hoarder in hoarders:
        hoarder.close()
    assert taken < 700 << 20, [hoarder.sent for hoarder in hoarders]
    with triton.InferenceServerClient(served.grpc) as connected:
        assert connected.is_server_live()


def test_a_server_that_stops_waits_for_no_call(tmp_path):
    running = Server(tmp_path / "data", "--grpc-listen", "127.0.0.1:0", "--run-limit", "3600").start()
    running.add_people()
    running.make_live("m", endless(100.0), path="model.onnx")
    ended = queue.Queue()
    with triton.InferenceServerClient(running.grpc) as connected:
        bearer = {"authorization": f"Bearer {running.tokens['vic']}"}
        connected.async_infer("m", rows(1000 * ROWS), lambda result, error: ended.put(error), headers=bearer)
        time.sleep(1)  # so that it runs
        assert ended.empty()
        assert running.stop() == 0, running.log_tail()
        assert ended.get(timeout=10) is not None
