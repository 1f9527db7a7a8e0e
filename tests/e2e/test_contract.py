"""What every client of the API may rely on: idempotency, entity tags, ranges, pages, errors, the long poll."""

from __future__ import annotations

import gzip
import hashlib
import json
import socket
import subprocess
import threading
import time

import pytest

from harness import BINARY, REPORT, request


# Idempotency


def test_the_same_key_and_body_get_the_same_answer_again(server, name):
    headers = {"Idempotency-Key": f"key-{name}"}
    first = server.api("dana", "POST", "/models", {"name": name}, headers=headers)
    again = server.api("dana", "POST", "/models", {"name": name}, headers=headers)
    assert (first.status, again.status) == (201, 201) and first.body == again.body
    assert "idempotency-replayed" not in first.headers and again.headers["idempotency-replayed"] == "true"


def test_the_same_key_with_another_body_is_a_conflict(server, name):
    headers = {"Idempotency-Key": f"key-{name}"}
    server.call("dana", "POST", "/models", {"name": name}, expect=201, headers=headers)
    answer = server.api("dana", "POST", "/models", {"name": name + "-other"}, headers=headers)
    assert answer.status == 409 and "idempotency key" in answer.json["detail"]
    assert server.api("vic", "GET", f"/models/{name}-other").status == 404


def test_keys_of_different_people_are_different(server, name):
    headers = {"Idempotency-Key": f"key-{name}"}
    server.call("dana", "POST", "/models", {"name": name}, expect=201, headers=headers)
    server.call("sam", "POST", "/models", {"name": name + "-sam"}, expect=201, headers=headers)


def test_a_replayed_promotion_promotes_once(server, name):
    granted = server.hand_over(server.register(name, b"1", report=REPORT))
    headers = {"Idempotency-Key": f"key-{name}"}
    slots = [server.call("drew", "POST", f"/requests/{granted['id']}/promotion", {}, headers=headers) for _ in range(3)]
    assert len({slot["revision"] for slot in slots}) == 1
    history = server.call("vic", "GET", f"/models/{name}/slots")
    assert len(history["current"]) == 1 and history["past"] == []


# Entity tags and conditional requests


def test_two_people_cannot_overwrite_each_other(server, name):
    server.call("dana", "POST", "/models", {"name": name}, expect=201)
    tag = server.api("dana", "GET", f"/models/{name}").headers["etag"]
    assert server.api("dana", "PATCH", f"/models/{name}", {"description": "mine"}, headers={"If-Match": tag}).status == 200
    late = server.api("sam", "PATCH", f"/models/{name}", {"description": "theirs"}, headers={"If-Match": tag})
    assert late.status == 412 and late.json["code"] == "aborted"
    newer = server.api("dana", "GET", f"/models/{name}")
    assert newer.json["description"] == "mine" and newer.headers["etag"] != tag
    assert server.api("sam", "PATCH", f"/models/{name}", {"tags": {"a": "b"}}, headers={"If-Match": newer.headers["etag"]}).status == 200
    assert server.call("vic", "GET", f"/models/{name}")["tags"] == {"a": "b"}


def test_the_manifest_is_named_by_its_digest(server, name):
    version = server.register(name, b"content")
    answer = server.api("vic", "GET", f"/models/{name}/versions/1/manifest")
    assert answer.headers["etag"] == f'"{version["digest"]}"'
    assert "sha256:" + hashlib.sha256(answer.body).hexdigest() == version["digest"]
    unchanged = server.api("vic", "GET", f"/models/{name}/versions/1/manifest", headers={"If-None-Match": answer.headers["etag"]})
    assert unchanged.status == 304 and unchanged.body == b""


def test_live_files_follow_what_is_live(server, name):
    for content in (b"first content", b"second content"):
        version = server.make_live(name, content)
        manifest = server.api("vic", "GET", f"/models/{name}/live")
        assert manifest.headers["etag"] == f'"{version["digest"]}"'
        assert server.api("vic", "GET", f"/models/{name}/live/files/weights.txt").body == content
    tag = manifest.headers["etag"]
    assert server.api("vic", "GET", f"/models/{name}/live", headers={"If-None-Match": tag}).status == 304
    assert server.api("vic", "GET", f"/models/{name}/live", query={"environment": "staging"}).status in (404, 503)


@pytest.mark.parametrize(
    "asked, status, expected, content_range",
    [
        (None, 200, b"0123456789", None),
        ("bytes=0-", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-100", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=10-", 416, None, "bytes */10"),
        ("lines=1-2", 200, b"0123456789", None),
    ],
)
def test_ranges(server, asked, status, expected, content_range):
    if server.api("vic", "GET", "/models/ranges").status == 404:
        server.register("ranges", b"0123456789")
    headers = {"Range": asked} if asked else {}
    answer = server.api("vic", "GET", "/models/ranges/versions/1/files/weights.txt", headers=headers)
    assert answer.status == status and answer.headers.get("content-range") == content_range
    if expected is not None:
        assert answer.body == expected and answer.headers["accept-ranges"] == "bytes"
        assert int(answer.headers["content-length"]) == len(expected)
    if status == 200:
        assert answer.headers["etag"] == '"sha256:' + hashlib.sha256(b"0123456789").hexdigest() + '"'
        assert answer.headers["repr-digest"].startswith("sha-256=:")


