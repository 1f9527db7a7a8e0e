"""Uploads: what is sent, what is not, and how a broken one continues."""

from __future__ import annotations

import random

import pytest

import baton
from baton import upload
from baton.upload import source_of_bytes, sources_of_path


@pytest.fixture
def content():
    return random.Random(7).randbytes(1_000_000)


def test_files_and_folders_keep_their_paths(client, server, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.txt").write_bytes(b"b")
    (tmp_path / "a.txt").write_bytes(b"a")
    (tmp_path / ".hidden").write_bytes(b"no")
    version = client.register(tmp_path, name="folder")
    assert [file.path for file in version.files] == ["a.txt", "sub/b.txt"]
    assert [file.size for file in client.register(tmp_path / "a.txt", name="file").files] == [1]


def test_only_what_is_missing_is_sent(client, server):
    client.register_files([source_of_bytes("a", b"same")], "m")
    client.register_files([source_of_bytes("b", b"same"), source_of_bytes("c", b"new")], "m")
    assert len(server.of("PUT", "/blobs/")) == 2
    assert sorted(server.blobs.values()) == [b"new", b"same"]


@pytest.mark.parametrize("cuts", [[400_000], [1], [300_000, 300_000, 300_000], [999_999]])
def test_a_broken_upload_continues_where_it_broke(client, server, content, cuts):
    for after in cuts:
        server.cut_upload(after)
    client.register_files([source_of_bytes("big", content)], "m")
    assert list(server.blobs.values()) == [content]
    last = server.of("PUT", "/blobs/")[-1]
    start = sum(cuts)
    assert last.headers["Content-Range"] == f"bytes {start}-999999/1000000"
    assert len(last.body) == 1_000_000 - start, "what had arrived was not sent again"
    assert len({call.headers["Idempotency-Key"] for call in server.of("PUT", "/blobs/")}) == len(cuts) + 1


def test_what_an_earlier_run_has_sent_is_not_sent_again(client, server):
    content = random.Random(8).randbytes(upload.RESUMED_FROM)
    source = source_of_bytes("big", content)
    server.partial[source.digest] = content[:700_000]
    client.register_files([source], "m")
    (put,) = server.of("PUT", "/blobs/")
    assert put.headers["Content-Range"] == f"bytes 700000-{len(content) - 1}/{len(content)}" and put.body == content[700_000:]
    assert list(server.blobs.values()) == [content]


def test_a_part_that_is_whole_or_no_part_is_sent_from_the_start(client, server):
    content = random.Random(9).randbytes(upload.RESUMED_FROM)
    source = source_of_bytes("big", content)
    server.partial[source.digest] = content  # all has arrived, and was never committed
    client.register_files([source], "m")
    assert len(server.of("PUT", "/blobs/")[0].body) == len(content)


def test_small_files_are_sent_without_asking(client, server, content):
    client.register_files([source_of_bytes("small", content)], "m")
    assert server.of("HEAD", "/blobs/") == []


def test_an_upload_that_never_moves_is_given_up(client, server, content):
    for _ in range(20):
        server.cut_upload(0)
    with pytest.raises(baton.Unavailable):
        client.register_files([source_of_bytes("big", content)], "m")
    assert len(server.of("PUT", "/blobs/")) == 5


def test_a_lost_answer_to_a_whole_upload_is_no_second_upload(client, server, content):
    server.drop("PUT", "/blobs/", after_effect=True)
    client.register_files([source_of_bytes("big", content)], "m")
    assert len(server.of("PUT", "/blobs/")) == 1 and len(server.of("HEAD", "/blobs/")) == 1


def test_bytes_that_changed_after_hashing_are_refused(client, server, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"before")
    sources = sources_of_path(path)
    path.write_bytes(b"after!")
    with pytest.raises(baton.IntegrityError):
        client.register_files(sources, "m")
    assert server.versions == {}


def test_a_file_that_shrinks_is_noticed(client, server, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"before")
    sources = sources_of_path(path)
    path.write_bytes(b"be")
    with pytest.raises(baton.IntegrityError, match="shorter"):
        client.register_files(sources, "m")


def test_a_file_that_is_gone_is_said_so_and_not_tried_again(client, server, pauses, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"before")
    sources = sources_of_path(path)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        client.register_files(sources, "m")
    assert pauses == [] and server.of("HEAD", "/blobs/") == []


def test_progress_is_told(client, server, content):
    told = []
    client.register_files([source_of_bytes("big", content)], "m", progress=lambda *step: told.append(step))
    assert told[-1] == ("big", 1_000_000, 1_000_000) and len(told) == -(-1_000_000 // upload.CHUNK)


@pytest.mark.parametrize("make", [lambda p: p / "absent", lambda p: p])
def test_nothing_to_register_is_said(client, tmp_path, make):
    with pytest.raises(baton.InvalidRequest, match="exist|holds no file"):
        client.register(make(tmp_path), name="m")


def test_links_are_refused(client, tmp_path):
    (tmp_path / "link").symlink_to("/etc/passwd")
    with pytest.raises(baton.InvalidRequest, match="symbolic link"):
        client.register(tmp_path, name="m")
    with pytest.raises(baton.InvalidRequest, match="symbolic link"):
        client.register(tmp_path / "link", name="m")
