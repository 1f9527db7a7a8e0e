"""Every operation of the native API answers as /openapi.json describes it: one handoff after the other, each answer compared."""

from __future__ import annotations

import hashlib

import pytest

pytest.importorskip("jsonschema")

from description import Description
from harness import REPORT, ROOT, Server, request, wait_for

MODEL = "described"
CONTENTS = [(ROOT / "tests" / "data" / "models" / f"{name}-float.onnx").read_bytes() for name in ("lasso", "ridge-scaled", "linear-svr")]
READY = {"wait": "ready"}


class Story:
    """Asks in somebody's name and compares each answer with the description."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.description = Description(server.call(None, "GET", "/openapi.json"))

    def ask(self, who, operation, document=None, expect=200, body=None, query=None, headers=None, **parts):
        method, path = operation.split()
        answer = self.server.api(who, method, path.format(**{"model": MODEL, **parts}), document, body=body, query=query, headers=headers)
        assert answer.status == expect, f"{operation} answered {answer.status}: {answer.body!r}"
        self.description.check(operation, answer)
        return answer

    def register(self, content):
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        self.ask("dana", "PUT /blobs/{digest}", body=content, digest=digest, expect=201)
        files = [{"path": "model.onnx", "size": len(content), "digest": digest}]
        fields = {"files": files, "tags": {"team": "risk"}, "metadata": {"task": "regression"}, "report": REPORT}
        return self.ask("dana", "POST /models/{model}/versions", fields, expect=201).json

    def hand_over(self, version):
        notes = {"environment": "production", "notes": "better"}
        opened = self.ask("dana", "POST /models/{model}/versions/{ref}/requests", notes, ref=version["version"], expect=201).json
        self.ask("alex", "POST /requests/{id}/approvals", {"digest": opened["digest"]}, id=opened["id"], expect=201)
        return opened


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("described") / "data", "--payload-log", "10").start()
    server.add_people()
    yield Story(server)
    server.kill()


def test_models_and_their_versions(story):
    ask = story.ask
    ask("dana", "POST /models", {"name": MODEL, "description": "An example", "tags": {"team": "risk"}}, expect=201)
    ask("dana", "POST /models", {"name": MODEL}, expect=409)
    ask("dana", "POST /models", {"name": "Not a name", "colour": "red"}, expect=400)
    ask("dana", "PATCH /models/{model}", {"description": "Another"})
    ask("dana", "POST /models", {"name": "passing"}, expect=201)
    ask("dana", "GET /models")
    assert "next_page_token" in ask("dana", "GET /models", query={"page_size": 1}).json
    ask("dana", "DELETE /models/{model}", headers={"If-Match": '"7"'}, expect=412)

    digest = "sha256:" + hashlib.sha256(b"12345678").hexdigest()
    files = {"files": [{"path": "x.txt", "size": 8, "digest": digest}]}
    assert ask("dana", "POST /blobs/missing", {"digests": [digest]}).json["missing"] == [digest]
    ask("dana", "POST /models/{model}/versions", files, expect=422)
    ask("dana", "PUT /blobs/{digest}", body=b"1234", headers={"Content-Range": "bytes 0-3/8"}, digest=digest, expect=202)
    ask("dana", "HEAD /blobs/{digest}", digest=digest, expect=404)
    ask("dana", "PUT /blobs/{digest}", body=b"5678", headers={"Content-Range": "bytes 4-7/8"}, digest=digest, expect=201)
    ask("dana", "PUT /blobs/{digest}", body=b"12345678", digest=digest)
    ask("dana", "HEAD /blobs/{digest}", digest=digest)
    ask("dana", "POST /models/{model}/versions", {**files, "report": REPORT}, expect=201)
    story.register(CONTENTS[0])
    story.register(CONTENTS[1])

    ask("dana", "PATCH /models/{model}/versions/{ref}", {"tags": {"kind": "lasso"}}, ref=2)
    ask("dana", "PUT /models/{model}/aliases/{alias}", {"version": 2}, alias="champion")
    for operation in ("GET /models/{model}", "GET /models/{model}/versions", "GET /versions"):
        ask("vic", operation)
    for part in ("", "/history", "/manifest"):
        ask("vic", "GET /models/{model}/versions/{ref}" + part, ref="@champion")
    ask("vic", "GET /models/{model}/versions/{ref}", ref=99, expect=404)
    ask("vic", "GET /models/{model}/diff", query={"from": "1", "to": "@champion"})
    ask("dana", "DELETE /models/{model}/aliases/{alias}", alias="champion")


def test_reports(story):
    ask = story.ask
    more = {**REPORT, "ci": {"r2_score": [0.7, 0.8]}, "slices": [], "per_class_metrics": {}, "baselines": {}, "note": "again"}
    added = ask("dana", "POST /models/{model}/versions/{ref}/reports", more, ref=1, expect=201).json
    ask("dana", "POST /models/{model}/versions/{ref}/reports", {"metrics": {"a": 1}}, ref=1, expect=201)
    ask("vic", "GET /models/{model}/versions/{ref}/reports", ref=1)
    ask("vic", "GET /models/{model}/versions/{ref}/reports/{id}", ref=1, id=added["id"])


def test_files(story):
    for operation, parts in (("GET /models/{model}/versions/{ref}", {"ref": 1}), ("GET /models/{model}/live", {})):
        if not parts:
            promote(story, 1)
        manifest = operation + ("/manifest" if parts else "")
        etag = story.ask("vic", manifest, **parts).headers["etag"]
        story.ask("vic", manifest, headers={"If-None-Match": etag}, expect=304, **parts)
        file = operation + "/files/{path}"
        etag = story.ask("vic", file, path="x.txt", **parts).headers["etag"]
        story.ask("vic", file, path="x.txt", headers={"If-None-Match": etag}, expect=304, **parts)
        story.ask("vic", file, path="x.txt", headers={"Range": "bytes=2-3"}, expect=206, **parts)
        story.ask("vic", file, path="x.txt", headers={"Range": "bytes=20-"}, expect=416, **parts)
        story.ask("vic", file, path="y.txt", expect=404, **parts)


def promote(story, number):
    opened = story.hand_over(story.ask("vic", "GET /models/{model}/versions/{ref}", ref=number).json)
    return story.ask("drew", "POST /requests/{id}/promotion", {}, id=opened["id"], query=READY).json


def test_the_handoff(story):
    ask = story.ask
    path = "POST /models/{model}/versions/{ref}/requests"
    opened = ask("dana", path, {}, ref=2, expect=201).json
    ask("vic", "POST /requests/{id}/comments", {"text": "Is it?"}, id=opened["id"], expect=201)
    ask("drew", "POST /requests/{id}/promotion", {}, id=opened["id"], expect=409)
    ask("vic", "POST /requests/{id}/approvals", {"digest": opened["digest"]}, id=opened["id"], expect=403)
    ask("dana", "POST /requests/{id}/withdrawal", {}, id=opened["id"])
    opened = ask("dana", path, {}, ref=3, expect=201).json
    ask("alex", "POST /requests/{id}/rejection", {"reason": "no"}, id=opened["id"])
    assert promote(story, 2)["serving"] == "ready"
    ask("drew", "POST /models/{model}/rollback", {"reason": "worse"}, query=READY)
    ask("drew", "POST /models/{model}/versions/{ref}/retirement", {"reason": "done"}, ref=3)
    promote(story, 2)
    assert ask("vic", "GET /requests").json["items"]
    ask("vic", "GET /requests/{id}", id=opened["id"])
    assert ask("vic", "GET /models/{model}/slots").json["past"]
    etag = ask("vic", "GET /live").headers["etag"]
    ask("vic", "GET /live", headers={"If-None-Match": etag})  # what serves may have changed all the same


def test_traffic(story):
    ask, traffic = story.ask, "{} /models/{{model}}/traffic"
    candidate = story.register(CONTENTS[2])
    story.hand_over(candidate)
    rules = {"canary": {"version": candidate["version"], "percent": 0}, "shadow": {"version": candidate["version"]}}
    ask("drew", traffic.format("PUT"), rules, query=READY)

    signature = ask("vic", "GET /models/{model}/versions/{ref}", ref="live").json["signature"]["inputs"][0]
    width = signature["shape"][1]
    tensor = {"name": signature["name"], "datatype": signature["datatype"], "shape": [1, width], "data": [0.1] * width}
    server = story.server
    answer = request(server.url, "POST", f"/v2/models/{MODEL}/infer", token=server.tokens["vic"], document={"inputs": [tensor]})
    assert answer.status == 200, answer.body
    read = traffic.format("GET")
    wait_for(lambda: ask("vic", read).json["shadow"]["statistics"]["outputs"])
    assert ask("drew", "GET /models/{model}/payloads").json["payloads"]
    ask("vic", "GET /models/{model}/payloads", expect=403)

    ask("drew", "POST /models/{model}/traffic/end", {"outcome": "abort", "reason": "enough"})
    ask("drew", traffic.format("DELETE"))


def test_people(story):
    ask = story.ask
    ask("admin", "POST /users", {"name": "new"}, expect=201)
    ask("admin", "PATCH /users/{user}", {"roles": ["viewer", "developer"], "disabled": True}, user="new")
    made = ask("dana", "POST /tokens", {"name": "short", "models": ["cr*"], "expires_in": 60}, expect=201).json
    assert "secret" in made
    assert "secret" not in ask("dana", "GET /tokens/{id}", id=made["id"]).json
    ask("dana", "DELETE /tokens/{id}", id=made["id"])
    for operation in ("GET /users", "GET /tokens", "GET /audit", "GET /whoami", "GET /version", "GET /openapi.json"):
        ask("admin", operation)
    ask(None, "GET /whoami", expect=401)


def test_a_model_that_was_never_live_can_go(story):
    story.ask("dana", "DELETE /models/{model}", expect=409)
    story.ask("dana", "DELETE /models/{model}", model="passing")
    story.ask("dana", "GET /models/{model}", model="passing", expect=404)


def test_nothing_that_is_described_was_left_out(story):
    assert set(story.description.successes()) - story.description.answered == set()
