"""Versions are swapped under load: no request fails, and each answer comes from a version that was live."""

from __future__ import annotations

import threading
import time

import pytest

import baton
from harness import REPORT, request
from models import constant

CHANGES = 100
LOADERS = 4


def test_a_hundred_promotions_and_rollbacks_under_load(server, name):
    versions = [server.register(name, constant(float(number)), path="model.onnx", report=REPORT) for number in range(1, 4)]
    timeline = []  # (when it could begin to answer, when it was known to, version)

    def change(work):
        began = time.monotonic()
        slot = work()
        assert slot["serving"] == "ready", slot
        timeline.append((began, time.monotonic(), slot["version"]))

    change(lambda: server.promote(server.hand_over(versions[0])))
    stopped = threading.Event()
    answers, failures = [], []

    def load():
        with baton.Client(server.url, server.tokens["vic"], attempts=1) as client:
            while not stopped.is_set():
                sent = time.monotonic()
                try:
                    prediction = client.predict(name, [[0.5, 0.5]])
                except Exception as error:
                    failures.append(error)
                    continue
                value = float(prediction["variable"][0][0])
                answers.append((sent, time.monotonic(), int(prediction.version), value))

    threads = [threading.Thread(target=load) for _ in range(LOADERS)]
    for thread in threads:
        thread.start()
    try:
        for step in range(CHANGES // 2):
            upcoming = versions[1 + step % 2]
            request = server.hand_over(upcoming)
            change(lambda request=request: server.promote(request))
            rollback = {"reason": f"step {step}"}
            change(lambda rollback=rollback: server.call("drew", "POST", f"/models/{name}/rollback", rollback, query={"wait": "ready"}))
    finally:
        stopped.set()
        for thread in threads:
            thread.join()

    assert failures == []
    assert len(timeline) == CHANGES + 1
    assert {version for _, _, version, _ in answers} == {1, 2, 3}, "every version has answered"
    for sent, received, version, value in answers:
        assert value == version, "the answer and the version that it names belong together"
        assert was_live(timeline, version, sent, received), f"version {version} answered while it was not live"


def was_live(timeline, version, sent, received):
    """Whether the version was, or may have been, live at some moment between sending and receiving."""
    for index, (began, _, live) in enumerate(timeline):
        until = timeline[index + 1][1] if index + 1 < len(timeline) else float("inf")
        if live == version and began <= received and sent <= until:
            return True
    return False


def test_a_version_that_cannot_be_loaded_leaves_the_old_one_serving(server, name):
    server.make_live(name, constant(1.0), path="model.onnx")
    damaged = server.register(name, constant(2.0), path="model.onnx", report=REPORT)
    spoil(server, damaged["files"][0]["digest"])

    slot = server.promote(server.hand_over(damaged))
    assert (slot["version"], slot["serving"]) == (2, "failed"), slot
    assert "have changed" in slot["message"]
    [listed] = [one for one in server.call("vic", "GET", "/live")["slots"] if one["model"] == name]
    assert (listed["version"], listed["serving"], listed["message"]) == (2, "failed", slot["message"])
    shown = server.cli("vic", "live", name).stdout
    assert "failed" in shown and slot["message"] in shown
    assert serving_metric(server, name) == 0
    answer = server.client("vic").predict(name, [[1, 2]])
    assert (answer.version, answer["variable"]) == ("1", [[1.0]])

    good = server.register(name, constant(3.0), path="model.onnx", report=REPORT)
    slot = server.promote(server.hand_over(good))
    assert (slot["version"], slot["serving"], slot["message"]) == (3, "ready", "")
    assert serving_metric(server, name) == 1
    answer = server.client("vic").predict(name, [[1, 2]])
    assert (answer.version, answer["variable"]) == ("3", [[3.0]])


def test_whoever_waits_is_told_that_a_version_cannot_be_loaded(server, name):
    server.make_live(name, constant(1.0), path="model.onnx")
    damaged = server.register(name, constant(2.0), path="model.onnx", report=REPORT)
    request_id = server.hand_over(damaged)["id"]
    spoil(server, damaged["files"][0]["digest"])
    tried = server.cli("drew", "canary", f"{name}/2", "--percent", "5", "--wait", ok=False)
    assert tried.returncode == 7 and "have changed" in tried.stderr
    promoted = server.cli("drew", "promote", request_id, "--wait", ok=False)
    assert promoted.returncode == 7 and f"error: {name}/2 could not be loaded: " in promoted.stderr
    back = server.cli("drew", "rollback", name, "--reason", "damaged", "--wait").stdout
    assert back == f"{name}/1 is live in production (ready)\n"
    with server.client("drew") as client, pytest.raises(baton.Conflict, match=f"{name}/2 .* cannot be served"):
        client.promote(server.hand_over(damaged)["id"])


def spoil(server, digest):
    """Turns one bit of a stored blob, as a failing disk might."""
    [path] = server.data.glob(f"**/blobs/sha256/*/{digest.removeprefix('sha256:')}")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)


def serving_metric(server, name):
    metrics = request(server.url, "GET", "/metrics").body.decode()
    [line] = [line for line in metrics.splitlines() if line.startswith("baton_slot_serving{") and f'model="{name}"' in line]
    return float(line.rsplit(" ", 1)[1])


def test_the_live_set_is_served_again_after_a_restart(fresh):
    fresh.make_live("m", constant(7.0), path="model.onnx")
    fresh.stop()
    fresh.start()
    client = fresh.client("vic")
    client.wait_until_live("m", 1, timeout=20)
    assert client.predict("m", [[1, 2]])["variable"] == [[7.0]]
