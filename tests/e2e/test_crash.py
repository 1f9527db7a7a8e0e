"""kill -9 in the middle of uploads and promotions: what was acknowledged is there, and nothing is broken."""

from __future__ import annotations

import http.client
import random
import threading

from harness import REPORT, fsck

KILLS = 50
FSCK_EVERY = 10
SEED = 20240917


class Ledger:
    """What the server has acknowledged."""

    def __init__(self):
        self.lock = threading.Lock()
        self.versions = {}  # (model, number) -> digest
        self.blobs = set()
        self.slots = {}  # live-set revision -> (model, version)
        self.refused = []

    def note(self, kind, key, value=None):
        with self.lock:
            if kind == "blob":
                self.blobs.add(key)
            else:
                getattr(self, kind)[key] = value


def uploader(server, ledger, stopped, randomness):
    while not stopped.is_set():
        content = randomness.randbytes(randomness.choice([100, 20_000, 700_000]))
        try:
            digest = server.put_blob("dana", content)
            ledger.note("blob", digest)
            files = [{"path": "weights.bin", "size": len(content), "digest": digest}]
            answer = server.api("dana", "POST", "/models/uploads/versions", {"files": files, "report": REPORT})
        except (OSError, http.client.HTTPException):
            return
        if answer.status == 201:
            ledger.note("versions", ("uploads", answer.json["version"]), answer.json["digest"])
        else:
            ledger.refused.append(answer)


def promoter(server, ledger, stopped, randomness):
    try:
        while not stopped.is_set():
            version = server.register("promotions", randomness.randbytes(50), report=REPORT)
            ledger.note("versions", ("promotions", version["version"]), version["digest"])
            slot = server.promote(server.hand_over(version), wait=False)
            ledger.note("slots", slot["revision"], ("promotions", slot["version"]))
            if slot["revision"] > 2:
                slot = server.call("drew", "POST", "/models/promotions/rollback", {"reason": "test"})
                ledger.note("slots", slot["revision"], ("promotions", slot["version"]))
    except (OSError, http.client.HTTPException):
        return
    except AssertionError as error:
        ledger.refused.append(error)


def check(server, ledger):
    found = {model: versions_of(server, model) for model in ("uploads", "promotions")}
    for (model, number), digest in ledger.versions.items():
        assert found[model].get(number) == digest, f"{model}/{number} was acknowledged and is not there"
    for model, versions in found.items():
        assert sorted(versions) == list(range(1, len(versions) + 1)), f"{model} has a gap"
    if ledger.slots:
        history = server.call("vic", "GET", "/models/promotions/slots")
        known = {slot["revision"]: ("promotions", slot["version"]) for slot in history["current"] + history["past"]}
        for revision, slot in ledger.slots.items():
            assert known.get(revision) == slot, f"revision {revision} of the live set was acknowledged and is not there"
        current = history["current"][0]["revision"]
        assert current == max(known) and current >= max(ledger.slots), "the newest change is what is live"
    missing = server.call("dana", "POST", "/blobs/missing", {"digests": sorted(ledger.blobs)})["missing"]
    assert missing == [], "an acknowledged upload is gone"


def versions_of(server, model):
    found, query = {}, {"page_size": 1000}
    while True:
        answer = server.api("vic", "GET", f"/models/{model}/versions", query=query)
        if answer.status == 404:
            return found
        page = answer.json
        found.update({version["version"]: version["digest"] for version in page["items"]})
        if not page.get("next_page_token"):
            return found
        query["page_token"] = page["next_page_token"]


def test_fifty_kills(fresh):
    randomness = random.Random(SEED)
    ledger = Ledger()
    for kill in range(1, KILLS + 1):
        stopped = threading.Event()
        works = [uploader, uploader, promoter]
        threads = [
            threading.Thread(target=work, args=(fresh, ledger, stopped, random.Random(randomness.random()))) for work in works
        ]
        for thread in threads:
            thread.start()
        # The moment is the test's input: anywhere within some ten changes.
        threading.Event().wait(randomness.uniform(0.02, 0.4))
        fresh.process.kill()
        stopped.set()
        for thread in threads:
            thread.join()
        fresh.kill()
        assert ledger.refused == []
        if kill % FSCK_EVERY == 0:
            done = fsck(fresh.data)
            assert done.returncode == 0, done.stdout + done.stderr
        fresh.start()
        check(fresh, ledger)
    assert len(ledger.versions) > KILLS and len(ledger.slots) > KILLS / 2, "the kills hit a server at work"
    assert fresh.stop() == 0
    done = fsck(fresh.data)
    assert done.returncode == 0, done.stdout + done.stderr
