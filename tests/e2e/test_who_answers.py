"""Which version answers, and who is told: at the start, when the live version cannot be loaded, after a retirement."""

from __future__ import annotations

import threading

from harness import Server, request, wait_for
from models import constant
from rollout import Caller, slow_model
from test_rollout import spoil

MODELS = [f"m-{number}" for number in range(6)]


def ready(server: Server, path: str) -> int:
    return request(server.url, "GET", path).status


def slot_of(server: Server, model: str):
    [slot] = [slot for slot in server.call("vic", "GET", "/live")["slots"] if slot["model"] == model]
    return slot


def test_a_server_is_ready_once_all_that_was_live_is_loaded(fresh):
    for model in MODELS:
        fresh.make_live(model, slow_model(2, size=1500), path="model.onnx")
    assert fresh.stop() == 0
    fresh.start()
    first = [ready(fresh, path) for path in ("/readyz", "/v2/health/ready")]
    answer = request(fresh.url, "GET", "/readyz")
    if answer.status == 503:
        assert answer.json["status"] == "loading" and answer.json["loading"] > 0, answer.json
    wait_for(lambda: ready(fresh, "/v2/health/ready") == 200)
    assert [ready(fresh, f"/v2/models/{model}/ready") for model in MODELS] == [401] * len(MODELS)
    token = fresh.tokens["vic"]
    states = [request(fresh.url, "GET", f"/v2/models/{model}/ready", token=token).status for model in MODELS]
    assert states == [200] * len(MODELS)
    assert first == [503, 503], "they take longer to load than to ask"
    assert request(fresh.url, "GET", "/readyz").json == {"status": "ready", "slots": 6, "loading": 0, "failed": 0}


def test_loading_another_version_does_not_make_a_server_unready(fresh):
    fresh.make_live("m", constant(1.0), path="model.onnx")
    seen, stopped = set(), threading.Event()

    def watch():
        while not stopped.is_set():
            seen.add((ready(fresh, "/readyz"), ready(fresh, "/v2/health/ready")))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        fresh.make_live("m", slow_model(2, size=1500), path="model.onnx")
        broken = fresh.register("m", constant(3.0), path="model.onnx", report={"metrics": {"r2_score": 0.5}})
        asked = fresh.hand_over(broken)
        spoil(fresh, broken)
        assert fresh.promote(asked)["serving"] == "failed"
    finally:
        stopped.set()
        watcher.join()
    assert seen == {(200, 200)}


def test_the_version_before_answers_in_place_of_one_that_cannot_be_loaded(fresh):
    fresh.make_live("m", constant(1.0), path="model.onnx")
    broken = fresh.register("m", constant(2.0), path="model.onnx", report={"metrics": {"r2_score": 0.5}})
    asked = fresh.hand_over(broken)
    spoil(fresh, broken)
    slot = fresh.promote(asked)
    assert (slot["version"], slot["serving"], slot["serving_version"]) == (2, "failed", 1)
    for _ in range(2):
        assert Caller(fresh).version("m") == 1
        slot = slot_of(fresh, "m")
        assert (slot["version"], slot["serving"], slot["serving_version"]) == (2, "failed", 1)
        label = request(fresh.url, "POST", "/v1/models/m/labels/production:predict", document={"instances": [[1.0, 2.0]]}, token=fresh.tokens["vic"])
        assert label.status == 200, label.body
        live = fresh.call("vic", "GET", "/models/m/traffic")["live"]
        assert (live["version"], live["serving_version"]) == (2, 1)
        for verb in ("live", "traffic"):
            assert "m/1 answers" in fresh.cli("vic", verb, "m").stdout
        # The same after a restart, when version 1 is loaded for this alone.
        assert fresh.stop() == 0
        fresh.start()
        wait_for(lambda: ready(fresh, "/readyz") == 200)


def test_where_nothing_answers_that_is_said(fresh):
    only = fresh.make_live("m", constant(1.0), path="model.onnx")
    assert slot_of(fresh, "m")["serving_version"] == 1
    assert fresh.stop() == 0
    spoil(fresh, only)
    fresh.start()
    wait_for(lambda: ready(fresh, "/readyz") == 200)
    slot = slot_of(fresh, "m")
    assert (slot["serving"], slot["serving_version"]) == ("failed", None)
    assert "nothing answers" in fresh.cli("vic", "live", "m").stdout


def test_a_retired_version_is_not_kept_warm(server, name):
    server.make_live(name, constant(1.0), path="model.onnx")
    server.make_live(name, constant(2.0), path="model.onnx")
    assert Caller(server).version(f"{name}/versions/1") == 1
    server.call("drew", "POST", f"/models/{name}/versions/1/retirement", {"reason": "biased"})
    wait_for(lambda: Caller(server).infer(f"{name}/versions/1")[0] == 404)
    assert "is kept warm" not in server.cli("vic", "live", name).stdout
    assert Caller(server).version(name) == 2


def test_what_was_rolled_back_from_is_not_kept_warm(server, name):
    for value in (1.0, 2.0, 3.0):
        server.make_live(name, constant(value), path="model.onnx")
    server.call("drew", "POST", f"/models/{name}/rollback", {"reason": "worse"}, query={"wait": "ready"})
    assert Caller(server).version(name) == 2
    assert Caller(server).infer(f"{name}/versions/3")[0] == 404
    assert "is kept warm" not in server.cli("vic", "live", name).stdout
    refused = server.api("drew", "POST", f"/models/{name}/rollback", {"to": 3, "reason": "no"})
    assert [one["requirement"] for one in refused.json["missing"]] == ["not_rolled_back_from"]
