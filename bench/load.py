"""Load from wrk on a server, with the CPU that the server used for it."""

import os
import re
import shutil
import statistics
import subprocess
from pathlib import Path
from typing import NamedTuple

TICKS = os.sysconf("SC_CLK_TCK")


class Slice(NamedTuple):
    rate: float  # requests a second
    p99: float  # microseconds
    cpu: float  # microseconds of the server's CPU a request


def need(*tools):
    for tool in tools:
        if shutil.which(tool) is None:
            raise SystemExit(f"{tool} is not installed: apt-get install {tool}")


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def to_microseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]


def load(server, workload, folder, connections, seconds):
    """One slice of load; stops at the first answer that is not a success."""
    body, script = folder / "wrk.body", folder / "wrk.lua"
    body.write_bytes(workload.body)
    lines = ['wrk.method = "POST"', f'wrk.body = io.open("{body}", "rb"):read("*a")']
    lines += [f'wrk.headers["{name}"] = "{value}"' for name, value in workload.headers.items()]
    script.write_text("\n".join(lines) + "\n")
    pids = server.pids
    before = cpu_seconds(pids)
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "--latency", "-s",
                          str(script), server.url + workload.path], capture_output=True, text=True, check=True).stdout
    used = cpu_seconds(pids) - before
    if "Non-2xx" in out or "Socket errors" in out:
        raise SystemExit(f"{server.name} did not answer every request:\n{out}")
    count = int(re.search(r"(\d+) requests in", out).group(1))
    return Slice(float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)),
                 to_microseconds(re.search(r"^ +99%\s+(\S+)", out, re.MULTILINE).group(1)), used / max(count, 1) * 1e6)


def medians(work, rounds):
    """`work()` gives a slice for each of several servers by name; the rounds alternate, so a busy machine slows all."""
    slices = {}
    for _ in range(rounds):
        for name, one in work():
            slices.setdefault(name, []).append(one)
    return {name: Slice(*(statistics.median(column) for column in zip(*rows))) for name, rows in slices.items()}
