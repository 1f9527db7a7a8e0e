"""Uploads, versions, reports, aliases, differences: what is registered and how it can be read again."""

from __future__ import annotations

import hashlib
import json
import os
import socket
from urllib.parse import urlsplit

import pytest

from harness import REPORT, wait_for


def digest_of(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def send_part(server, content, sent, headers=""):
    """A PUT whose connection breaks after ``sent`` bytes of the body."""
    place = urlsplit(server.url)
    with socket.create_connection((place.hostname, place.port)) as connection:
        head = f"PUT /api/v1/blobs/{digest_of(content)} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.tokens['dana']}\r\n"
        connection.sendall(f"{head}{headers}Content-Length: {len(content)}\r\n\r\n".encode() + content[:sent])
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1000)


def offset_of(server, content):
    answer = server.api("dana", "HEAD", f"/blobs/{digest_of(content)}")
    return int(answer.headers["upload-offset"]) if answer.status == 404 else None


def test_a_broken_upload_continues(server):
    content = os.urandom(3_000_000)
    send_part(server, content, 1_700_000)
    arrived = wait_for(lambda: offset_of(server, content))
    assert 0 < arrived <= 1_700_000
    rest = content[arrived:]
    headers = {"Content-Range": f"bytes {arrived}-{len(content) - 1}/{len(content)}"}
    assert server.api("dana", "PUT", f"/blobs/{digest_of(content)}", body=rest, headers=headers).status == 201
    assert server.api("dana", "HEAD", f"/blobs/{digest_of(content)}").status == 200
    server.register("resumed", content)
    assert server.api("vic", "GET", "/models/resumed/versions/latest/files/weights.txt").body == content


def test_a_part_that_does_not_fit_says_where_to_go_on(server):
    content = os.urandom(1_000_000)
    send_part(server, content, 500_000)
    arrived = wait_for(lambda: offset_of(server, content))
    start = arrived + 1
    headers = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
    answer = server.api("dana", "PUT", f"/blobs/{digest_of(content)}", body=content[start:], headers=headers)
    assert answer.status == 412 and str(arrived) in answer.json["detail"] + answer.json.get("hint", "")
    assert server.api("dana", "PUT", f"/blobs/{digest_of(content)}", body=content).status == 201, "or from the start"


def test_bytes_are_stored_once(server):
    content = os.urandom(1000)
    assert server.api("dana", "PUT", f"/blobs/{digest_of(content)}", body=content).status == 201
    assert server.api("dana", "PUT", f"/blobs/{digest_of(content)}", body=content).status == 200
    absent = digest_of(b"never sent")
    assert server.call("dana", "POST", "/blobs/missing", {"digests": [digest_of(content), absent]}) == {"missing": [absent]}


def test_bytes_that_do_not_match_are_not_stored(server):
    digest = digest_of(b"what was promised")
    answer = server.api("dana", "PUT", f"/blobs/{digest}", body=b"what was sent")
    assert answer.status == 422 and answer.json["code"] == "integrity"
    assert server.call("dana", "POST", "/blobs/missing", {"digests": [digest]}) == {"missing": [digest]}


def test_a_version_needs_its_bytes(server, name):
    absent = digest_of(b"nobody sent this")
    answer = server.api("dana", "POST", f"/models/{name}/versions", {"files": [{"path": "a", "size": 16, "digest": absent}]})
    assert answer.status == 422 and answer.json["code"] == "blobs_missing" and absent in answer.body.decode()
    assert server.api("vic", "GET", f"/models/{name}").status == 404, "nothing half-registered stays"


@pytest.mark.parametrize(
    "files",
    [
        [],
        [{"path": "../up", "size": 1}],
        [{"path": "/abs", "size": 1}],
        [{"path": "a//b", "size": 1}],
        [{"path": "a", "size": 1}, {"path": "a", "size": 1}],
        [{"path": "a", "size": 1}, {"path": "A", "size": 1}],
        [{"path": "a", "size": 1}, {"path": "a/b", "size": 1}],
        [{"path": "a\\b", "size": 1}],
        [{"path": "a\n", "size": 1}],
    ],
)
def test_paths_that_are_no_good_are_refused(server, name, files):
    digest = server.put_blob("dana", b"x")
    answer = server.api("dana", "POST", f"/models/{name}/versions", {"files": [{**file, "digest": digest} for file in files]})
    assert answer.status == 400 and answer.json["code"] == "invalid_argument"


