"""Inference over HTTP: beside nginx and the kernel's floor, beside idle and slow connections, beside other servers."""

import contextlib
import socket
import statistics
from pathlib import Path

from document import microseconds, per_second, ratio, table
from load import Failed, Unavailable, load, medians, need
from peers import FastApi, MLflow, MLServer
from servers import Baton, Floor, Nginx, Workload, oip_binary, oip_json

IDLE, SLOW = 5000, 200
MANY = 5000  # connections, which take so long to make that slices are twice as long
COMPARED = ["requests/s", "nginx", "ratio", "p99", "nginx", "ratio", "CPU per request", "nginx", "ratio"]  # by compare()


def requests():
    """What is asked, by title, and over how many connections."""
    return {"one row, JSON": (oip_json("bench", 1), (1, 32, 512, MANY)),
            "100 rows, JSON": (oip_json("bench", 100), (32, 512, MANY)),
            "100 rows, binary": (oip_binary("bench", 100), (32, 512, MANY))}


def beside_nginx(run):
    """One event loop of ours, really inferring, beside one worker of nginx answering a canned reply of the same size."""
    need("wrk")
    rows = []
    with Baton(run.binary, run.folder, "--loops", "1") as baton:
        for title, (workload, connections) in requests().items():
            with Nginx(run.folder, len(baton.answer(workload))) as nginx:
                for count in connections:
                    seconds = run.seconds * (2 if count == MANY else 1)

                    def work():
                        for server in (nginx, baton):
                            yield server, load(server, workload, run.folder, count, seconds)
                    found = medians(work, run.rounds)
                    rows.append([title, f"{count:,}", *compare(found[baton], found[nginx])])
    return table(["request", "connections", *COMPARED], rows)


def compare(ours, theirs):
    return [per_second(ours.rate), per_second(theirs.rate), ratio(ours.rate / theirs.rate),
            microseconds(ours.p99), microseconds(theirs.p99), ratio(ours.p99 / theirs.p99),
            microseconds(ours.cpu), microseconds(theirs.cpu), ratio(ours.cpu / theirs.cpu)]


def profiled(run):
    """The release build and one laid out by a profile, side by side, beside nginx with its canned reply."""
    need("wrk")
    binary = Path(run.binary).parents[2] / "profiled/bin/baton"
    if not binary.exists():
        raise Unavailable(f"{binary} is not there: scripts/build-profiled makes it")
    workload = oip_json("bench", 1)
    rows = []
    with Baton(run.binary, run.folder, "--loops", "1") as plain, Baton(binary, run.folder, "--loops", "1") as laid_out:
        with Nginx(run.folder, len(plain.answer(workload))) as nginx:
            builds = {"release": plain, "profiled": laid_out}
            for count in (1, 32, 512):

                def work():
                    for server in (nginx, *builds.values()):
                        yield server, load(server, workload, run.folder, count, run.seconds)
                found = medians(work, run.rounds)
                rows += [[name, f"{count:,}", *compare(found[server], found[nginx])] for name, server in builds.items()]
    return table(["build", "connections", *COMPARED], rows)


def split(run):
    """Where the time goes: what each step of the way to an answer costs, in user space and in the kernel."""
    need("wrk")
    workload = oip_json("bench", 1)
    health = Workload("/v2/health/live", None, {}, method="GET")
    with Baton(run.binary, run.folder, "--loops", "1") as baton, contextlib.ExitStack() as stack:
        size = len(baton.answer(workload))
        floor = stack.enter_context(Floor(run.programs, size))
        nginx = stack.enter_context(Nginx(run.folder, size))
        steps = {"reading and writing alone, canned reply": (floor, workload), "nginx, canned reply": (nginx, workload),
                 "Baton, health (HTTP, no body, no model)": (baton, health), "Baton, one row": (baton, workload),
                 "Baton, 100 rows, JSON": (baton, oip_json("bench", 100)),
                 "Baton, 100 rows, binary": (baton, oip_binary("bench", 100))}

        def work():
            for title, (server, asked) in steps.items():
                yield title, load(server, asked, run.folder, 32, run.seconds)
        found = medians(work, run.rounds)
    least = next(iter(found.values()))
    rows = [[title, microseconds(one.user), microseconds(one.kernel), microseconds(one.cpu),
             f"{one.cpu - least.cpu:+.1f} µs", per_second(one.rate)] for title, one in found.items()]
    return table(["32 connections", "user space", "kernel", "CPU per request", "above the first", "requests/s"], rows)


def beside_idle(run):
    """32 busy connections alone, then beside idle connections and senders that never finish their head."""
    need("wrk")
    workload = oip_json("bench", 1)
    alone, beside = [], []
    with Baton(run.binary, run.folder) as baton:
        for _ in range(run.rounds):
            alone.append(load(baton, workload, run.folder, 32, run.seconds).p99)
            with contextlib.ExitStack() as stack:
                hold(stack, baton)
                beside.append(load(baton, workload, run.folder, 32, run.seconds).p99)
    alone, beside = statistics.median(alone), statistics.median(beside)
    return table(["32 busy connections", "alone", f"beside {IDLE:,} idle and {SLOW} slow ones", "ratio"],
                 [["p99", microseconds(alone), microseconds(beside), ratio(beside / alone)]])


def hold(stack, server):
    host, port = server.url.removeprefix("http://").split(":")
    for i in range(IDLE + SLOW):
        connection = stack.enter_context(socket.create_connection((host, int(port))))
        if i < SLOW:
            connection.sendall(b"POST /v2/models/bench/infer HTTP/1.1\r\nHost: x\r\n")


def start_present(stack, starts):
    """Enters the servers that can be started; a note for each that is missing."""
    servers, missing = [], []
    for start in starts:
        try:
            servers.append(stack.enter_context(start()))
        except (Unavailable, Failed) as reason:
            print(f"\nmissing: {reason}")
            missing.append(f"\n\nMissing: {str(reason).splitlines()[0]}.")
    return servers, "".join(missing)


def beside_peers(run):
    """Other servers of the same model, 32 connections."""
    need("wrk")
    rows = []
    with Baton(run.binary, run.folder) as baton, contextlib.ExitStack() as stack:
        peers, missing = start_present(stack, [
            lambda: MLServer(run.peers, run.folder),
            lambda: FastApi(run.peers, run.folder, baton.folder / "model.onnx"),
            lambda: MLflow(run.peers, run.folder)])
        for count in (1, 100):
            def work():
                for server in (baton, *peers):
                    workload = oip_json("bench", count) if server is baton else server.workload(count)
                    yield server, load(server, workload, run.folder, 32, run.seconds)
            found = medians(work, run.rounds)
            rows += [[f"{count} row{'s' if count > 1 else ''}", server.name, per_second(one.rate), microseconds(one.p99),
                      microseconds(one.cpu), ratio(found[baton].rate / one.rate), ratio(found[baton].cpu / one.cpu)]
                     for server, one in found.items()]
    return table(["JSON", "server", "requests/s", "p99", "CPU per request", "Baton's requests/s, ratio",
                  "Baton's CPU, ratio"], rows) + missing
