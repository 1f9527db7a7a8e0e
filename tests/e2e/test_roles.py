"""Who may do what, and what the others are told: through the API and through the command line."""

from __future__ import annotations

import hashlib
import json

import pytest

from harness import REPORT


@pytest.fixture
def proposed(server, name):
    """A version of Dana's with an open request."""
    version = server.register(name, name.encode(), report=REPORT)
    path = f"/models/{name}/versions/1/requests"
    return {**version, "request": server.call("dana", "POST", path, {"environment": "production"}, expect=201)}


def assert_problem(answer, status, code):
    assert answer.status == status, answer.body
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json
    assert problem["code"] == code and problem["status"] == status
    assert problem["detail"] and problem["request_id"] == answer.headers["x-request-id"]
    return problem


def test_nobody_gets_in_without_a_token(server):
    for path in ("/models", "/whoami", "/audit", "/requests", "/live", "/users", "/tokens", "/versions", "/models/none/live"):
        problem = assert_problem(server.api(None, "GET", path), 401, "unauthenticated")
        assert "token" in (problem["detail"] + problem.get("hint", "")).lower()


@pytest.mark.parametrize("token", ["", "x", "btp_" + "0" * 36, "btp_" + "A" * 30 + "000000"])
def test_an_unknown_token_is_401_and_says_no_more(server, token):
    server.tokens["nobody"] = token
    answer = server.api("nobody", "GET", "/whoami")
    assert_problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_an_unknown_token_on_the_command_line(server):
    server.tokens["nobody"] = "btp_" + "A" * 36
    done = server.cli("nobody", "list", ok=False)
    assert done.returncode == 4 and done.stdout == ""
    assert done.stderr.startswith("error: ") and "hint: " in done.stderr


def test_a_developer_has_no_say_in_approval(server, proposed):
    request = proposed["request"]
    answer = server.api("dana", "POST", f"/requests/{request['id']}/approvals", {"digest": request["digest"]})
    problem = assert_problem(answer, 403, "permission_denied")
    assert "approver" in problem["detail"] + problem.get("hint", "")


def test_an_approver_cannot_approve_their_own(server, name):
    server.register(name, b"mine", who="sam", report=REPORT)
    request = server.call("sam", "POST", f"/models/{name}/versions/1/requests", {}, expect=201)
    answer = server.api("sam", "POST", f"/requests/{request['id']}/approvals", {"digest": request["digest"]})
    problem = assert_problem(answer, 403, "permission_denied")
    assert "sam opened the request" in problem["detail"] and "another person" in problem["hint"]
    done = server.cli("sam", "approve", f"{name}/1", ok=False)
    assert done.returncode == 4 and "error: sam opened the request" in done.stderr


def test_who_uploaded_cannot_approve_when_another_requests(server, name):
    server.register(name, b"mine", who="sam", report=REPORT)
    request = server.call("dana", "POST", f"/models/{name}/versions/1/requests", {}, expect=201)
    answer = server.api("sam", "POST", f"/requests/{request['id']}/approvals", {"digest": request["digest"]})
    assert_problem(answer, 403, "permission_denied")


@pytest.mark.parametrize("who", ["vic", "dana", "alex", "admin"])
def test_only_a_deployer_promotes(server, proposed, who):
    request = proposed["request"]
    server.call("alex", "POST", f"/requests/{request['id']}/approvals", {"digest": request["digest"]}, expect=201)
    problem = assert_problem(server.api(who, "POST", f"/requests/{request['id']}/promotion", {}), 403, "permission_denied")
    assert "deployer" in problem["detail"] + problem.get("hint", "")
    done = server.cli(who, "promote", f"{proposed['model']}/1", ok=False)
    assert done.returncode == 4 and "deployer" in done.stderr


@pytest.mark.parametrize(
    "who, method, path, document",
    [
        ("vic", "POST", "/models", {"name": "nope"}),
        ("vic", "POST", "/blobs/missing", {"digests": []}),
        ("vic", "POST", "/models/{name}/versions", {"files": [{"path": "weights.txt", "size": 3, "digest": "sha256:" + "1" * 64}]}),
        ("vic", "POST", "/models/{name}/versions/1/requests", {}),
        ("vic", "POST", "/models/{name}/rollback", {"reason": "x"}),
        ("drew", "POST", "/requests/{id}/approvals", {"digest": "sha256:" + "0" * 64}),
        ("dana", "POST", "/requests/{id}/rejection", {"reason": "x"}),
        ("dana", "POST", "/models/{name}/versions/1/retirement", {"reason": "x"}),
        ("dana", "POST", "/users", {"name": "eve", "roles": ["admin"]}),
        ("dana", "POST", "/tokens", {"user": "alex"}),
        ("dana", "GET", "/users", None),
        ("dana", "GET", "/audit", None),
        ("dana", "PATCH", "/users/dana", {"roles": ["admin"]}),
        ("admin", "POST", "/requests/{id}/approvals", {"digest": "{digest}"}),
    ],
)
def test_each_role_has_its_limits(server, proposed, who, method, path, document):
    fill = {"name": proposed["model"], "id": proposed["request"]["id"], "digest": proposed["digest"]}
    document = document and {key: value.format(**fill) if isinstance(value, str) else value for key, value in document.items()}
    problem = assert_problem(server.api(who, method, path.format(**fill), document), 403, "permission_denied")
    assert len(problem["detail"]) > 20, "says which role would do"


