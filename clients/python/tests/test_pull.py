"""Pulling: whole and verified, or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import resource

import pytest

import baton
from baton import download
from baton.upload import source_of_bytes


def register(client, *contents):
    return client.register_files([source_of_bytes(f"dir/file{i}", content) for i, content in enumerate(contents)], "m")


def kept(store):
    return {entry.name for entry in store.iterdir()} - {".lock"}


def test_files_arrive_under_a_link(client, tmp_path):
    version = register(client, b"one", b"two")
    target = tmp_path / "here"
    folder = client.pull(version, target)
    assert target.is_symlink() and target.resolve() == folder.resolve()
    assert folder.name == version.digest[7:]
    assert (target / "dir/file0").read_bytes() == b"one" and (target / "dir/file1").read_bytes() == b"two"
    assert not os.path.isabs(os.readlink(target)), "the link survives moving its folder"


def test_the_link_moves_to_another_version_and_back(client, server, tmp_path):
    first, second = register(client, b"one"), register(client, b"two")
    for version, content in ((first, b"one"), (second, b"two"), (first, b"one")):
        client.pull(version, tmp_path / "here")
        assert (tmp_path / "here/dir/file0").read_bytes() == content
    assert len(server.of("GET", "/files/")) == 2, "what is there and whole is not fetched again"
    assert kept(tmp_path / "here.versions") == {first.digest[7:], second.digest[7:]}
    client.pull(register(client, b"three"), tmp_path / "here")
    assert second.digest[7:] not in kept(tmp_path / "here.versions"), "only the one before the shown one is kept"


def test_a_mismatch_replaces_nothing(client, server, tmp_path):
    first, second = register(client, b"one"), register(client, b"two")
    client.pull(first, tmp_path / "here")
    server.corrupt[second.files[0].digest] = b"tw0"
    with pytest.raises(baton.IntegrityError, match="arrived with digest"):
        client.pull(second, tmp_path / "here")
    assert (tmp_path / "here/dir/file0").read_bytes() == b"one"
    assert kept(tmp_path / "here.versions") == {first.digest[7:]}, "nothing half-written stays"


def test_more_bytes_than_promised_are_refused(client, server, tmp_path):
    version = register(client, b"one")
    server.corrupt[version.files[0].digest] = b"one and more"
    with pytest.raises(baton.IntegrityError, match="longer"):
        client.pull(version, tmp_path / "here")
    assert not (tmp_path / "here").exists()


def test_a_manifest_that_is_not_the_versions_is_refused(client, server, tmp_path):
    register(client, b"one")
    server.versions["m"][0]["digest"] = "sha256:" + "0" * 64
    with pytest.raises(baton.IntegrityError, match="manifest"):
        client.pull("m/1", tmp_path / "here")


def test_a_broken_download_continues(client, server, tmp_path):
    content = os.urandom(600_000)
    version = register(client, content)
    server.cut_download(250_000)
    client.pull(version, tmp_path / "here")
    assert (tmp_path / "here/dir/file0").read_bytes() == content
    assert [call.headers.get("Range") for call in server.of("GET", "/files/")] == [None, "bytes=250000-"]


def test_a_damaged_copy_is_fetched_again(client, server, tmp_path):
    version = register(client, b"one")
    folder = client.pull(version, tmp_path / "here")
    (folder / "dir/file0").write_bytes(b"0ne")
    client.pull(version, tmp_path / "here")
    assert (tmp_path / "here/dir/file0").read_bytes() == b"one"


def test_a_damaged_copy_is_repaired_under_the_eyes_of_its_readers(client, tmp_path):
    version = register(client, b"one", b"two")
    folder = client.pull(version, tmp_path / "here")
    before = folder.stat().st_ino
    (folder / "dir/file0").write_bytes(b"0ne")
    (folder / "dir/file1").unlink()
    client.pull(version, tmp_path / "here")
    assert folder.stat().st_ino == before, "the folder that is shown was never away"
    assert [(folder / f"dir/file{i}").read_bytes() for i in (0, 1)] == [b"one", b"two"]


@contextlib.contextmanager
def small_disk():
    """No file of this process may grow beyond 100,000 bytes: not the test's own log either, so keep it short."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_said_so_and_not_tried_again(client, server, pauses, tmp_path):
    version = register(client, os.urandom(600_000))
    with pytest.raises(OSError) as caught, small_disk():
        client.pull(version, tmp_path / "here")
    assert caught.value.errno == errno.EFBIG
    assert pauses == [] and len(server.of("GET", "/files/")) == 1
    assert not (tmp_path / "here").exists() and kept(tmp_path / "here.versions") == set()


def test_an_ordinary_folder_is_left_alone(client, tmp_path):
    version = register(client, b"one")
    (tmp_path / "here").mkdir()
    (tmp_path / "here/mine").write_bytes(b"precious")
    with pytest.raises(baton.Conflict, match="not a link"):
        client.pull(version, tmp_path / "here")
    assert (tmp_path / "here/mine").read_bytes() == b"precious"


def test_an_empty_folder_gives_way(client, tmp_path):
    (tmp_path / "here").mkdir()
    client.pull(register(client, b"one"), tmp_path / "here")
    assert (tmp_path / "here/dir/file0").read_bytes() == b"one"


def test_two_pulls_do_not_mix(client, tmp_path):
    version = register(client, b"one")
    (tmp_path / "here.versions").mkdir()
    with download._lock(tmp_path / "here.versions"):
        with pytest.raises(baton.Conflict, match="another pull"):
            client.pull(version, tmp_path / "here")
    client.pull(version, tmp_path / "here")


@pytest.mark.parametrize("path", ["/etc/passwd", "../outside", "a/../../b", "a\\b", "", "nul\0"])
def test_paths_that_lead_outside_are_refused(path):
    with pytest.raises(baton.IntegrityError):
        download._safe(path)
