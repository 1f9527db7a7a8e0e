from __future__ import annotations

import itertools

import pytest

from harness import BINARY, Server

_numbers = itertools.count(1)


def pytest_collection_modifyitems(items):
    if not BINARY.exists():
        reason = pytest.mark.skip(reason=f"{BINARY} is not there: build it, or set BATON_BINARY")
        for item in items:
            if "e2e" in item.path.parts:
                item.add_marker(reason)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server for all tests that get along with each other: each uses model names of its own (see ``name``)."""
    running = Server(tmp_path_factory.mktemp("baton") / "data").start()
    running.add_people()
    yield running
    assert running.stop() == 0, running.log_tail()


@pytest.fixture
def fresh(tmp_path):
    """A server of this test alone."""
    running = Server(tmp_path / "data").start()
    running.add_people()
    yield running
    if running.process:
        running.kill()


@pytest.fixture
def name(request):
    """A model name that no other test uses."""
    return f"{request.node.originalname.replace('_', '-')[5:45].strip('-')}-{next(_numbers)}"
