"""The load under which a build is profiled (scripts/build-profiled): what an inference server does most."""

import argparse
import json
import os
import tempfile
from pathlib import Path

from load import load
from servers import Baton, Workload, oip_binary, oip_json, rows_of

CONNECTIONS = 32


def tensorflow_serving(count):
    return Workload("/v1/models/bench:predict", json.dumps({"instances": rows_of(count)}).encode())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("binary", help="the instrumented one")
    parser.add_argument("--seconds", type=int, default=4, help="of each kind of request (default 4)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        with Baton(arguments.binary, Path(name), "--loops", "1") as baton:
            for count in (1, 100):
                for workload in (oip_json("bench", count), oip_binary("bench", count), tensorflow_serving(count)):
                    result = load(baton, workload, Path(name), CONNECTIONS, arguments.seconds)
                    print(f"{workload.path}, {count} rows: {result.rate:,.0f} requests/s")


if __name__ == "__main__":
    main()
