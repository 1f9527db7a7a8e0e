from __future__ import annotations

import pytest

from baton import Client
from baton.transport import Transport
from fake_server import FakeServer


@pytest.fixture
def server():
    with FakeServer() as fake:
        yield fake


@pytest.fixture
def pauses():
    """The pauses that a client has made, in seconds; none of them was waited for."""
    return []


@pytest.fixture
def client(server, pauses):
    transport = Transport(server.url, "btp_test", sleep=pauses.append, jitter=lambda: 1.0, timeout=10)
    with Client(transport=transport) as made:
        yield made