def test_promotion_says_all_that_is_missing(server, name):
    server.register(name, b"bare")
    request = server.call("dana", "POST", f"/models/{name}/versions/1/requests", {}, expect=201)
    problem = assert_problem(server.api("drew", "POST", f"/requests/{request['id']}/promotion", {}), 409, "failed_precondition")
    assert len(problem["missing"]) >= 2, "a report and an approval"
    assert all(item["requirement"] and item["explanation"] for item in problem["missing"])
    done = server.cli("drew", "promote", f"{name}/1", ok=False)
    assert done.returncode == 5
    for item in problem["missing"]:
        assert item["explanation"] in done.stderr


def test_an_approval_must_name_the_digest_that_is_asked_for(server, proposed):
    answer = server.api("alex", "POST", f"/requests/{proposed['request']['id']}/approvals", {"digest": "sha256:" + "0" * 64})
    assert_problem(answer, 412, "aborted")


def test_an_approval_is_bound_to_the_reports_that_were_there(server, proposed):
    request, path = proposed["request"], f"/models/{proposed['model']}/versions/1/reports"
    approval = {"digest": request["digest"], "subject_digest": request["subject_digest"]}
    approved = server.call("alex", "POST", f"/requests/{request['id']}/approvals", approval, expect=201)
    assert approved["state"] == "approved" and approved["approvals"][0]["subject_digest"] == request["subject_digest"]

    server.call("dana", "POST", path, {**REPORT, "metrics": {"r2_score": 0.1}}, expect=201)
    changed = server.call("vic", "GET", f"/requests/{request['id']}")
    assert changed["state"] == "open" and changed["subject_digest"] != request["subject_digest"]
    assert changed["approvals"][0]["counts"] is False and "decide again" in changed["approvals"][0]["reason_not"]
    assert server.call("vic", "GET", f"/models/{proposed['model']}/versions/1")["stage"] == "staged"
    done = server.cli("drew", "promote", f"{proposed['model']}/1", ok=False)
    assert done.returncode == 5 and "reports have changed since" in done.stderr
    assert_problem(server.api("alex", "POST", f"/requests/{request['id']}/approvals", approval), 412, "aborted")

    approval["subject_digest"] = changed["subject_digest"]
    server.call("alex", "POST", f"/requests/{request['id']}/approvals", approval, expect=201)
    server.promote(request)


def test_a_reader_can_recompute_the_subject(server, proposed):
    reports = server.call("vic", "GET", f"/models/{proposed['model']}/versions/1/reports")["items"]
    subject = {
        "environment": "production",
        "format": "baton-subject/1",
        "policy": 1,
        "reports": sorted(report["digest"] for report in reports),
        "version": proposed["digest"],
    }
    text = json.dumps(subject, separators=(",", ":"), sort_keys=True)
    assert proposed["request"]["subject_digest"] == "sha256:" + hashlib.sha256(text.encode()).hexdigest()


# Users who change


def test_a_disabled_user_is_out_at_once_and_can_come_back(fresh):
    assert fresh.call("admin", "PATCH", "/users/vic", {"disabled": True})["disabled"] is True
    assert_problem(fresh.api("vic", "GET", "/whoami"), 401, "unauthenticated")
    listed = fresh.call("admin", "GET", "/users", query={"filter": "name = 'vic'"})["items"]
    assert [(user["name"], user["roles"], user["disabled"]) for user in listed] == [("vic", ["viewer"], True)]
    assert_problem(fresh.api("admin", "POST", "/tokens", {"user": "vic"}), 409, "failed_precondition")
    fresh.call("admin", "PATCH", "/users/vic", {"disabled": False})
    assert fresh.call("vic", "GET", "/whoami")["user"] == "vic"


def test_a_role_that_is_taken_away_is_gone_from_the_tokens(fresh):
    user = fresh.call("admin", "PATCH", "/users/dana", {"roles": ["viewer"]})
    assert user["roles"] == ["viewer"] and user["disabled"] is False
    assert_problem(fresh.api("dana", "POST", "/models", {"name": "late"}), 403, "permission_denied")


def test_an_approval_of_someone_disabled_does_not_count(fresh):
    request = fresh.hand_over(fresh.register("left", b"1", report=REPORT))
    fresh.call("admin", "PATCH", "/users/alex", {"disabled": True})
    problem = assert_problem(fresh.api("drew", "POST", f"/requests/{request['id']}/promotion", {}), 409, "failed_precondition")
    assert [item["requirement"] for item in problem["missing"]] == ["approvals"]


