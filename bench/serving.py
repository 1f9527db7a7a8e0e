#!/usr/bin/env python3
"""Baton's inference over HTTP beside nginx answering a canned reply of the same size, and beside other model servers.

    .venv/bin/python bench/serving.py [--binary build/release/bin/baton] [--seconds 2] [--rounds 5] [--peers PYTHON]

Needs wrk and nginx (Debian packages of those names); --peers names the interpreter of a virtual environment that has the
peers (see bench/README.md). Slices of all servers alternate, so a busy machine slows all of them; medians over the rounds
are printed with their ratios, as tables for docs/performance.md. wrk is the bottleneck on a small machine: CPU per
request, read from /proc, is the honest figure.
"""

import argparse
import os
import socket
import tempfile
from pathlib import Path

from load import load, medians, need
from servers import Baton, FastApi, MLServer, Nginx, oip_binary, oip_json


def table(title, rows):
    print(f"\n{title}\n\n| server | requests/s | | p99 | | CPU per request | |\n|---|---|---|---|---|---|---|")
    first = next(iter(rows.values()))
    for name, one in rows.items():
        print(f"| {name} | {one.rate:,.0f} | {one.rate / first.rate:.2f} | {one.p99:,.0f} us | {one.p99 / first.p99:.2f} "
              f"| {one.cpu:.2f} us | {one.cpu / first.cpu:.2f} |")


def beside_nginx(baton, folder, options):
    """Ratios are to nginx, which comes first."""
    cases = [("One row, JSON", oip_json("bench", 1), (1, 32, 512)), ("100 rows, JSON", oip_json("bench", 100), (32,)),
             ("100 rows, binary", oip_binary("bench", 100), (32,))]
    for title, workload, connections in cases:
        with Nginx(folder, len(baton.answer(workload))) as nginx:
            for count in connections:
                def work():
                    for server in (nginx, baton):
                        yield server.name, load(server, workload, folder, count, options.seconds)
                table(f"{title}, {count} connection{'s' if count > 1 else ''}", medians(work, options.rounds))


def beside_peers(baton, folder, options):
    """Ratios are to the first peer."""
    with MLServer(options.peers, folder) as mlserver, \
            FastApi(options.peers, folder, folder / "model.onnx") as fastapi:
        for rows in (1, 100):
            def work():
                for server in (mlserver, fastapi, baton):
                    workload = oip_json("bench", rows, "predict" if server is mlserver else "X")
                    yield server.name, load(server, workload, folder, 32, options.seconds)
            table(f"{rows} row{'s' if rows > 1 else ''}, JSON, 32 connections", medians(work, min(options.rounds, 3)))


def slow_and_idle(baton, folder, seconds, idle, slow):
    """p99 of 32 busy connections alone, then beside idle connections and senders that never finish their head."""
    host, port = baton.url.removeprefix("http://").split(":")
    workload = oip_json("bench", 1)
    steady = load(baton, workload, folder, 32, seconds)
    held = []
    for i in range(idle + slow):
        connection = socket.create_connection((host, int(port)))
        if i < slow:
            connection.sendall(b"POST /v2/models/bench/infer HTTP/1.1\r\nHost: x\r\n")
        held.append(connection)
    beside = load(baton, workload, folder, 32, seconds)
    for connection in held:
        connection.close()
    print(f"\n32 busy connections, p99: {steady.p99:.0f} us alone, {beside.p99:.0f} us beside {idle} idle and {slow} slow "
          f"ones, ratio {beside.p99 / steady.p99:.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="build/release/bin/baton")
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", metavar="PYTHON")
    options = parser.parse_args()
    need("wrk", "nginx")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.chmod(folder, 0o755)
        with Baton(options.binary, folder) as baton:
            beside_nginx(baton, folder, options)
            slow_and_idle(baton, folder, options.seconds * 2, 5000, 200)
            if options.peers:
                beside_peers(baton, folder, options)


if __name__ == "__main__":
    main()
