"""Metrics, logs and kept payloads of a running server."""

import json
import re
import subprocess
import time

import pytest

from harness import BINARY, Server, in_threads, request, wait_for
from models import constant
from rollout import candidate, end, set_rules


def samples(text):
    """Every sample of a Prometheus page by its name and labels; fails on what the format does not allow."""
    found, families = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in families, f"{name} is there twice"
            families[name] = kind
        elif not line.startswith("#"):
            match = re.fullmatch(r'([a-z_:][a-z0-9_:]*)(\{[^}]*\})? (\S+)', line)
            assert match, line
            family = re.sub(r"_(bucket|sum|count)$", "", match[1])
            assert match[1] in families or families.get(family) == "histogram", f"{match[1]} has no family"
            key = match[1] + (match[2] or "")
            assert key not in found, f"{key} is there twice"
            found[key] = float(match[3])
    return found


@pytest.fixture
def served(tmp_path):
    """A server of its own, with one live model that answers 1, keeping its payloads."""
    server = Server(tmp_path / "data", "--payload-log", "3").start()
    server.add_people()
    server.make_live("one", constant(1.0), path="model.onnx")
    yield server
    if server.process:
        server.kill()


def infer(server, rows, **more):
    body = {"inputs": [{"name": "X", "shape": [len(rows), len(rows[0])], "datatype": "FP32", "data": rows}]}
    return request(server.url, "POST", "/v2/models/one/infer", token=server.tokens["vic"], document=body, **more)


def test_metrics_count_what_happened(served):
    for _ in range(5):
        assert infer(served, [[1.0, 2.0]]).status == 200
    assert infer(served, [[1.0, 2.0]] * 20).status == 200
    assert infer(served, [[1.0, 2.0, 3.0]]).status == 400
    page = request(served.url, "GET", "/metrics")
    assert page.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = samples(page.body.decode())
    one = 'model="one",version="1"'
    assert found[f"baton_inference_requests_total{{{one}}}"] == 7
    assert found[f"baton_inference_rows_total{{{one}}}"] == 25
    assert found[f'baton_inference_failures_total{{{one},code="invalid_argument"}}'] == 1
    assert found[f"baton_inference_duration_seconds_count{{{one}}}"] == 7
    assert found[f"baton_inference_engine_seconds_count{{{one}}}"] == 6
    assert found[f'baton_inference_batch_rows_bucket{{{one},le="1"}}'] == 5
    assert found[f'baton_inference_batch_rows_bucket{{{one},le="+Inf"}}'] == 6
    assert found[f"baton_version_loaded_timestamp_seconds{{{one}}}"] == pytest.approx(time.time(), abs=120)
    assert found[f"nv_inference_request_success{{{one}}}"] == 6
    assert found[f'nv_inference_request_failure{{{one},reason="OTHER"}}'] == 1
    assert found[f"nv_inference_count{{{one}}}"] == 25
    wait_for(lambda: samples(request(served.url, "GET", "/metrics").body.decode())["baton_live_revision"] == 1)
    buckets = [value for key, value in found.items() if key.startswith("baton_inference_duration_seconds_bucket")]
    assert buckets == sorted(buckets) and buckets[-1] == 7