@pytest.mark.parametrize("change", [{"disabled": True}, {"roles": ["viewer"]}])
def test_the_last_admin_stays(fresh, change):
    assert_problem(fresh.api("admin", "PATCH", "/users/admin", change), 409, "failed_precondition")
    fresh.call("admin", "POST", "/users", {"name": "second", "roles": ["admin"]}, expect=201)
    fresh.call("admin", "PATCH", "/users/admin", change)
    assert fresh.api("admin", "GET", "/users").status in (401, 403)


@pytest.mark.parametrize("change", [{"roles": []}, {"roles": ["king"]}, {"disabled": "yes"}, {"enabled": True}])
def test_a_change_of_a_user_that_makes_no_sense(server, change):
    assert_problem(server.api("admin", "PATCH", "/users/vic", change), 400, "invalid_argument")
    assert_problem(server.api("admin", "PATCH", "/users/nobody-here", {"disabled": True}), 404, "not_found")


# Scoped tokens


def scoped(server, who, **scope):
    created = server.call("admin", "POST", "/tokens", {"user": who, **scope}, expect=201)
    server.tokens[created["id"]] = created["secret"]
    return created["id"]


def test_a_token_sees_only_the_models_of_its_scope(server, name):
    server.register(name + "-in", b"1")
    server.register(name + "-out", b"2")
    token = scoped(server, "dana", models=[name + "-i*"])
    assert server.call(token, "GET", f"/models/{name}-in")["name"] == name + "-in"
    hidden = assert_problem(server.api(token, "GET", f"/models/{name}-out"), 404, "not_found")
    absent = assert_problem(server.api(token, "GET", f"/models/{name}-never"), 404, "not_found")
    assert hidden["detail"].replace("-out", "-never") == absent["detail"], "what may not be seen looks like what is not there"
    assert {model["name"] for model in server.call(token, "GET", "/models")["items"]} == {name + "-in"}
    assert {version["model"] for version in server.call(token, "GET", "/versions")["items"]} == {name + "-in"}
    answer = server.api(token, "POST", f"/models/{name}-out/versions", {"files": []})
    assert answer.status in (400, 403, 404)


def test_a_token_has_no_more_roles_than_it_was_given(server, name):
    token = scoped(server, "sam", roles=["developer"])
    server.register(name, b"x", report=REPORT)
    request = server.call("dana", "POST", f"/models/{name}/versions/1/requests", {}, expect=201)
    answer = server.api(token, "POST", f"/requests/{request['id']}/approvals", {"digest": request["digest"]})
    assert_problem(answer, 403, "permission_denied")
    assert server.call(token, "GET", "/whoami")["roles"] == ["developer"]
    assert server.api("admin", "POST", "/tokens", {"user": "dana", "roles": ["admin"]}).status in (400, 403, 409)


def test_a_token_for_one_environment_promotes_nowhere_else(server, name):
    version = server.register(name, b"x", report=REPORT)
    token = scoped(server, "drew", environments=["staging"])
    for environment, expected in (("production", 403), ("staging", 200)):
        request = server.hand_over(version, environment)
        assert server.api(token, "POST", f"/requests/{request['id']}/promotion", {}).status == expected


def test_a_revoked_token_is_dead_at_once(server):
    token = scoped(server, "vic")
    assert server.api(token, "GET", "/whoami").status == 200
    server.call("admin", "DELETE", f"/tokens/{token}")
    assert_problem(server.api(token, "GET", "/whoami"), 401, "unauthenticated")


def test_people_make_tokens_for_themselves_and_never_see_secrets_again(server):
    created = server.call("vic", "POST", "/tokens", {"name": "laptop"}, expect=201)
    assert created["user"] == "vic" and created["secret"].startswith("bt")
    listed = server.call("vic", "GET", "/tokens")["items"]
    assert {item["user"] for item in listed} == {"vic"}
    assert not any("secret" in item for item in listed)
    for file in server.data.iterdir():
        assert not file.is_file() or created["secret"].encode() not in file.read_bytes(), "only its hash is stored"


def test_token_and_user_verbs(server, name):
    user = name[:20].strip("-")
    server.cli("admin", "user", "create", user, "--role", "viewer")
    secret = server.cli("admin", "token", "create", "--user", user, "--models", "only-*", "--expires", "1d").stdout
    assert secret == secret.strip() + "\n" and secret.startswith("bt"), "the secret alone"
    server.tokens[user] = secret.strip()
    assert server.cli(user, "whoami").stdout.count(user) >= 1
    listed = server.cli(user, "token", "list", "--json").stdout
    assert "only-*" in listed
    token = server.call(user, "GET", "/whoami")["token_id"]
    server.cli("admin", "token", "revoke", token)
    assert server.cli(user, "whoami", ok=False).returncode == 4
