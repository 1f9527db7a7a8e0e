"""Predicts without a pause and tells when another version begins to answer.

    python examples/watch.py digits

Ends at SIGTERM or Ctrl-C with a count of answers by version; exits 1 if a single request failed.
"""

import argparse
import collections
import importlib
import signal
import sys

import baton


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("example", choices=("diabetes", "breast_cancer", "digits"))
    example = importlib.import_module(f"train_{parser.parse_args().example}")
    row = example.split()[1][:1]

    stopped = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.append(True))
    answers, failures, last = collections.Counter(), 0, None
    with baton.Client(attempts=1) as client:  # a failure is counted, not hidden by trying again
        while not stopped:
            try:
                version = client.predict(example.NAME, row).version
            except baton.BatonError as error:
                failures += 1
                print(f"  watching {example.NAME}: {error}", flush=True)
                continue
            if version != last:
                print(f"  watching {example.NAME}: version {version} answers", flush=True)
            answers[version] += 1
            last = version
    counts = ", ".join(f"{count} from version {version}" for version, count in sorted(answers.items()))
    print(f"  watching {example.NAME}: {answers.total()} answers ({counts}), {failures} failed", flush=True)
    sys.exit(1 if failures or not answers else 0)


if __name__ == "__main__":
    main()
