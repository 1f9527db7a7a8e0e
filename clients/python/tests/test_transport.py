"""Retries, idempotency keys and how errors arrive."""

from __future__ import annotations

import pytest

import baton
from baton import Client
from baton.errors import error_of
from baton.transport import Transport


def test_every_mutation_carries_a_key_of_its_own(client, server):
    version = client.register_files([], "m")
    client.request(version)
    client.request(version)
    keys = [call.headers["Idempotency-Key"] for call in server.of("POST", "/models/")]
    assert len(keys) == 3 and len(set(keys)) == 3


def test_a_lost_answer_is_asked_for_again_under_the_same_key(client, server):
    version = client.register_files([], "m")
    server.drop("POST", "/requests", after_effect=True)
    request = client.request(version, notes="once")
    assert len(server.requests) == 1, "carried out once although it was sent twice"
    first, second = server.of("POST", "/requests")
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert request.id == "1"


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_try_again_later_is_tried_again(client, server, pauses, status):
    server.fail("GET", "/live", status)
    server.fail("GET", "/live", status)
    assert client.live() == []
    assert len(pauses) == 2 and pauses[0] < pauses[1]


def test_retry_after_is_waited_for(client, server, pauses):
    server.fail("GET", "/live", 503, Retry_After="3")
    client.live()
    assert pauses == [3.0]


def test_gives_up_after_the_stated_attempts(client, server, pauses):
    for _ in range(5):
        server.fail("GET", "/live", 503, {"code": "unavailable", "detail": "shutting down"})
    with pytest.raises(baton.Unavailable, match="shutting down"):
        client.live()
    assert len(pauses) == 4 and len(server.calls) == 5


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412, 413, 422, 500, 507])
def test_a_verdict_is_not_retried(client, server, pauses, status):
    server.fail("GET", "/live", status)
    with pytest.raises(baton.BatonError):
        client.live()
    assert pauses == [] and len(server.calls) == 1


def test_nobody_there_is_unavailable_and_names_the_url():
    transport = Transport("http://127.0.0.1:1", "", sleep=lambda _: None)
    with pytest.raises(baton.Unavailable, match="127.0.0.1:1"):
        Client(transport=transport).live()


def test_a_url_that_is_none_is_refused():
    with pytest.raises(baton.InvalidRequest, match="not the URL"):
        Transport("localhost:8080", "")


def test_the_token_travels_as_a_bearer(client, server):
    client.live()
    assert server.calls[0].headers["Authorization"] == "Bearer btp_test"


@pytest.mark.parametrize(
    "code, family",
    [
        ("invalid_argument", baton.InvalidRequest),
        ("unsupported_model", baton.InvalidRequest),
        ("too_large", baton.InvalidRequest),
        ("unauthenticated", baton.AccessDenied),
        ("permission_denied", baton.AccessDenied),
        ("not_found", baton.NotFound),
        ("already_exists", baton.Conflict),
        ("failed_precondition", baton.Conflict),
        ("aborted", baton.Conflict),
        ("blobs_missing", baton.Conflict),
        ("integrity", baton.IntegrityError),
        ("resource_exhausted", baton.Unavailable),
        ("deadline_exceeded", baton.Unavailable),
        ("out_of_space", baton.Unavailable),
        ("unavailable", baton.Unavailable),
        ("internal", baton.InternalError),
    ],
)
def test_each_code_has_its_family(code, family):
    error = error_of(418, {"code": code, "detail": "d", "hint": "h", "request_id": "r"})
    assert type(error) is family
    assert (error.code, error.detail, error.hint, error.request_id, error.status) == (code, "d", "h", "r", 418)


def test_all_that_is_missing_is_told(client, server):
    version = client.register_files([], "m")
    request = client.request(version)
    with pytest.raises(baton.Conflict) as caught:
        client.promote(request)
    assert caught.value.missing == [{"requirement": "approvals", "explanation": "0 of 1 given"}]
    assert "approvals: 0 of 1 given" in str(caught.value)


@pytest.mark.parametrize(
    "status, body, family, code",
    [
        (400, {"error": "unexpected shape"}, baton.InvalidRequest, "invalid_argument"),
        (404, {"error": "Not Found"}, baton.NotFound, "not_found"),
        (401, None, baton.AccessDenied, "unauthenticated"),
        (502, None, baton.Unavailable, "unavailable"),
        (405, ["odd"], baton.InvalidRequest, "invalid_argument"),
        (500, {"code": "never heard of", "detail": "x"}, baton.InternalError, "internal"),
    ],
)
def test_errors_in_other_shapes_are_understood(status, body, family, code):
    error = error_of(status, body)
    assert type(error) is family and error.code == code
