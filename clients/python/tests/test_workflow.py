"""From a version to a prediction, as the client sees it."""

from __future__ import annotations

import dataclasses

import pytest

import baton
from baton.transport import Transport
from baton.upload import source_of_bytes


@pytest.fixture
def version(client):
    return client.register_files([source_of_bytes("model.onnx", b"bytes")], "m")


def test_answers_are_frozen_and_forgiving(version):
    assert (version.model, version.version, version.stage, str(version)) == ("m", 1, "staged", "m/1")
    with pytest.raises(dataclasses.FrozenInstanceError):
        version.stage = "live"


def test_the_whole_way(client, server, version):
    request = client.request("m/1", notes="please")
    assert (request.state, request.notes) == ("open", "please")
    assert client.approve(request, comment="fine").state == "approved"
    slot = client.promote(request)
    assert (slot.version, slot.serving) == (1, "ready")
    assert "wait=ready" in server.of("POST", "/promotion")[0].path
    assert client.get("m/live") == version
    assert client.wait_until_live("m", 1).revision == 1


@pytest.mark.parametrize("change", ["promote", "rollback"])
def test_a_change_that_is_waited_for_and_not_served_is_an_error(client, server, version, change):
    def act(**options):
        if change == "rollback":
            return client.rollback("m", reason="slow", **options)
        return client.promote(client.approve(client.request(version)), **options)

    client.promote(client.approve(client.request(version)))
    assert act().serving == "ready"
    server.serving = {"serving": "failed", "message": "bad graph"}
    with pytest.raises(baton.Conflict, match="m/1 .* bad graph"):
        act()
    assert act(wait=False).serving == "failed"
    server.serving = {"serving": "loading"}
    with pytest.raises(baton.Unavailable, match="still loading") as caught:
        act()
    assert caught.value.code == "deadline_exceeded"


def test_a_promotion_is_waited_for_longer_than_the_server_waits(client, version, monkeypatch):
    client.approve(client.request(version))
    sent = []
    send = Transport.send
    monkeypatch.setattr(Transport, "send", lambda self, *args: sent.append(args) or send(self, *args))
    client.promote("1")
    timeout = next(args[-1] for args in sent if "/promotion" in args[1])
    assert timeout > 60


def test_an_approval_names_the_digest_that_was_seen(client, server, version):
    request = client.request(version)
    client.approve(request)
    assert server.of("POST", "/approvals")[0].document["digest"] == version.digest
    stale = dataclasses.replace(request, digest="sha256:" + "0" * 64)
    with pytest.raises(baton.Conflict) as caught:
        client.approve(stale)
    assert caught.value.code == "aborted"


def test_an_approval_names_the_evidence_that_was_seen(client, server, version):
    request = client.request(version)
    server.requests[0]["subject_digest"] = "sha256:" + "1" * 64
    client.approve(client.get_request(request))
    assert server.of("POST", "/approvals")[0].document["subject_digest"] == "sha256:" + "1" * 64


def test_a_request_can_be_taken_back(client, server, version):
    request = client.request(version)
    assert client.withdraw(request).state == "withdrawn"
    with pytest.raises(baton.Conflict, match="no open request"):
        client.approve(version)


def test_a_version_stands_for_its_one_open_request(client, version):
    with pytest.raises(baton.Conflict, match="no open request"):
        client.approve(version)
    client.request(version)
    client.approve("m/1")
    assert client.promote(version).version == 1
    client.request(version)
    client.request(version, environment="staging")
    with pytest.raises(baton.Conflict, match="2 open requests"):
        client.approve(version)


def test_waiting_ends_when_it_is_ready(client, server, version):
    server.live["m"] = {"model": "m", "version": 1, "environment": "production", "serving": "loading"}
    with pytest.raises(baton.Unavailable, match="did not become live"):
        client.wait_until_live("m", 1, timeout=0.01)
    server.live["m"].update(serving="failed", message="bad graph")
    with pytest.raises(baton.Conflict, match="bad graph"):
        client.wait_until_live("m", 1)
    server.live["m"].update(serving="ready")
    assert client.wait_until_live("m").version == 1