def test_head_has_the_headers_and_no_body(server, name):
    server.register(name, b"0123456789")
    path = f"/models/{name}/versions/1/files/weights.txt"
    head, get = server.api("vic", "HEAD", path), server.api("vic", "GET", path)
    assert head.status == 200 and head.body == b""
    assert head.headers["content-length"] == "10" and head.headers["etag"] == get.headers["etag"]


# The live feed


def test_the_long_poll_wakes_when_something_goes_live(server, name):
    ready = server.hand_over(server.register(name, b"x", report=REPORT))
    before = server.call("vic", "GET", "/live")["revision"]
    woken = {}

    def wait():
        woken["answer"] = server.call("vic", "GET", "/live", query={"since": before, "wait": 30})
        woken["at"] = time.monotonic()

    waiter = threading.Thread(target=wait)
    waiter.start()
    promoted_at = time.monotonic()
    slot = server.promote(ready, wait=False)
    waiter.join(timeout=40)
    assert not waiter.is_alive() and woken["answer"]["revision"] >= slot["revision"] > before
    assert woken["at"] - promoted_at < 15, "woken, not timed out"
    assert name in {item["model"] for item in woken["answer"]["slots"]}


def test_the_long_poll_ends_without_news(server):
    now = server.api("vic", "GET", "/live")
    began = time.monotonic()
    answer = server.call("vic", "GET", "/live", query={"since": now.json["revision"], "wait": 1})
    assert time.monotonic() - began >= 0.9 and answer["revision"] == now.json["revision"]
    assert now.headers["etag"].strip('"') == str(now.json["revision"])
    again = server.api("vic", "GET", "/live", headers={"If-None-Match": now.headers["etag"]})
    assert again.status == 200, "what serves changes without the revision"


def test_news_that_is_there_is_answered_at_once(server, name):
    server.make_live(name, b"x")
    began = time.monotonic()
    server.call("vic", "GET", "/live", query={"since": 0, "wait": 30})
    assert time.monotonic() - began < 10


# Lists


def pages(server, path, **query):
    items, sizes = [], []
    while True:
        page = server.call("vic", "GET", path, query=query)
        items += page["items"]
        sizes.append(len(page["items"]))
        if "next_page_token" not in page:
            return items, sizes
        query["page_token"] = page["next_page_token"]


def test_lists_come_in_pages_and_in_order(server, name):
    for number in range(7):
        server.register(name, str(number).encode(), tags={"parity": "even" if number % 2 == 0 else "odd"})
    items, sizes = pages(server, f"/models/{name}/versions", page_size=3, order_by="created_at desc")
    assert [item["version"] for item in items] == [7, 6, 5, 4, 3, 2, 1] and sizes == [3, 3, 1]
    items, _ = pages(server, f"/models/{name}/versions", page_size=2, order_by="created_at")
    assert [item["version"] for item in items] == [1, 2, 3, 4, 5, 6, 7]
    items, _ = pages(server, "/versions", page_size=2, filter=f"model = '{name}' AND tags.parity = 'odd'")
    assert {item["version"] for item in items} == {2, 4, 6}


def test_a_page_token_belongs_to_its_question(server, name):
    for number in range(3):
        server.register(name, str(number).encode())
    token = server.call("vic", "GET", f"/models/{name}/versions", query={"page_size": 1})["next_page_token"]
    answer = server.api("vic", "GET", f"/models/{name}/versions", query={"page_size": 1, "page_token": token, "filter": "stage = 'live'"})
    assert answer.status == 400
    assert server.api("vic", "GET", f"/models/{name}/versions", query={"page_token": "made-up"}).status == 400


def test_an_unknown_query_parameter_is_refused_and_the_known_ones_are_named(server):
    problem = server.call("vic", "GET", "/requests", query={"state": "open"}, expect=400)
    assert problem["code"] == "invalid_argument" and '"state"' in problem["detail"] and "filter" in problem["hint"]
    for path in ("/models?bogus=1", "/live?sinse=3", "/whoami?x", "/openapi.json?version=1", "/models?filter=%zz"):
        assert server.api("vic", "GET", path).status == 400, path


@pytest.mark.parametrize("size", ["0", "1001", "-1", "many", ""])
def test_page_sizes_have_limits(server, size):
    assert server.api("vic", "GET", "/models", query={"page_size": size}).status == 400


