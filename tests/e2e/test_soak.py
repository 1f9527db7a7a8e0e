"""Short forms of the long runs in soak.py."""

from __future__ import annotations

from harness import request, wait_for
from models import constant
from soak import churn, swaps


def test_memory_is_flat_over_loads_and_unloads(fresh):
    memory = churn(fresh, "m", 60, models=4)
    assert memory[-1] < memory[19] * 1.1, memory
    # The live one and the one before are loaded of each, nothing else is left.
    departing = wait_for(lambda: (found := fresh.call("vic", "GET", "/live")["departing"]) and len(found) == 4 and found)
    assert departing[0] == {"model": "m-0", "version": 2, "state": "warm", "in_flight": 0}


def test_swaps_under_load_fail_nobody(fresh):
    result = swaps(fresh, "m", changes=60, steady_seconds=1)
    assert result.failures == []
    assert result.answers > 500


def test_the_version_before_is_shown_as_warm(server, name):
    server.make_live(name, constant(1.0), path="model.onnx")
    server.make_live(name, constant(2.0), path="model.onnx")
    assert f"{name}/1 is kept warm for a rollback" in server.cli("vic", "live", name).stdout
    assert 'baton_departing_versions{state="warm"}' in request(server.url, "GET", "/metrics").body.decode()
