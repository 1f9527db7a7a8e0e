"""Tables in Markdown, and their places in docs/performance.md.

The document marks what belongs to the benchmarks; everything else in it is written by hand:

    <!-- bench:NAME begin -->
    ... replaced ...
    <!-- bench:NAME end -->
"""

import datetime
import os
import re
import subprocess
from pathlib import Path


def table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def per_second(number):
    return f"{number:,.0f}"


def microseconds(number):
    """With three digits, as more are noise."""
    if number >= 10_000:
        return f"{number / 1000:,.0f} ms"
    if number >= 1000:
        return f"{number / 1000:.2f} ms"
    return f"{number:.{0 if number >= 100 else 1 if number >= 10 else 2 if number >= 1 else 3}f} µs"


def ratio(number):
    """Likewise, but two digits from two on."""
    return f"{number:.{0 if number >= 10 else 1 if number >= 2 else 2 if number >= 0.1 else 3}f}"


def output_of(*command):
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent)
    return done.stdout.strip() if done.returncode == 0 else ""


def build_type(build):
    cache = build / "CMakeCache.txt"
    found = re.search(r"^CMAKE_BUILD_TYPE:\w+=(.*)$", cache.read_text(), re.MULTILINE) if cache.exists() else None
    return found.group(1) if found else "unknown"


def about(build):
    """Says what is measured on what, before the measuring begins."""
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    commit = output_of("git", "rev-parse", "--short", "HEAD") or "unknown"
    if output_of("git", "status", "--porcelain", "--untracked-files=no"):
        commit += " with local changes"
    return (f"{datetime.date.today()}, {os.cpu_count()} cores of {model.group(1) if model else 'unknown'}, "
            f"{build_type(build)} build of commit {commit}, load average before {os.getloadavg()[0]:.1f}.")


def write(path, name, text):
    """Replaces what is between the markers of `name`; False if the document has none."""
    document = path.read_text()
    begin, end = (f"<!-- bench:{name} {edge} -->" for edge in ("begin", "end"))
    if document.count(begin) != 1 or document.count(end) != 1:
        return False
    before, rest = document.split(begin)
    path.write_text(f"{before}{begin}\n{text}\n{end}{rest.split(end)[1]}")
    return True