def test_search_by_metric_stage_and_name(server, name):
    for number, value in ((1, 0.7), (2, 0.9), (3, 0.95)):
        server.register(name, str(number).encode(), report={**REPORT, "metrics": {"roc_auc": value}})
    found, _ = pages(server, "/versions", filter=f"model LIKE '{name}%' AND metrics.roc_auc >= 0.9")
    assert {item["version"] for item in found} == {2, 3}
    found, _ = pages(server, "/versions", filter=f"model IN ('{name}') AND stage = 'staged' AND metrics.roc_auc < 0.8")
    assert {item["version"] for item in found} == {1}
    models, _ = pages(server, "/models", filter=f"name ILIKE '{name.upper()}'")
    assert [model["name"] for model in models] == [name]


@pytest.mark.parametrize(
    "text", ["name =", "name ~ 'x'", "stage = 'live' OR name = 'x'", "'a' = 'a", "metrics.x >= high", "DROP TABLE models"]
)
def test_a_filter_that_cannot_be_read_says_where(server, text):
    answer = server.api("vic", "GET", "/versions", query={"filter": text})
    assert answer.status == 400 and answer.json["code"] == "invalid_argument"
    assert any(character.isdigit() for character in answer.json["detail"] + str(answer.json.get("errors", "")))


# Errors and limits


def test_a_compressed_body_is_refused_by_name(server, name):
    compressed = gzip.compress(json.dumps({"name": name}).encode())
    answer = server.api("dana", "POST", "/models", body=compressed, headers={"Content-Encoding": "gzip"})
    assert answer.status == 400 and "Content-Encoding" in answer.json["detail"] and answer.json["hint"]
    digest = "sha256:" + hashlib.sha256(compressed).hexdigest()
    answer = server.api("dana", "PUT", f"/blobs/{digest}", body=compressed, headers={"Content-Encoding": "gzip"})
    assert answer.status == 400 and "Content-Encoding" in answer.json["detail"]
    assert server.api("dana", "POST", "/models", {"name": name}, headers={"Content-Encoding": "identity"}).status == 201


@pytest.mark.parametrize(
    "document, says",
    [
        ({"name": "ok", "surprise": 1}, "surprise"),
        ({}, "name"),
        ({"name": 7}, "name"),
        ({"name": "../etc"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 300}, "name"),
        ([], ""),
    ],
)
def test_wrong_fields_are_named(server, document, says):
    answer = server.api("dana", "POST", "/models", document)
    assert answer.status == 400 and answer.json["code"] == "invalid_argument"
    assert says in answer.json["detail"] + str(answer.json.get("errors", ""))


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"name":"a","name":"b"}', b"{} {}", b"\xff\xfe", b'{"name":"a"}x', b'{"name":NaN}', b"[" * 10_000]
)
def test_bodies_that_are_no_json_are_refused(server, body):
    answer = server.api("dana", "POST", "/models", body=body, headers={"Content-Type": "application/json"})
    assert answer.status == 400 and answer.json["code"] == "invalid_argument"


@pytest.mark.parametrize("path", ["/nowhere", "/models/none", "/models/none/versions/1", "/requests/999999", "/models/none/slots"])
def test_what_is_not_there_is_404_in_our_shape(server, path):
    answer = server.api("vic", "GET", path)
    assert answer.status == 404 and answer.json["code"] == "not_found"
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_request_ids_are_kept_when_sane(server, name):
    answer = server.api("dana", "POST", "/models", {"name": name}, headers={"X-Request-Id": f"trace-{name}"})
    assert answer.headers["x-request-id"] == f"trace-{name}"
    entries = server.call("admin", "GET", "/audit", query={"page_size": 1000})["items"]
    assert any(entry["request_id"] == f"trace-{name}" for entry in entries)
    odd = server.api("vic", "GET", "/whoami", headers={"X-Request-Id": "x" * 5000 + "<script>"})
    assert "<" not in odd.headers.get("x-request-id", "")


def test_health_and_version_are_open(server):
    assert request(server.url, "GET", "/healthz").status == 200
    assert request(server.url, "GET", "/readyz").status == 200
    metrics = request(server.url, "GET", "/metrics")
    assert metrics.status == 200 and b"# TYPE" in metrics.body
    assert server.call(None, "GET", "/version")["version"]


def test_a_password_may_be_a_token(server):
    import base64

    basic = base64.b64encode(f"anything:{server.tokens['vic']}".encode()).decode()
    assert server.call(None, "GET", "/whoami", headers={"Authorization": f"Basic {basic}"})["user"] == "vic"


def test_a_start_that_fails_does_not_use_up_the_admin_token(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [BINARY, "serve", "--data", str(tmp_path / "data"), "--listen"]
        failed = subprocess.run([*command, f"127.0.0.1:{taken.getsockname()[1]}"], capture_output=True, text=True, timeout=30)
    assert failed.returncode != 0 and "admin token" not in failed.stdout
    with subprocess.Popen([*command, "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as second:
        assert second.stdout.readline().startswith("admin token: btp_")
        second.terminate()
