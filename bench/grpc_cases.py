"""Inference over gRPC, beside a canned answer by the same library and MLServer."""

import contextlib
import json
import subprocess

from document import microseconds, per_second, ratio, table
from http_cases import start_present
from load import CpuClock, Failed, Slice, Unavailable, medians
from peers import MLServer
from servers import Baton, CannedGrpc

CALLS = 32


def call(run, server, rows):
    """One slice of load, and how many cores the client took."""
    program = run.programs / "bench_grpc_load"
    if not program.exists():
        raise Unavailable(f"{program} is not built")
    clock = CpuClock(server.pids)
    out = subprocess.run([str(program), server.grpc, "bench", server.input_name, str(rows), str(CALLS),
                          str(run.seconds)], capture_output=True, text=True, check=True)
    outcome = json.loads(out.stdout)
    if outcome["failed"]:
        raise Failed(f"{server.name} did not answer every call: {out.stderr}")
    used = clock.microseconds(outcome["calls"])
    return Slice(outcome["calls"] / outcome["seconds"], outcome["p99"], *used), outcome["cpu"] / outcome["seconds"]


def grpc(run):
    """32 calls at once, each on a connection of its own, tensors in raw form."""
    rows = []
    with Baton(run.binary, run.folder, "--grpc-listen", "127.0.0.1:0") as baton, contextlib.ExitStack() as stack:
        others, missing = start_present(stack, [lambda: CannedGrpc(run.programs),
                                                lambda: MLServer(run.peers, run.folder)])
        for count in (1, 100):
            client = {}

            def work():
                for server in (baton, *others):
                    one, client[server] = call(run, server, count)
                    yield server, one
            found = medians(work, run.rounds)
            for server, one in found.items():
                rows.append([f"{count} row{'s' if count > 1 else ''}", server.name, per_second(one.rate),
                             microseconds(one.p99), microseconds(one.cpu), f"{one.rate * one.cpu / 1e6:.2f}",
                             f"{client[server]:.2f}", ratio(found[baton].rate / one.rate),
                             ratio(found[baton].cpu / one.cpu)])
    return table(["gRPC", "server", "calls/s", "p99", "CPU per call", "cores, server", "cores, client",
                  "Baton's calls/s, ratio", "Baton's CPU, ratio"], rows) + missing
