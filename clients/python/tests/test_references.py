"""References and where the server is found."""

from __future__ import annotations

import json

import pytest

import baton
from baton.profiles import find_endpoint
from baton.references import parse_reference

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    "text, model, version, path",
    [
        ("credit-risk/3", "credit-risk", "3", "/models/credit-risk/versions/3"),
        ("credit-risk/latest", "credit-risk", "latest", "/models/credit-risk/versions/latest"),
        ("credit-risk/live", "credit-risk", "live", "/models/credit-risk/versions/live"),
        ("credit-risk/live@staging", "credit-risk", "live@staging", "/models/credit-risk/versions/live@staging"),
        ("credit-risk@champion", "credit-risk", "@champion", "/models/credit-risk/versions/@champion"),
        (f"credit-risk/{DIGEST}", "credit-risk", DIGEST, f"/models/credit-risk/versions/{DIGEST}"),
    ],
)
def test_each_form_is_understood_and_written_back(text, model, version, path):
    reference = parse_reference(text)
    assert (reference.model, reference.version, reference.path, str(reference)) == (model, version, path, text)


@pytest.mark.parametrize("text", ["", "/", "/3", "m/", "m/0", "m/03", "m/-1", "m/x", "m@", "@a", "m/3/4", "m/sha256:ab", "m@a@b", "m@a/3"])
def test_anything_else_is_refused_with_the_forms(text):
    with pytest.raises(baton.InvalidRequest) as caught:
        parse_reference(text)
    assert "NAME/3" in caught.value.hint


def test_a_model_alone_is_no_version():
    with pytest.raises(baton.InvalidRequest, match="names a model"):
        parse_reference("credit-risk").path


@pytest.fixture
def environment(tmp_path):
    (tmp_path / "baton").mkdir()
    profiles = {"local": {"url": "http://local:1/", "token": "t-local"}, "far": {"url": "https://far", "token": "t-far"}}
    (tmp_path / "baton/profiles.json").write_text(json.dumps({"default": "local", "profiles": profiles}))
    return {"XDG_CONFIG_HOME": str(tmp_path)}


def test_the_profile_is_the_last_resort(environment):
    assert find_endpoint(environment=environment) == ("http://local:1", "t-local")
    environment.update(BATON_URL="http://env", BATON_TOKEN="t-env")
    assert find_endpoint(environment=environment) == ("http://env", "t-env")
    assert find_endpoint("http://arg", "t-arg", environment=environment) == ("http://arg", "t-arg")


def test_a_named_profile_wins_over_the_environment(environment):
    environment.update(BATON_URL="http://env", BATON_TOKEN="t-env")
    assert find_endpoint(profile="far", environment=environment) == ("https://far", "t-far")


def test_a_profiles_token_goes_to_its_own_server_only(environment):
    assert find_endpoint("http://elsewhere", environment=environment) == ("http://elsewhere", "")
    assert find_endpoint("http://local:1", environment=environment) == ("http://local:1", "t-local")


@pytest.mark.parametrize("profile", [None, "absent"])
def test_no_server_known_says_what_to_do(tmp_path, profile):
    with pytest.raises(baton.InvalidRequest) as caught:
        find_endpoint(profile=profile, environment={"XDG_CONFIG_HOME": str(tmp_path)})
    assert "baton login" in caught.value.hint


def test_a_broken_profile_file_is_named(tmp_path):
    (tmp_path / "baton").mkdir()
    (tmp_path / "baton/profiles.json").write_text("{")
    with pytest.raises(baton.InvalidRequest, match="profiles.json"):
        find_endpoint(environment={"XDG_CONFIG_HOME": str(tmp_path)})