def test_lists_are_answered_with_lists(client):
    prediction = client.predict("m", [[1, 2], [-3, 0.5]])
    assert prediction["label"] == [3, -2] and prediction["scores"][0] == [3.0]
    assert prediction["scores"][1][0] != prediction["scores"][1][0], "null is NaN"
    assert (prediction.model, prediction.version) == ("m", "1")


def test_arrays_are_answered_with_arrays(client):
    np = pytest.importorskip("numpy")
    prediction = client.predict("m", np.array([[1, 2], [3, 4]], dtype=np.float32))
    assert prediction["label"].dtype == np.int64 and prediction["scores"].shape == (2, 1)


def test_inputs_are_asked_for_once_and_again_when_they_changed(client, server):
    client.predict("m", [[1, 2]])
    client.predict("m", [[1, 2]])
    assert len(server.of("GET", "/v2/models/m")) == 1
    server.inputs = [{"name": "rows", "datatype": "FP32", "shape": [-1, 2]}]
    assert client.predict("m", {"rows": [[1, 2]]})["label"] == [3]


@pytest.mark.parametrize(
    "rows, says",
    [([[1, 2], [3]], "same length"), ([[1, float("inf")]], "not finite"), ([[1, "x"]], "takes numbers, not 'x'"), ({"Z": [[1, 2]]}, "no input is named Z")],
)
def test_rows_that_cannot_be_sent_say_why(client, rows, says):
    with pytest.raises(baton.InvalidRequest, match=says):
        client.predict("m", rows)


def test_pages_are_followed(client, server):
    server.fail("GET", "/api/v1/models", 200, {"items": [{"name": "a"}], "next_page_token": "t&1"})
    server.fail("GET", "/api/v1/models", 200, {"items": [{"name": "b"}]})
    assert [model.name for model in client.models(filter="name LIKE 'x%'")] == ["a", "b"]
    second = server.calls[1].path
    assert "page_token=t%261" in second and "filter=name+LIKE+%27x%25%27" in second


def test_top_level_functions_use_the_environment(server, version, monkeypatch):
    monkeypatch.setenv("BATON_URL", server.url)
    monkeypatch.setenv("BATON_TOKEN", "btp_env")
    assert baton.get("m/1") == version
    assert server.calls[-1].headers["Authorization"] == "Bearer btp_env"


def test_a_missing_value_is_sent_as_null(client, server):
    np = pytest.importorskip("numpy")
    server.fail("POST", "/infer", 200, {"model_name": "m", "model_version": "1", "outputs": []})
    client.predict("m", [[1, None], [float("nan"), 2]])
    server.fail("POST", "/infer", 200, {"model_name": "m", "model_version": "1", "outputs": []})
    client.predict("m", np.array([[1, np.nan], [np.nan, 2]]))
    sent = [call.document["inputs"][0]["data"] for call in server.of("POST", "/infer")]
    assert sent == [[1, None, None, 2]] * 2
    server.inputs = [{"name": "X", "datatype": "INT64", "shape": [-1, 2]}]
    with pytest.raises(baton.InvalidRequest, match="INT64, in which no value can be missing"):
        client.predict("m", [[1, None]])


def test_a_prediction_is_a_mapping_of_outputs(client):
    prediction = client.predict("m", [[1, 2]])
    assert list(prediction) == ["label", "scores"] and len(prediction) == 2
    assert "label" in prediction and 0 not in prediction and dict(prediction)["label"] == [3]


def test_a_request_that_fails_says_that_the_version_is_there(client, server, tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"x")
    server.fail("POST", "/requests", 400, {"code": "invalid_argument", "detail": "no environment is called so"})
    with pytest.raises(baton.InvalidRequest, match="m/1 is registered, but .*no environment is called so") as caught:
        client.register(tmp_path / "model.onnx", "m", request="bad env!")
    assert "baton.request('m/1'" in caught.value.hint
