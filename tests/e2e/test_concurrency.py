"""Many at once: version numbers without gaps, one winner where there can be only one."""

from __future__ import annotations

import collections

from harness import REPORT, in_threads

REGISTRATIONS = 200
THREADS = 40


def test_two_hundred_registrations_of_one_model_at_once(server, name):
    def register(thread):
        numbers = []
        for item in range(REGISTRATIONS // THREADS):
            content = f"{thread}/{item}".encode()
            digest = server.put_blob("dana", content)
            files = [{"path": "weights.txt", "size": len(content), "digest": digest}]
            answer = server.api("dana", "POST", f"/models/{name}/versions", {"files": files})
            assert answer.status == 201, (answer.status, answer.body)
            numbers.append(answer.json["version"])
        return numbers

    numbers = [number for found in in_threads(THREADS, register) for number in found]
    assert sorted(numbers) == list(range(1, REGISTRATIONS + 1))
    listed = []
    token = None
    while True:
        query = {"page_size": 70, **({"page_token": token} if token else {})}
        page = server.call("vic", "GET", f"/models/{name}/versions", query=query)
        listed += [version["version"] for version in page["items"]]
        token = page.get("next_page_token")
        if not token:
            break
    assert sorted(listed) == list(range(1, REGISTRATIONS + 1)), "pages neither repeat nor leave out"
    assert server.call("vic", "GET", f"/models/{name}")["latest_version"] == REGISTRATIONS


def test_the_same_content_at_once_becomes_one_version(server, name):
    server.register(name, b"first")
    digest = server.put_blob("dana", b"contested")
    document = {"files": [{"path": "weights.txt", "size": 9, "digest": digest}]}
    answers = in_threads(16, lambda _: server.api("dana", "POST", f"/models/{name}/versions", document))
    statuses = collections.Counter(answer.status for answer in answers)
    assert statuses == {201: 1, 409: 15}
    assert all(f"{name}/2" in answer.json["detail"] + answer.json.get("hint", "") or "2" in answer.json["detail"]
               for answer in answers if answer.status == 409), "says which version it is"  # fmt: skip


def test_the_same_key_at_once_is_carried_out_once(server, name):
    digest = server.put_blob("dana", b"once")
    document = {"files": [{"path": "weights.txt", "size": 4, "digest": digest}]}
    send = lambda _: server.api("dana", "POST", f"/models/{name}/versions", document, headers={"Idempotency-Key": name})  # noqa: E731
    answers = in_threads(16, send)
    assert {answer.status for answer in answers} == {201}
    assert {answer.json["version"] for answer in answers} == {1}


def test_two_promotions_with_the_same_expected_revision_have_one_winner(server, name):
    requests = []
    for content in (b"a", b"b", b"c", b"d"):
        requests.append(server.hand_over(server.register(name, content, report=REPORT)))
    answers = in_threads(
        4, lambda i: server.api("drew", "POST", f"/requests/{requests[i]['id']}/promotion", {"expected_revision": 0})
    )
    statuses = collections.Counter(answer.status for answer in answers)
    assert statuses == {200: 1, 412: 3}
    winner = next(answer.json for answer in answers if answer.status == 200)
    live = server.call("vic", "GET", f"/models/{name}")["live"]
    assert [slot["version"] for slot in live] == [winner["version"]]
