#!/usr/bin/env python3
"""Runs the benchmarks, prints their tables and writes them into docs/performance.md.

    .venv/bin/python bench/run.py --peers /tmp/peers/bin/python

Needs the target `bench` of a release build, wrk and nginx (Debian packages of those names), and for --peers an
environment with bench/requirements.txt; what is missing is named and left out. Slices of all servers of a table
alternate, so that a busy machine slows all of them; figures are medians over the rounds. See bench/README.md.
"""

import argparse
import dataclasses
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import document
import grpc_cases
import http_cases
import in_process
import swap
from load import Failed, Unavailable

ROOT = Path(__file__).resolve().parent.parent
CASES = {
    "http": http_cases.beside_nginx,
    "split": http_cases.split,
    "profiled": http_cases.profiled,
    "idle": http_cases.beside_idle,
    "peers": http_cases.beside_peers,
    "grpc": grpc_cases.grpc,
    "swap": swap.swap,
    "decode": in_process.decode,
    "kernels": in_process.kernels,
}

QUIET = 0.5  # load average that still lets figures be compared


@dataclasses.dataclass
class Run:
    """What every case needs to know."""

    binary: str
    programs: Path
    folder: Path  # for what is made on the way
    peers: str  # the interpreter of their environment, or None
    seconds: int  # of a slice
    rounds: int


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release", help="where Baton was built")
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter of the environment that has the peers")
    parser.add_argument("--only", metavar="CASES", default=",".join(CASES), help="default: %(default)s")
    parser.add_argument("--seconds", type=int, default=2, help="length of a slice (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="slices of each server (default %(default)s)")
    parser.add_argument("--document", type=Path, default=ROOT / "docs/performance.md")
    parser.add_argument("--print-only", action="store_true", help="leave the document as it is")
    options = parser.parse_args()
    options.only = options.only.split(",")
    unknown = set(options.only) - set(CASES)
    if unknown:
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    return options


def allow_many_connections():
    """Servers and load generators inherit it."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main():
    options = parse_arguments()
    allow_many_connections()
    about = document.about(options.build)
    print(about)
    if os.getloadavg()[0] > QUIET:
        print("This machine has other work to do, so the figures will be noisy.")
    incomplete = []
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)  # nginx drops its rights
        run = Run(str(options.build / "bin/baton"), options.build / "bench", Path(name), options.peers, options.seconds,
                  options.rounds)
        for case in options.only:
            began = time.monotonic()
            try:
                text = CASES[case](run)
            except (Unavailable, Failed) as reason:
                print(f"\n{case}: not measured: {reason}", flush=True)
                incomplete.append(case)
                continue
            print(f"\n{case} ({time.monotonic() - began:.0f} s): {CASES[case].__doc__}\n\n{text}", flush=True)
            if not options.print_only and not document.write(options.document, case, f"{text}\n\n{about}"):
                raise SystemExit(f"{options.document} has no place for {case}")
    if incomplete:
        sys.exit(f"not measured: {', '.join(incomplete)}")


if __name__ == "__main__":
    main()