def test_the_log_names_requests_traces_and_slots(served):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = infer(served, [[1.0, 2.0]], headers={"X-Request-Id": "r-1", "traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    assert answer.headers["x-request-id"] == "r-1"
    made = request(served.url, "GET", "/api/v1/models", token=served.tokens["vic"], headers={"X-Request-Id": "not sane!"})
    assert served.stop() == 0
    lines = [json.loads(line)["message"] for line in served.log.read_text().splitlines()]
    requests = {line["request_id"]: line for line in lines if line["event"] == "request"}
    assert requests["r-1"]["trace_id"] == trace and requests["r-1"]["status"] == 200
    assert requests[made.headers["x-request-id"]]["target"] == "/api/v1/models"
    assert "not sane!" not in requests
    events = [line["event"] for line in lines]
    assert events.index("listening") < events.index("slot_ready") and events[-2:] == ["draining", "stopped"]
    assert {"event": "slot_ready", "model": "one", "version": 1}.items() <= next(
        line for line in lines if line["event"] == "slot_ready"
    ).items()


def test_the_log_tells_of_every_rollout_of_a_version(served):
    candidate(served, "one", constant(2.0))
    for _ in range(2):
        set_rules(served, "one", canary={"version": 2, "percent": 10})
        end(served, "one", "abort")
    assert served.stop() == 0
    lines = [json.loads(line)["message"] for line in served.log.read_text().splitlines()]
    ready = [line["role"] for line in lines if line["event"] == "slot_ready"]
    assert ready == ["live", "canary", "canary"]


def test_payloads_are_kept_for_deployers_alone(served):
    for number in range(5):
        infer(served, [[1.0, float(number)]], headers={"X-Request-Id": f"p-{number}"})

    def ask(who, **query):
        return request(served.url, "GET", "/api/v1/models/one/payloads", token=served.tokens[who], query=query)

    kept = ask("drew").json
    assert [payload["request_id"] for payload in kept["payloads"]] == ["p-4", "p-3", "p-2"] and kept["dropped"] == 0
    assert json.loads(kept["payloads"][0]["request"])["inputs"][0]["data"] == [[1.0, 4.0]]
    assert json.loads(kept["payloads"][0]["response"])["model_version"] == "1"
    assert len(ask("drew", limit=1).json["payloads"]) == 1
    assert ask("drew", limit=0).status == 400
    assert ask("vic").status == 403


def test_failed_requests_are_kept_too(served):
    infer(served, [[1.0, 2.0, 3.0]])
    infer(served, [[1.0, 2.0]])
    kept = request(served.url, "GET", "/api/v1/models/one/payloads", token=served.tokens["drew"]).json["payloads"]
    assert [payload["status"] for payload in kept] == [200, 400]
    assert json.loads(kept[1]["request"])["inputs"][0]["data"] == [[1.0, 2.0, 3.0]]
    assert json.loads(kept[1]["response"])["error"]
    unknown = request(served.url, "GET", "/api/v1/models/another/payloads", token=served.tokens["drew"])
    assert (unknown.status, unknown.json["code"]) == (404, "not_found")


def test_without_the_option_nothing_is_kept(server, name):
    answer = request(server.url, "GET", f"/api/v1/models/{name}/payloads", token=server.tokens["drew"])
    assert answer.status == 412 or answer.json["code"] == "failed_precondition"
    assert "--payload-log" in answer.json["hint"]


@pytest.mark.parametrize(
    "options",
    [
        ("--workers", "0"), ("--loops", "-1"), ("--environment", "Bad Env"), ("--payload-sample", "0"),
        ("--payload-log", "4097"),
    ],
)
def test_options_that_cannot_work_are_refused(tmp_path, options):
    run = subprocess.run(
        [BINARY, "serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0", *options],
        capture_output=True, text=True, timeout=60,
    )
    assert run.returncode not in (0, -6) and options[0].lstrip("-").split("-")[0] in run.stderr.lower()


def test_memory_of_a_burst_is_given_back(tmp_path):
    """Nor do kept payloads hold more than what is kept of them."""
    psutil = pytest.importorskip("psutil")
    served = Server(tmp_path / "data", "--payload-log", "1000").start()
    served.add_people()
    served.make_live("one", constant(1.0), path="model.onnx")
    process = psutil.Process(served.process.pid)
    count = 300_000
    data = ",".join(["0.12345678"] * (2 * count))
    large = f'{{"inputs":[{{"name":"X","shape":[{count},2],"datatype":"FP32","data":[{data}]}}]}}'.encode()

    def send(_):
        headers = {"Content-Type": "application/json"}
        path = "/v2/models/one/infer"
        return request(served.url, "POST", path, token=served.tokens["vic"], body=large, headers=headers).status

    assert infer(served, [[1.0, 2.0]]).status == 200
    before = process.memory_info().rss
    for _ in range(3):
        assert set(in_threads(16, send)) == {200}
    wait_for(lambda: process.memory_info().rss - before < 150 << 20)
    served.kill()
