"""Long runs against the real binary; test_soak.py runs short forms of them.

    python tests/e2e/soak.py                      both, a thousand times each
    python tests/e2e/soak.py --cycles 1000        memory over cycles of loading and unloading
    python tests/e2e/soak.py --changes 1000       promotions and rollbacks under load
"""

from __future__ import annotations

import argparse
import bisect
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Dict, List, NamedTuple

from harness import REPORT, Server
from models import constant
from rollout import Caller, slow_model


def resident(server: Server) -> int:
    """Bytes of memory that the server holds."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) * 1024


def churn(server: Server, prefix: str, cycles: int, models: int = 20) -> List[int]:
    """Makes one of three versions live, in turn, of each model in turn, so that a cycle loads one and frees one: two of a
    model stay loaded. Several models, so that what is measured is not the history of one. Memory after each cycle."""
    contents = [slow_model(1, size=300 + number) for number in range(3)]
    names = [f"{prefix}-{number}" for number in range(models)]
    versions = {name: [server.register(name, content, path="model.onnx", report=REPORT) for content in contents] for name in names}
    memory = []
    for cycle in range(cycles):
        name = names[cycle % models]
        version = versions[name][cycle // models % len(contents)]
        slot = server.promote(server.hand_over(version))
        assert slot["serving"] == "ready", slot
        caller = Caller(server)
        assert caller.version(name) == version["version"]
        caller.connection.close()
        memory.append(resident(server))
    return memory


class Swaps(NamedTuple):
    answers: int
    failures: List[str]
    steady_p99: float  # seconds, of the other model
    p99: float  # of it while versions change


def percentile_99(times: List[float]) -> float:
    return sorted(times)[int(len(times) * 0.99)]


class Load:
    """Asks both models over several connections until it is stopped."""

    def __init__(self, server: Server, models: List[str], connections: int) -> None:
        self.server = server
        self.models = models
        self.stopped = threading.Event()
        self.failures: List[str] = []
        self.answers: List[Any] = []  # (model, sent, received, version)
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(connections)]

    def run(self, number: int) -> None:
        caller = Caller(self.server)
        model = self.models[number % len(self.models)]
        while not self.stopped.is_set():
            sent = time.monotonic()
            try:
                status, version, document = caller.infer(model)
                received = time.monotonic()
                if status != 200 or document["outputs"][0]["data"] != [version]:
                    self.failures.append(f"{model}: {status} {version} {document}")
                self.answers.append((model, sent, received, version))
            except Exception as error:
                self.failures.append(f"{model}: {error!r}")
                return

    def times(self, model: str, since: float) -> List[float]:
        return [received - sent for name, sent, received, _ in self.answers if name == model and sent >= since]

    def __enter__(self) -> "Load":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join()


def swaps(server: Server, model: str, changes: int, connections: int = 8, steady_seconds: float = 3) -> Swaps:
    """Promotes and rolls back between two versions while this model and another one are asked."""
    other = model + "-other"
    server.make_live(other, constant(1.0), path="model.onnx")
    versions = [server.register(model, constant(float(number)), path="model.onnx", report=REPORT) for number in (1, 2)]
    timeline: List[Any] = []  # (when it could begin to answer, when it was known to, version)

    def change(work: Any) -> None:
        began = time.monotonic()
        slot: Dict[str, Any] = work()
        assert slot["serving"] == "ready", slot
        timeline.append((began, time.monotonic(), slot["version"]))

    change(lambda: server.promote(server.hand_over(versions[0])))
    with Load(server, [model, other], connections) as load:
        time.sleep(steady_seconds)
        steady = percentile_99(load.times(other, 0))
        began = time.monotonic()
        for step in range(changes // 2):
            handed_over = server.hand_over(versions[1])
            change(lambda: server.promote(handed_over))
            reason = {"reason": f"step {step}"}
            change(lambda: server.call("drew", "POST", f"/models/{model}/rollback", reason, query={"wait": "ready"}))
        during = percentile_99(load.times(other, began))
    failures = load.failures + wrong_versions(timeline, [answer for answer in load.answers if answer[0] == model])
    return Swaps(len(load.answers), failures, steady, during)


def wrong_versions(timeline: List[Any], answers: List[Any]) -> List[str]:
    """Answers of versions that were not live at any moment between sending and receiving."""
    begins = [began for began, _, _ in timeline]
    wrong = []
    for model, sent, received, version in answers:
        last = bisect.bisect_right(begins, received)
        possible = set()
        for index in range(last - 1, -1, -1):
            possible.add(timeline[index][2])
            if timeline[index][1] <= sent:
                break
        if version not in possible:
            wrong.append(f"{model}: version {version} answered while it was not live")
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cycles", type=int)
    parser.add_argument("--changes", type=int)
    given = parser.parse_args()
    if given.cycles is None and given.changes is None:
        given.cycles = given.changes = 1000
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "data", "--no-access-log").start()
        server.add_people()
        if given.cycles:
            memory = churn(server, "churn", given.cycles)
            for cycle in sorted({min(10, given.cycles), min(100, given.cycles), given.cycles}):
                print(f"memory after {cycle} cycles: {memory[cycle - 1] / 2**20:.1f} MiB", flush=True)
            if given.cycles > 100:
                print(f"growth from cycle 100: {100 * (memory[-1] / memory[99] - 1):+.1f} %", flush=True)
        if given.changes:
            result = swaps(server, "swapped", given.changes)
            print(f"{given.changes} changes, {result.answers} answers, {len(result.failures)} failed or wrong", *result.failures[:5], sep="\n")
            print(f"p99 of the other model: {1000 * result.steady_p99:.2f} ms steady, {1000 * result.p99:.2f} ms while versions change", flush=True)
        server.stop()


if __name__ == "__main__":
    main()