def test_a_size_that_is_not_the_blobs_is_refused(server, name):
    digest = server.put_blob("dana", b"four")
    answer = server.api("dana", "POST", f"/models/{name}/versions", {"files": [{"path": "a", "size": 5, "digest": digest}]})
    assert answer.status == 422 and answer.json["code"] == "integrity"


def test_a_version_says_what_it_was_given(server, name):
    version = server.register(
        name, b"content", description="first", tags={"team": "risk"}, metadata={"framework": "none", "run_id": "7"}, report=REPORT
    )
    assert (version["model"], version["version"], version["stage"], version["created_by"]) == (name, 1, "staged", "dana")
    assert (version["description"], version["tags"]) == ("first", {"team": "risk"})
    assert version["metadata"]["run_id"] == "7" and version["size"] == 7
    assert version["files"] == [{"path": "weights.txt", "size": 7, "digest": digest_of(b"content")}]
    for ref in ("1", "latest", version["digest"]):
        assert server.call("vic", "GET", f"/models/{name}/versions/{ref}") == version
    model = server.call("vic", "GET", f"/models/{name}")
    assert (model["owner"], model["versions"], model["latest_version"]) == ("dana", 1, 1)


def test_the_same_content_is_the_same_version(server, name):
    server.register(name, b"content")
    digest = server.put_blob("dana", b"content")
    answer = server.api("dana", "POST", f"/models/{name}/versions", {"files": [{"path": "weights.txt", "size": 7, "digest": digest}]})
    assert answer.status == 409 and answer.json["code"] == "already_exists" and "1" in answer.json["detail"]


def test_an_expected_digest_is_checked(server, name):
    digest = server.put_blob("dana", b"x")
    document = {"files": [{"path": "a", "size": 1, "digest": digest}], "expected_digest": "sha256:" + "0" * 64}
    answer = server.api("dana", "POST", f"/models/{name}/versions", document)
    assert answer.status == 422 and answer.json["code"] == "integrity"


def test_pickles_are_flagged_and_never_go_live(server, name):
    import pickle

    version = server.register(name, pickle.dumps({"a": print}), path="model.pkl", report=REPORT)
    assert any(finding["severity"] == "blocking" and "pickle" in finding["code"] for finding in version["findings"])
    answer = server.api("dana", "POST", f"/models/{name}/versions/1/requests", {})
    assert answer.status == 409 and answer.json["code"] == "failed_precondition" and "pickle" in answer.body.decode()


# Reports


def test_reports_are_added_and_read(server, name):
    version = server.register(name, b"x")
    path = f"/models/{name}/versions/1/reports"
    report = {
        **REPORT,
        "ci": {"r2_score": {"lower": 0.7, "upper": 0.8, "level": 0.95, "method": "bootstrap-percentile", "replicates": 200, "seed": 0}},
        "slices": [{"column": "sex", "value": "1", "rows": 40, "metrics": {"r2_score": 0.6}}],
        "baselines": {"best_constant": {"r2_score": 0.0}},
        "note": "a note",
    }
    added = server.call("dana", "POST", path, report, expect=201)
    assert added["trust"] == "claimed" and added["created_by"] == "dana"
    for field in ("dataset", "task", "metrics", "ci", "slices", "baselines", "note"):
        assert added[field] == report[field], field
    server.call("dana", "POST", path, {**REPORT, "metrics": {"r2_score": 0.5}}, expect=201)
    listed = server.call("vic", "GET", path)["items"]
    assert len(listed) == 2 and added in listed
    assert server.call("vic", "GET", f"{path}/{added['id']}") == added
    assert server.call("vic", "GET", f"/models/{name}/versions/1")["digest"] == version["digest"], "a report does not change the version"


