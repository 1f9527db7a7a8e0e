"""Versions are swapped under load: no request fails, and each answer comes from a version that was live."""

from __future__ import annotations

import threading
import time

import baton
from harness import REPORT
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
    broken = server.api("dana", "PUT", "/blobs/sha256:" + "0" * 64, body=b"not that")
    assert broken.status == 422, "bytes that do not match their digest never become a version"
    assert server.client("vic").predict(name, [[1, 2]])["variable"] == [[1.0]]


def test_the_live_set_is_served_again_after_a_restart(fresh):
    fresh.make_live("m", constant(7.0), path="model.onnx")
    fresh.stop()
    fresh.start()
    client = fresh.client("vic")
    client.wait_until_live("m", 1, timeout=20)
    assert client.predict("m", [[1, 2]])["variable"] == [[7.0]]
