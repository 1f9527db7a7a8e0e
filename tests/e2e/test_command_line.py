"""The command line against the real server: the whole handoff, and what it prints for people and for scripts."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess

import pytest

from harness import BINARY, REPORT, wait_for


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "model" / "sub").mkdir(parents=True)
    (tmp_path / "model" / "weights.txt").write_text("1 2 3")
    (tmp_path / "model" / "sub" / "notes.txt").write_text("notes")
    (tmp_path / "report.json").write_text(json.dumps(REPORT))
    return tmp_path


def one_document(done):
    """With --json, standard output is exactly one JSON document."""
    return json.loads(done.stdout)


def test_the_whole_handoff(server, name, folder):
    registered = server.cli(
        "dana", "register", name, folder / "model", "--report", folder / "report.json", "--tag", "team=risk",
        "--metadata", "run_id=7", "--description", "first", "--request", "production", "--notes", "please",
    )  # fmt: skip
    assert registered.stdout == f"{name}/1\n"
    version = one_document(server.cli("vic", "show", f"{name}/1", "--json"))
    assert sorted(file["path"].rsplit("/", 1)[-1] for file in version["files"]) == ["notes.txt", "weights.txt"]
    assert version["tags"] == {"team": "risk"} and version["metadata"]["run_id"] == "7"
    server.cli("vic", "comment", f"{name}/1", "what is the holdout?")
    assert name in server.cli("alex", "requests", "--state", "open").stdout
    server.cli("alex", "approve", f"{name}/1", "--comment", "fine")
    slot = one_document(server.cli("drew", "promote", f"{name}/1", "--wait", "--json"))
    assert (slot["version"], slot["environment"]) == (1, "production")
    assert name in server.cli("vic", "live").stdout
    log = server.cli("vic", "log", f"{name}/1").stdout
    assert all(person in log for person in ("dana", "alex", "drew"))


def test_a_request_is_taken_back(server, name):
    server.register(name, b"one")
    server.cli("dana", "request", f"{name}/1")
    assert server.cli("alex", "withdraw", f"{name}/1", ok=False).returncode == 4, "only by who opened it"
    assert one_document(server.cli("dana", "withdraw", f"{name}/1", "--json"))["state"] == "withdrawn"
    assert server.cli("alex", "approve", f"{name}/1", ok=False).returncode == 3


def test_aliases_come_and_go(server, name):
    server.register(name, b"one")
    server.cli("dana", "alias", "set", f"{name}/latest", "champion")
    assert one_document(server.cli("vic", "show", f"{name}@champion", "--json"))["version"] == 1
    assert one_document(server.cli("vic", "alias", "list", name, "--json")) == {"champion": 1}
    server.cli("dana", "alias", "remove", f"{name}@champion")
    assert server.cli("vic", "show", f"{name}@champion", ok=False).returncode == 3


def test_a_user_is_shut_out_and_let_in_again(fresh):
    fresh.cli("admin", "user", "edit", "vic", "--disable")
    assert fresh.cli("vic", "list", ok=False).returncode == 4
    fresh.cli("admin", "user", "edit", "vic", "--enable", "--role", "viewer", "--role", "developer")
    assert one_document(fresh.cli("admin", "user", "list", "--json"))["items"][-1]["roles"] == ["viewer", "developer"]
    fresh.cli("vic", "list")
    assert fresh.cli("admin", "user", "edit", "admin", "--disable", ok=False).returncode == 5, "no admin would be left"


def test_a_lost_admin_token_is_replaced_on_the_stopped_servers_folder(fresh):
    command = [str(BINARY), "token", "create", "--user", "admin", "--data", str(fresh.data)]
    running = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert running.returncode == 5 and running.stdout == ""
    fresh.stop()
    made = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert made.returncode == 0, made.stderr
    fresh.start()
    fresh.tokens["admin"] = made.stdout.strip()
    assert fresh.cli("admin", "whoami").returncode == 0
    log = one_document(fresh.cli("admin", "log", "--filter", "request_id = 'local-operator'", "--json"))["items"]
    assert [entry["action"] for entry in log] == ["token.created"]


def test_a_better_version_and_back(server, name, folder):
    for content in ("one", "two"):
        (folder / "model" / "weights.txt").write_text(content)
        ref = server.cli("dana", "register", name, folder / "model", "--report", folder / "report.json").stdout.strip()
        server.cli("dana", "request", ref, "--notes", "again")
        server.cli("alex", "approve", ref)
        server.cli("drew", "promote", ref)
    back = one_document(server.cli("drew", "rollback", name, "--reason", "two was worse", "--json"))
    assert back["version"] == 1
    server.cli("drew", "retire", f"{name}/2", "--reason", "worse")
    assert one_document(server.cli("vic", "show", f"{name}/2", "--json"))["stage"] == "retired"
    assert "weights.txt" in server.cli("vic", "diff", f"{name}/1", f"{name}/2").stdout


@pytest.mark.parametrize(
    "who, arguments, status",
    [
        ("vic", ["show", "nothing/1"], 3),
        ("vic", ["show", "no reference/at/all"], 2),
        ("dana", ["register", "x", "/does/not/exist"], 3),
        ("vic", ["search", "name ="], 2),
        ("vic", ["user", "create", "eve"], 4),
        ("vic", ["frobnicate"], 2),
        ("drew", ["rollback", "nothing", "--reason", "x"], 3),
    ],
)
def test_exit_statuses_tell_what_kind_of_error(server, who, arguments, status):
    done = server.cli(who, *arguments, ok=False)
    assert done.returncode == status, done.stderr
    assert done.stdout == "" and done.stderr


def test_no_server_is_unavailable(server, tmp_path):
    environment = {**os.environ, "BATON_URL": "http://127.0.0.1:9", "BATON_TOKEN": "x", "XDG_CONFIG_HOME": str(tmp_path)}
    done = subprocess.run([str(BINARY), "list"], capture_output=True, text=True, env=environment, timeout=60)
    assert done.returncode == 7 and "127.0.0.1:9" in done.stderr


@pytest.mark.parametrize(
    "verb", [["list"], ["live"], ["requests"], ["whoami"], ["version"], ["search", "stage = 'live'"], ["log"], ["token", "list"]]
)
def test_json_is_exactly_one_document(server, verb):
    assert one_document(server.cli("vic", *verb, "--json")) is not None


def test_a_reader_that_has_gone_is_said_so(server):
    """As in `baton log | head`; whatever the size of the answer."""
    for verb in (["completion", "bash"], ["version"], ["live"]):
        reading, writing = os.pipe()
        os.close(reading)
        environment = {**os.environ, "BATON_URL": server.url, "BATON_TOKEN": server.tokens["vic"]}
        done = subprocess.run([str(BINARY), *verb], stdout=writing, stderr=subprocess.PIPE, text=True, env=environment, timeout=60)
        os.close(writing)
        assert (done.returncode, done.stderr) == (7, "error: cannot write 'standard output': Broken pipe\n"), verb


def test_what_is_said_of_models_and_versions_is_edited(server, name):
    server.register(name, b"one", tags={"draft": "yes"})
    server.cli("dana", "edit", name, "--description", "who pays back", "--tag", f"team={name}")
    server.cli("dana", "edit", f"{name}/1", "--untag", "draft", "--tag", f"data={name}")
    shown = one_document(server.cli("vic", "list", "--filter", f"tags.team = '{name}'", "--json"))["items"]
    assert [(model["name"], model["description"]) for model in shown] == [(name, "who pays back")]
    [version] = one_document(server.cli("vic", "list", name, "--filter", f"tags.data = '{name}'", "--json"))["items"]
    assert version["tags"] == {"data": name}
    assert server.cli("vic", "edit", name, "--description", "", ok=False).returncode == 4
    server.cli("dana", "delete", name)
    assert server.cli("vic", "show", name, ok=False).returncode == 3


def test_profiles_are_shared_with_the_python_package(server, tmp_path, monkeypatch):
    import baton

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for variable in ("BATON_URL", "BATON_TOKEN"):
        monkeypatch.delenv(variable, raising=False)
    subprocess.run([str(BINARY), "login", server.url, "--token", server.tokens["vic"]], check=True, capture_output=True, timeout=60)
    stored = tmp_path / "baton" / "profiles.json"
    assert stored.stat().st_mode & 0o777 == 0o600
    with baton.Client() as client:
        assert client.whoami()["user"] == "vic"


def test_pull_shows_one_whole_version(server, name, tmp_path):
    first, second = server.register(name, b"one"), server.register(name, b"two")
    target = tmp_path / "here"
    for version, content in ((first, b"one"), (second, b"two")):
        server.cli("vic", "pull", f"{name}/{version['version']}", target)
        assert (target / "weights.txt").read_bytes() == content and target.is_symlink()
    with server.client("vic") as client:
        client.pull(f"{name}/1", target)
    assert (target / "weights.txt").read_bytes() == b"one", "the Python package and the command share the layout"


@pytest.fixture
def watch(tmp_path):
    """Starts `pull --watch` of a model's live version, and answers what says whether the folder shows some content."""
    watchers = []

    def start(server, name):
        target = tmp_path / "here"
        environment = {**os.environ, "BATON_URL": server.url, "BATON_TOKEN": server.tokens["vic"], "XDG_CONFIG_HOME": str(tmp_path)}
        command = [str(BINARY), "pull", f"{name}/live", str(target), "--watch"]
        watchers.append(subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        return lambda content: lambda: target.exists() and (target / "weights.txt").read_bytes() == content

    yield start
    for watcher in watchers:
        assert watcher.poll() is None, "it goes on until it is stopped"
        watcher.send_signal(signal.SIGTERM)
        watcher.wait(timeout=20)


def test_pull_watch_follows_what_is_live(server, name, watch):
    server.make_live(name, b"one")
    shows = watch(server, name)
    wait_for(shows(b"one"))
    server.make_live(name, b"two")
    wait_for(shows(b"two"))
    server.call("drew", "POST", f"/models/{name}/rollback", {"reason": "back"})
    wait_for(shows(b"one"))


def test_pull_watch_goes_on_after_a_change_of_another_model(fresh, watch):
    fresh.make_live("mine", b"one")
    shows = watch(fresh, "mine")
    wait_for(shows(b"one"))
    fresh.make_live("other", b"x")
    unchanged = re.compile(r'/models/mine/live\b.*\b304\b')
    wait_for(lambda: any(unchanged.search(line) for line in fresh.log.read_text(errors="replace").splitlines()))
    fresh.make_live("mine", b"two")
    wait_for(shows(b"two"), timeout=5)


def test_pull_watch_goes_on_after_a_download_that_failed(fresh, watch):
    fresh.make_live("mine", b"one")
    shows = watch(fresh, "mine")
    wait_for(shows(b"one"))
    damaged = fresh.register("mine", b"two", report=REPORT)
    damage(fresh, damaged, b"tow")
    fresh.promote(fresh.hand_over(damaged), wait=False)
    wait_for(lambda: "/models/mine/live/files/" in fresh.log.read_text(errors="replace").split("/promotion")[-1])
    fresh.make_live("mine", b"three")
    wait_for(shows(b"three"), timeout=10)


def damage(server, version, content):
    """Puts other bytes into the place of the version's one blob."""
    digest = version["files"][0]["digest"].split(":")[1]
    stored = next(path for path in server.data.rglob(f"*{digest[2:]}*") if path.is_file())
    stored.chmod(0o600)
    stored.write_bytes(content)
    return digest


def test_a_damaged_blob_is_noticed_by_pull_and_fsck(fresh, tmp_path):
    version = fresh.register("m", b"good bytes")
    fresh.cli("vic", "pull", "m/1", tmp_path / "here")
    other = fresh.register("m", b"also good!")
    digest = damage(fresh, other, b"also bad!!")
    done = fresh.cli("vic", "pull", "m/2", tmp_path / "here", ok=False)
    assert done.returncode == 8, done.stderr
    assert (tmp_path / "here" / "weights.txt").read_bytes() == b"good bytes", "nothing was replaced"
    fresh.stop()
    checked = subprocess.run([str(BINARY), "fsck", "--data", str(fresh.data)], capture_output=True, text=True, timeout=60)
    assert checked.returncode == 8 and digest in checked.stdout + checked.stderr
    assert version["digest"] != other["digest"]


def test_a_second_server_on_the_same_folder_is_refused(fresh):
    command = [str(BINARY), "serve", "--data", str(fresh.data), "--listen", "127.0.0.1:0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode != 0 and str(fresh.data) in done.stderr
    assert subprocess.run([str(BINARY), "fsck", "--data", str(fresh.data)], capture_output=True, timeout=30).returncode not in (0, 8)