@pytest.mark.parametrize(
    "change",
    [
        {"metrics": {}},
        {"metrics": {"a": "high"}},
        {"surprise": 1},
        {"dataset": {"digest": "sha256:zz"}},
        {"dataset": {"rows": -1}},
        {"trust": "verified"},
    ],
)
def test_reports_that_say_nothing_or_too_much_are_refused(server, name, change):
    server.register(name, b"x")
    answer = server.api("dana", "POST", f"/models/{name}/versions/1/reports", {**REPORT, **change})
    assert answer.status == 400 and answer.json["code"] == "invalid_argument"


# Aliases, edits, differences, history


def test_aliases_point_and_move(server, name):
    for content in (b"1", b"2"):
        server.register(name, content)
    for number in (1, 2):
        server.call("dana", "PUT", f"/models/{name}/aliases/champion", {"version": number})
        assert server.call("vic", "GET", f"/models/{name}/versions/@champion")["version"] == number
    assert server.call("vic", "GET", f"/models/{name}")["aliases"] == {"champion": 2}
    for reserved in ("live", "7", "latest"):
        assert server.api("dana", "PUT", f"/models/{name}/aliases/{reserved}", {"version": 1}).status == 400
    assert server.api("dana", "DELETE", f"/models/{name}/aliases/champion").status in (200, 204)
    assert server.api("vic", "GET", f"/models/{name}/versions/@champion").status == 404


def test_description_and_tags_may_change_and_nothing_else(server, name):
    server.register(name, b"1", tags={"keep": "1", "drop": "1"})
    changed = server.call("dana", "PATCH", f"/models/{name}/versions/1", {"description": "new", "tags": {"drop": None, "add": "2"}})
    assert changed["description"] == "new" and changed["tags"] == {"keep": "1", "add": "2"}
    for field, value in (("digest", "sha256:" + "0" * 64), ("stage", "live"), ("created_by", "alex"), ("metadata", {})):
        assert server.api("dana", "PATCH", f"/models/{name}/versions/1", {field: value}).status == 400


def test_a_difference_shows_metrics_metadata_and_files(server, name):
    server.register(name, b"1", metadata={"epochs": "3"}, report={**REPORT, "metrics": {"r2_score": 0.5}})
    server.register(name, b"2", metadata={"epochs": "5"}, report={**REPORT, "metrics": {"r2_score": 0.75}})
    found = server.call("vic", "GET", f"/models/{name}/diff", query={"from": "1", "to": "2"})
    assert found["metadata"]["epochs"] == {"from": "3", "to": "5"}
    assert found["metrics"]["r2_score"] == {"from": 0.5, "to": 0.75, "delta": 0.25}
    assert found["files"]["weights.txt"] == {"from": digest_of(b"1"), "to": digest_of(b"2")}
    shown = server.cli("vic", "diff", f"{name}/1", f"{name}/2").stdout
    assert "epochs" in shown and "r2_score" in shown and "weights.txt" in shown


def test_history_tells_each_step(server, name):
    version = server.make_live(name, b"1")
    server.make_live(name, b"2")
    server.call("drew", "POST", f"/models/{name}/rollback", {"reason": "it was better"})
    history = server.call("vic", "GET", f"/models/{name}/versions/2/history")
    entries = history["items"] if isinstance(history, dict) else history
    assert {entry["actor"] for entry in entries} == {"dana", "alex", "drew"}
    assert any(entry["reason"] == "it was better" for entry in entries)
    slots = server.call("vic", "GET", f"/models/{name}/slots")
    assert slots["current"][0]["version"] == version["version"] and slots["current"][0]["rollback_of"] == 2
    assert [slot["version"] for slot in slots["past"]] == [2, 1]


def test_a_model_that_was_live_is_not_deleted(server, name):
    server.register(name + "-a", b"1")
    assert server.api("dana", "DELETE", f"/models/{name}-a").status in (200, 204)
    assert server.api("vic", "GET", f"/models/{name}-a").status == 404
    server.make_live(name, b"1")
    answer = server.api("dana", "DELETE", f"/models/{name}")
    assert answer.status == 409 and answer.json["code"] == "failed_precondition"


