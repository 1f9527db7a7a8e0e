"""Versions change under load: what the changed model's clients notice, and those of another model."""

import threading
import time

from document import microseconds, per_second, ratio, table
from load import load, medians, need
from servers import Baton, make_onnx, oip_json

PERIOD = 0.1  # seconds from one change to the next


class Changes:
    """While entered, promotes and rolls back "bench" in turn. Versions 2 and 3 take turns too, so that each promotion
    loads a version and unloads another one."""

    def __init__(self, baton):
        self.baton, self.spent, self.problem = baton, [], None
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        try:
            step = 0
            due = time.monotonic()
            while not self.stopped.is_set():
                request = self.baton.hand_over("bench", 2 + step % 2)
                due = self.change(due, lambda: self.baton.promote(request))
                due = self.change(due, lambda: self.baton.roll_back("bench"))
                step += 1
        except Exception as problem:
            self.problem = problem

    def change(self, due, work):
        time.sleep(max(0, due - time.monotonic()))
        began = time.monotonic()
        work()
        self.spent.append(time.monotonic() - began)
        return max(due, began) + PERIOD

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()
        if self.problem:
            raise self.problem


def swap(run):
    """A promotion or a rollback every 100 ms, 32 connections, one row."""
    need("wrk")
    spent = []
    with Baton(run.binary, run.folder) as baton:
        for seed in (1, 2):
            baton.register("bench", make_onnx(baton.folder / f"model-{seed}.onnx", seed))
        baton.make_live("other", make_onnx(baton.folder / "other.onnx", 3))

        def work():
            for model in ("bench", "other"):
                yield (model, "steady"), load(baton, oip_json(model, 1), run.folder, 32, run.seconds)
                with Changes(baton) as changes:
                    one = load(baton, oip_json(model, 1), run.folder, 32, run.seconds, tolerant=True)
                spent.extend(changes.spent)
                yield (model, "changing"), one
        found = medians(work, run.rounds)
    rows = []
    for model, title in (("bench", "the model that changes"), ("other", "another model")):
        steady, changing = found[model, "steady"], found[model, "changing"]
        rows.append([title, per_second(steady.rate), per_second(changing.rate), ratio(changing.rate / steady.rate),
                     microseconds(steady.p99), microseconds(changing.p99), ratio(changing.p99 / steady.p99),
                     str(changing.failed)])
    middle = sorted(spent)[len(spent) // 2]
    changes = (f"{len(spent)} changes, asked for over HTTP; from the call until the version answers, in the median "
               f"{middle * 1000:.1f} ms.")
    return table(["requests to", "requests/s, steady", "while changing", "ratio", "p99, steady", "while changing",
                  "ratio", "failed"], rows) + f"\n\n{changes}"
