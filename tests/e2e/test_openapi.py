"""The description of the API is valid and complete."""

from __future__ import annotations

import pytest

PATHS = """
POST /models
GET /models
GET /models/{model}
PATCH /models/{model}
DELETE /models/{model}
POST /blobs/missing
PUT /blobs/{digest}
HEAD /blobs/{digest}
POST /models/{model}/versions
GET /models/{model}/versions
GET /models/{model}/versions/{ref}
PATCH /models/{model}/versions/{ref}
GET /models/{model}/versions/{ref}/manifest
GET /models/{model}/versions/{ref}/files/{path}
POST /models/{model}/versions/{ref}/reports
GET /models/{model}/versions/{ref}/reports
GET /models/{model}/versions/{ref}/reports/{id}
GET /models/{model}/versions/{ref}/history
PUT /models/{model}/aliases/{alias}
DELETE /models/{model}/aliases/{alias}
GET /models/{model}/diff
GET /versions
POST /models/{model}/versions/{ref}/requests
GET /requests
GET /requests/{id}
POST /requests/{id}/comments
POST /requests/{id}/approvals
POST /requests/{id}/rejection
POST /requests/{id}/withdrawal
POST /requests/{id}/promotion
POST /models/{model}/rollback
POST /models/{model}/versions/{ref}/retirement
GET /live
GET /models/{model}/live
GET /models/{model}/live/files/{path}
GET /models/{model}/slots
GET /audit
POST /users
GET /users
PATCH /users/{user}
POST /tokens
GET /tokens
GET /tokens/{id}
DELETE /tokens/{id}
GET /whoami
GET /version
GET /openapi.json
"""


@pytest.fixture(scope="module")
def document(server):
    return server.call(None, "GET", "/openapi.json")


def test_every_path_is_described(document):
    described = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item if method != "parameters"}
    wanted = {line.replace(" /", " /api/v1/", 1) for line in PATHS.strip().splitlines()}
    base = (document.get("servers") or [{"url": ""}])[0]["url"]
    described |= {line.replace(" /", f" {base.rstrip('/')}/", 1) for line in described}
    assert wanted - described == set()


def test_every_operation_says_what_it_does_and_answers(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert operation["summary"] and set(operation["responses"]) > {"default"}, f"{method} {path}"


def test_every_described_path_answers(server, document):
    """No path of the description is unknown to the server: without a token it may say 401, but never that there is no such path."""
    base = (document.get("servers") or [{"url": ""}])[0]["url"]
    for path, item in document["paths"].items():
        if "get" not in item:
            continue
        concrete = (base.rstrip("/") + path).replace("/api/v1", "", 1)
        for name in ("model", "ref", "path", "id", "alias", "digest"):
            concrete = concrete.replace("{" + name + "}", "1")
        if not path.startswith("/api/v1") and "/api/v1" not in base:
            continue
        assert server.api(None, "GET", concrete).status in (200, 401), path


def test_it_is_valid_openapi(document):
    validator = pytest.importorskip("openapi_spec_validator")
    assert document["openapi"].startswith("3.1")
    validator.validate(document)


def test_every_change_takes_an_idempotency_key_but_where_there_is_none(document):
    without = set()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method in ("post", "put", "patch", "delete"):
                names = [parameter["name"] for parameter in operation.get("parameters", [])]
                if "Idempotency-Key" not in names:
                    without.add(f"{method.upper()} {path.removeprefix('/api/v1')}")
    assert without == {"POST /tokens",  # whose answer is not kept
                       "PUT /blobs/{digest}"}  # which may be repeated as it is
