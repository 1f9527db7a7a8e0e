"""Requests that wait together share runs of the engine, and each gets what it would have got alone."""

from __future__ import annotations

import http.client
import json
import subprocess
from urllib.parse import urlsplit

import pytest

from harness import BINARY, Server, in_threads, request
from test_engines import FOREST, LINEAR, case_of, make_live, needs_runtime

CLIENTS = 8
REQUESTS = 25  # of each


@pytest.fixture
def batching(tmp_path):
    """Forests are run together; a worker waits a little, so that the test does not depend on how busy the machine is."""
    options = ("--batch", "forest*=64", "--batch-wait-us", "5000", "--payload-log", "1000", "--anonymous-inference")
    running = Server(tmp_path / "data", *options).start()
    running.add_people()
    yield running
    assert running.stop() == 0, running.log_tail()


def statistics(server, model):
    [found] = request(server.url, "GET", f"/v2/models/{model}/stats").json["model_stats"]
    return found


def metric(server, name, model):
    text = request(server.url, "GET", "/metrics").body.decode()
    [value] = [line.rsplit(" ", 1)[1] for line in text.splitlines() if line.startswith(f'{name}{{model="{model}"')]
    return float(value)


def ask(connection, model, name, rows):
    tensor = {"name": name, "shape": [len(rows), len(rows[0])], "datatype": "FP32", "data": rows}
    connection.request("POST", f"/v2/models/{model}/infer", json.dumps({"inputs": [tensor]}))
    answer = connection.getresponse()
    body = json.loads(answer.read())
    assert answer.status == 200, body
    return {output["name"]: output["data"] for output in body["outputs"]}


@needs_runtime
def test_many_clients_get_their_own_answers_from_fewer_runs(batching):
    make_live(batching, "forest", FOREST)
    case = case_of(FOREST)
    rows, labels, probabilities = case["rows"], case["expected"]["labels"], case["expected"]["probabilities"]
    netloc = urlsplit(batching.url).netloc
    [tensor] = request(batching.url, "GET", "/v2/models/forest").json["inputs"]

    def client(number):
        connection = http.client.HTTPConnection(netloc, timeout=60)
        for i in range(REQUESTS):
            begin = (number * REQUESTS + i) % len(rows)
            end = min(begin + 1 + i % 3, len(rows))
            outputs = ask(connection, "forest", tensor["name"], rows[begin:end])
            assert outputs["output_label"] == labels[begin:end]
            expected = [value for row in probabilities[begin:end] for value in row]
            assert outputs["output_probability"] == pytest.approx(expected, abs=1e-5)
        connection.close()

    in_threads(CLIENTS, client)
    found = statistics(batching, "forest")
    assert found["inference_stats"]["success"]["count"] == CLIENTS * REQUESTS
    assert found["execution_count"] < CLIENTS * REQUESTS / 2 < found["inference_count"]
    assert metric(batching, "nv_inference_exec_count", "forest") == found["execution_count"]
    assert metric(batching, "baton_inference_batch_rows_count", "forest") == found["execution_count"]
    assert metric(batching, "baton_inference_batch_rows_sum", "forest") == found["inference_count"]
    kept = batching.call("drew", "GET", "/models/forest/payloads", query={"limit": 200})
    assert len(kept["payloads"]) + kept["dropped"] == CLIENTS * REQUESTS, "one entry a request, not a run"
    config = request(batching.url, "GET", "/v2/models/forest/config").json
    assert config["dynamic_batching"] == {"preferred_batch_size": [64], "max_queue_delay_microseconds": 5000}


def test_other_models_run_each_request_by_itself(batching):
    make_live(batching, "linear", LINEAR)
    rows = case_of(LINEAR)["rows"]
    [tensor] = request(batching.url, "GET", "/v2/models/linear").json["inputs"]

    def client(_):
        connection = http.client.HTTPConnection(urlsplit(batching.url).netloc, timeout=60)
        for _ in range(5):
            ask(connection, "linear", tensor["name"], rows[:1])
        connection.close()

    in_threads(CLIENTS, client)
    assert statistics(batching, "linear")["execution_count"] == CLIENTS * 5
    assert "dynamic_batching" not in request(batching.url, "GET", "/v2/models/linear/config").json


@pytest.mark.parametrize("rule", ["forest", "=4", "forest=", "forest=1", "forest=65537", "forest=4x"])
def test_a_rule_without_sense_is_refused(tmp_path, rule):
    command = [str(BINARY), "serve", "--data", str(tmp_path / "data"), "--listen", "127.0.0.1:0", "--batch", rule]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 2 and "MODEL=ROWS" in refused.stderr