def test_what_is_live_is_not_retired(server, name):
    server.make_live(name, b"1")
    server.make_live(name, b"2")
    refused = server.api("drew", "POST", f"/models/{name}/versions/2/retirement", {"reason": "old"})
    assert refused.status == 409 and refused.json["code"] == "failed_precondition"
    assert server.call("drew", "POST", f"/models/{name}/versions/1/retirement", {"reason": "old"})["stage"] == "retired"
    assert server.api("dana", "POST", f"/models/{name}/versions/1/requests", {}).status == 409


def test_a_rejection_has_a_reason_and_ends_the_request(server, name):
    server.register(name, b"1", report=REPORT)
    opened = server.call("dana", "POST", f"/models/{name}/versions/1/requests", {"notes": "please"}, expect=201)
    again = server.api("dana", "POST", f"/models/{name}/versions/1/requests", {})
    assert again.status == 409 and str(opened["id"]) in again.json["missing"][0]["explanation"]
    server.call("vic", "POST", f"/requests/{opened['id']}/comments", {"text": "which data was this?"}, expect=201)
    assert server.api("alex", "POST", f"/requests/{opened['id']}/rejection", {}).status == 400
    closed = server.call("alex", "POST", f"/requests/{opened['id']}/rejection", {"reason": "too few rows"})
    assert closed["state"] == "rejected" and closed["closing_reason"] == "too few rows"
    assert [comment["text"] for comment in closed["comments"]] == ["which data was this?"]
    assert server.call("vic", "GET", f"/models/{name}/versions/1")["stage"] == "rejected"
    assert server.api("drew", "POST", f"/requests/{opened['id']}/promotion", {}).status == 409


# The audit log


def test_the_audit_log_is_a_chain_that_anyone_can_check(server, name):
    server.make_live(name, b"1")
    entries, after = [], 0
    while True:
        page = server.call("admin", "GET", "/audit", query={"after": after, "page_size": 100})["items"]
        if not page:
            break
        entries += page
        after = page[-1]["seq"]
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    previous = bytes(32)
    for entry in entries:
        previous = hashlib.sha256(previous + canonical(entry)).digest()
        assert entry["hash"] == "sha256:" + previous.hex(), f"entry {entry['seq']}"
    assert {entry["format"] for entry in entries} == {"baton-audit/2"}
    token = server.call("dana", "GET", "/whoami")["token_id"]
    assert all(entry["credential"] == token and entry["method"] == "token" for entry in entries if entry["actor"] == "dana")
    ours = [entry for entry in entries if f"/{name}" in entry["object"] or entry["details"].get("model") == name]
    assert {entry["actor"] for entry in ours} >= {"dana"} and all(entry["request_id"] for entry in ours)


def test_a_reader_can_recompute_the_digest_of_a_report(server, name):
    server.register(name, b"1")
    sent = {**REPORT, "slices": [{"name": "north", "rows": 1.0}], "ci": {"r2_score": [0.7, 8e-1]}, "note": "größer"}
    report = server.call("dana", "POST", f"/models/{name}/versions/1/reports", sent, expect=201)
    covered = {
        "dataset": report["dataset"],
        "details": {"ci": {"r2_score": [0.7, 0.8]}, "slices": [{"name": "north", "rows": 1}]},
        "format": "baton-report/1",
        "metrics": {"example_count": 100, "r2_score": 0.75},
        "note": "größer",
        "task": "regression",
        "version": server.call("vic", "GET", f"/models/{name}/versions/1")["digest"],
    }
    text = json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert report["digest"] == "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def canonical(entry):
    """As docs/formats.md has it: the entry without its hash and what is absent, keys sorted, no white space."""
    covered = {key: value for key, value in entry.items() if key not in ("hash", "seq") and value is not None}
    covered["sequence"] = entry["seq"]
    return json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
