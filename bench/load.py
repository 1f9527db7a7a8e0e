"""Load from wrk on a server, with the CPU that the server used for it."""

import os
import re
import shutil
import statistics
import subprocess
from pathlib import Path
from typing import NamedTuple

TICKS = os.sysconf("SC_CLK_TCK")


class Unavailable(Exception):
    """Something that a measurement needs is not there; says what to do about it."""


class Failed(Exception):
    """A server did not do its work, so that its figures would mean nothing."""


class Slice(NamedTuple):
    """Rates are a second; times are microseconds; CPU is what the server used for a request."""

    rate: float
    p99: float
    user: float
    kernel: float
    failed: int = 0

    @property
    def cpu(self):
        return self.user + self.kernel


def need(*tools):
    for tool in tools:
        if shutil.which(tool) is None:
            raise Unavailable(f"{tool} is not installed: apt-get install {tool}")


def cpu_ticks(pids):
    """Of all processes together: in user space and in the kernel."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split() for pid in pids]
    return sum(int(one[11]) for one in fields), sum(int(one[12]) for one in fields)


class CpuClock:
    """Counts from its making what the processes use."""

    def __init__(self, pids):
        self.pids = pids
        self.before = cpu_ticks(pids)

    def microseconds(self, requests):
        """A request's share, in user space and in the kernel."""
        return [(now - then) / TICKS / max(requests, 1) * 1e6 for now, then in zip(cpu_ticks(self.pids), self.before)]


def to_microseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]


def failures(out):
    """Answers that wrk counted as no success, and what went wrong on sockets."""
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    broken = re.search(r"Socket errors: (.*)", out)
    numbers = re.findall(r"\d+", broken.group(1)) if broken else []
    return sum(map(int, numbers)) + (int(refused.group(1)) if refused else 0)


def load(server, workload, folder, connections, seconds, tolerant=False):
    """One slice of load; unless tolerant, an answer that is no success is an error."""
    script = folder / "wrk.lua"
    lines = [f'wrk.method = "{workload.method}"']
    if workload.body:
        (folder / "wrk.body").write_bytes(workload.body)
        lines.append(f'wrk.body = io.open("{folder / "wrk.body"}", "rb"):read("*a")')
    lines += [f'wrk.headers["{name}"] = "{value}"' for name, value in workload.headers.items()]
    script.write_text("\n".join(lines) + "\n")
    clock = CpuClock(server.pids)
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "--latency", "-s",
                          str(script), server.url + workload.path], capture_output=True, text=True, check=True).stdout
    count = int(re.search(r"(\d+) requests in", out).group(1))
    used = clock.microseconds(count)
    failed = failures(out)
    if count == 0 or (failed and not tolerant):
        raise Failed(f"{server.name} did not answer every request:\n{out}")
    return Slice(float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)),
                 to_microseconds(re.search(r"^ +99%\s+(\S+)", out, re.MULTILINE).group(1)), *used, failed)


def medians(work, rounds):
    """`work()` gives (key, slice) for each of several servers; the rounds alternate, so a busy machine slows all."""
    slices = {}
    for _ in range(rounds):
        for key, one in work():
            slices.setdefault(key, []).append(one)
    return {key: Slice(*(statistics.median(column) for column in zip(*(one[:4] for one in rows))),
                       sum(one.failed for one in rows))
            for key, rows in slices.items()}
