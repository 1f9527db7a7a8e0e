"""What is timed without a server around it: decoding, and the engines (kernels.py)."""

import json
import subprocess
import sys
from pathlib import Path

from document import microseconds, ratio, table
from load import Failed, Unavailable


def output_of(run, program, command):
    """What a program prints, if `program` is there."""
    if not (run.programs / program).exists():
        raise Unavailable(f"{run.programs / program} is not built")
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"{program}: {done.stderr}")
    return done.stdout


def decode(run):
    """An inference request in JSON into a tensor, beside simdjson alone."""
    lines = output_of(run, "bench_decode", [str(run.programs / "bench_decode")]).splitlines()
    rows = [[f"{one['rows']} × 30", f"{one['bytes']:,}", microseconds(one["ours"]), microseconds(one["simdjson"]),
             ratio(one["ours"] / one["simdjson"]), one["kernel"]] for one in map(json.loads, lines)]
    return table(["request", "bytes", "Baton", "simdjson alone", "ratio", "simdjson's kernel"], rows)


def kernels(run):
    """The engines, from tensors to tensors."""
    script = Path(__file__).parent / "kernels.py"
    return output_of(run, "bench_kernels", [sys.executable, str(script), str(run.programs)]).strip()
