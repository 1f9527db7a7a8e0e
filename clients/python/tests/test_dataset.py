"""The data set digest: fixed for ever, and about values alone."""

from __future__ import annotations

import hashlib
import math
import struct

import pytest

import baton


def test_the_layout_is_as_documented():
    content = b"baton-dataset/1\n" + struct.pack("<3Q", 2, 2, 1)
    content += b"n" + struct.pack("<2d", 1.5, 3.0)
    content += b"n" + struct.pack("<d", 0.0) + bytes.fromhex("000000000000f87f")
    content += b"s" + struct.pack("<Q", 2) + b"no" + struct.pack("<Q", 3) + b"j\xc3\xa0"
    expected = "sha256:" + hashlib.sha256(content).hexdigest()
    assert baton.dataset_digest([[1.5, -0.0], [3, math.nan]], ["no", "jà"]) == expected


def test_golden_digest():
    digest = baton.dataset_digest([[1.0, 2.0], [3.0, 4.0]], [0, 1])
    assert digest == "sha256:33aad7732e4425b1daf45c3ac9ba10844ced642e4e6eb60d9ede95fb31d2d883"


def test_it_is_about_values_not_about_storage():
    np = pytest.importorskip("numpy")
    X, y = np.arange(12.0).reshape(4, 3), np.array([0, 1, 1, 0])
    same = {
        baton.dataset_digest(X, y),
        baton.dataset_digest(X.astype(np.float32), y.astype(np.uint8)),
        baton.dataset_digest(np.asfortranarray(X), y.astype(bool)),
        baton.dataset_digest(X.tolist(), y.reshape(-1, 1)),
        baton.dataset_digest(list(X), tuple(y.tolist())),
        baton.dataset_digest(X.astype(object), y),
    }
    assert len(same) == 1


@pytest.mark.parametrize(
    "X, y",
    [
        ([[1, 2], [3, 5]], [0, 1]),
        ([[3, 4], [1, 2]], [1, 0]),
        ([[1, 2], [3, 4]], [1, 0]),
        ([[1, 2], [3, 4]], None),
        ([[1, 2, 0], [3, 4, 1]], None),
        ([[1, 3], [2, 4]], [0, 1]),
        ([["1", "2"], ["3", "4"]], [0, 1]),
    ],
)
def test_another_data_set_has_another_digest(X, y):
    assert baton.dataset_digest(X, y) != baton.dataset_digest([[1, 2], [3, 4]], [0, 1])


@pytest.mark.parametrize(
    "X, y, says",
    [
        ([[1], [2]], [1], "number of rows"),
        ([[1, 2], [3]], None, "same length"),
        ([[2**53 + 1]], None, "double cannot represent"),
    ],
)
def test_what_has_no_digest_says_why(X, y, says):
    with pytest.raises(ValueError, match=says):
        baton.dataset_digest(X, y)
    np = pytest.importorskip("numpy")
    with pytest.raises(ValueError, match=says):
        baton.dataset_digest([np.array(row) for row in X], y)
