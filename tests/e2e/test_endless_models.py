"""Models that take long, or do not come to an end: they cost a bounded time, and nobody else anything."""

from __future__ import annotations

import http.client
import threading
import time

import pytest

from harness import REPORT, Server, in_threads, request, wait_for
from models import constant
from rollout import Caller

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper  # noqa: E402


def endless(over: float, trips: int = 1 << 62) -> bytes:
    """Answers what it is given, but for values above `over` only after so many trips around a loop."""
    true_or_false, number, table = (TensorProto.BOOL, []), (TensorProto.INT64, []), (TensorProto.FLOAT, [None, 2])
    value = helper.make_tensor_value_info
    body = helper.make_graph(
        [helper.make_node("Identity", ["again"], ["on"]), helper.make_node("Identity", ["v"], ["w"])],
        "body",
        [value("i", *number), value("again", *true_or_false), value("v", *table)],
        [value("on", *true_or_false), value("w", *table)],
    )
    nodes = [
        helper.make_node("ReduceMax", ["X"], ["most"], keepdims=0),
        helper.make_node("Greater", ["most", "over"], ["goes_on"]),
        helper.make_node("Loop", ["trips", "goes_on", "X"], ["variable"], body=body),
    ]
    constants = [helper.make_tensor("over", TensorProto.FLOAT, [], [over]), helper.make_tensor("trips", TensorProto.INT64, [], [trips])]
    graph = helper.make_graph(nodes, "endless", [value("X", *table)], [value("variable", *table)], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


def serve(folder, *options):
    running = Server(folder / "data", *options).start()
    running.add_people()
    return running


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    running = serve(tmp_path_factory.mktemp("endless"), "--run-limit", "1", "--workers", "4")
    running.make_live("other", constant(1.0), path="model.onnx")
    yield running
    began = time.monotonic()
    assert running.stop() == 0, running.log_tail()
    assert time.monotonic() - began < 10


def test_what_never_ends_is_refused_when_it_is_registered(limited):
    """More of them than there are threads for registrations."""
    content = endless(-1000.0)
    digest = limited.put_blob("dana", content)
    files = [{"path": "model.onnx", "size": len(content), "digest": digest}]

    def register(number):
        return limited.api("dana", "POST", f"/models/endless-{number}/versions", {"files": files})

    began = time.monotonic()
    answers = in_threads(6, register)
    assert time.monotonic() - began < 20
    for answer in answers:
        assert answer.status == 422, answer.body
        assert answer.json["code"] == "unsupported_model", answer.json
        assert "did not answer within 1 second" in answer.json["detail"], answer.json
    limited.make_live("next", constant(2.0), path="model.onnx")
    assert Caller(limited).versions("next", 3) == {1: 3}


def test_a_request_that_would_run_for_ever_is_stopped(limited):
    limited.make_live("sometimes", endless(100.0), path="model.onnx")
    caller = Caller(limited)
    began = time.monotonic()
    status, version, document = caller.infer("sometimes", [[1000.0, 0.0]])
    assert (status, version) == (503, 1) and "was stopped" in document["error"], document
    assert 1 <= time.monotonic() - began < 5
    assert caller.versions("sometimes", 3) == {1: 3}
    assert caller.versions("other", 3) == {1: 3}


def test_slow_requests_hold_no_other_model_up(limited):
    """More of them than there are threads for models."""
    limited.make_live("slow", endless(100.0), path="model.onnx")
    limited.make_live("brief", endless(100.0), path="model.onnx")
    threads = [threading.Thread(target=Caller(limited).infer, args=("slow", [[1000.0, 0.0]])) for _ in range(12)]
    for thread in threads:
        thread.start()
    wait_for(lambda: waiting(limited) > 2)
    caller = Caller(limited)
    for _ in range(10):
        began = time.monotonic()
        assert caller.versions("brief", 1) == {1: 1}
        assert time.monotonic() - began < 0.7, "less than one of the slow ones"
    assert waiting(limited) > 2, "they were slow enough to show something"
    for thread in threads:
        thread.join()


def waiting(server):
    text = request(server.url, "GET", "/metrics").body.decode()
    [line] = [line for line in text.splitlines() if line.startswith('baton_worker_queue_length{pool="models"}')]
    return int(line.rsplit(" ", 1)[1])


def test_a_slow_load_holds_no_other_promotion_up(fresh):
    slow = fresh.hand_over(fresh.register("slow", endless(-1000.0, trips=1_000_000), path="model.onnx", report=REPORT))
    quick = [fresh.hand_over(fresh.register("quick", constant(value), path="model.onnx", report=REPORT)) for value in (1.0, 2.0)]
    fresh.promote(slow, wait=False)
    for number, handed_over in enumerate(quick, 1):
        assert fresh.promote(handed_over)["serving"] == "ready"
        assert Caller(fresh).versions("quick", 2) == {number: 2}
    [state] = [slot["serving"] for slot in fresh.call("vic", "GET", "/live")["slots"] if slot["model"] == "slow"]
    assert state == "loading", "it was slow enough to show something"


def test_a_server_that_stops_waits_for_no_run(tmp_path):
    """Neither for those that run nor for those that wait behind them."""
    running = serve(tmp_path, "--run-limit", "3600", "--workers", "2", "--management-listen", "127.0.0.1:0")
    running.make_live("m", endless(100.0), path="model.onnx")
    threads = [threading.Thread(target=ask_in_vain, args=(running,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    wait_for(lambda: b'baton_worker_queue_length{pool="models"} 7' in request(running.management, "GET", "/metrics").body)
    assert running.stop() == 0, running.log_tail()
    for thread in threads:
        thread.join()


def ask_in_vain(server):
    with pytest.raises((OSError, http.client.HTTPException, AssertionError)):
        Caller(server).version("m", rows=[[1000.0, 0.0]])
