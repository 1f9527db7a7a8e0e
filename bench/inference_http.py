#!/usr/bin/env python3
"""Single-row inference over HTTP beside nginx answering a canned reply of the same size, in one run.

    .venv/bin/python bench/inference_http.py [--binary build/release/bin/baton] [--seconds 2] [--rounds 5]

Needs wrk and nginx (Debian packages of those names). Slices of both servers alternate, so a busy machine
slows both; medians over the rounds are printed, and their ratios. wrk is the bottleneck on a small machine: CPU
per request, read from /proc, is the honest figure. The last part holds idle connections and slow senders open
beside a busy load and compares its p99.
"""

import argparse
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

FEATURES = 30
TICKS = os.sysconf("SC_CLK_TCK")


def request(url, token, method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    call = urllib.request.Request(url + path, data=data, method=method)
    if token:
        call.add_header("Authorization", "Bearer " + token)
    with urllib.request.urlopen(call, timeout=60) as answer:
        return answer.read()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Baton:
    """A server with one live logistic regression."""

    name = "baton"

    def __init__(self, binary, folder):
        self.process = subprocess.Popen(
            [binary, "serve", "--data", str(folder / "data"), "--listen", "127.0.0.1:0", "--anonymous-inference",
             "--no-access-log"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        token = None
        for line in self.process.stdout:
            if line.startswith("admin token: "):
                token = line.split(": ")[1].strip()
            if line.startswith("baton listening on "):
                self.url = line.split(" on ")[1].strip()
                break
        self.pids = [self.process.pid]
        self.publish(binary, folder, token)
        self.path = "/v2/models/bench/infer"
        row = [round(0.1 * i - 1, 2) for i in range(FEATURES)]
        self.body = json.dumps({"inputs": [{"name": "X", "shape": [1, FEATURES], "datatype": "FP32", "data": row}]})

    def publish(self, binary, folder, admin):
        model = folder / "model.onnx"
        make_model(model)
        tokens = {}
        for user, role in (("dev", "developer"), ("app", "approver"), ("dep", "deployer")):
            request(self.url, admin, "POST", "/api/v1/users", {"name": user, "roles": [role]})
            tokens[user] = json.loads(request(self.url, admin, "POST", "/api/v1/tokens", {"user": user}))["secret"]
        report = folder / "report.json"
        report.write_text('{"task":"binary","metrics":{"accuracy_score":1}}')

        def cli(token, *words):
            environment = {**os.environ, "BATON_URL": self.url, "BATON_TOKEN": token}
            subprocess.run([binary, *words], check=True, env=environment, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)

        cli(tokens["dev"], "register", "bench", str(model), "--report", str(report), "--request", "production")
        cli(tokens["app"], "approve", "bench/1")
        cli(tokens["dep"], "promote", "bench/1", "--wait")

    def answer(self):
        return request(self.url, None, "POST", self.path, json.loads(self.body))

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Nginx:
    """One worker that answers a canned reply."""

    name = "nginx"

    def __init__(self, folder, reply, body):
        port = free_port()
        self.url, self.path, self.body = f"http://127.0.0.1:{port}", "/canned", body
        quoted = reply.decode().replace("\\", "\\\\").replace("'", "\\'")
        config = folder / "nginx.conf"
        config.write_text(f"""
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 12000; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 300s; client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi; default_type application/json;
  server {{ listen 127.0.0.1:{port} reuseport; location / {{ return 200 '{quoted}'; }} }}
}}""")
        self.process = subprocess.Popen(["nginx", "-c", str(config), "-p", str(folder)], stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        self.pids = [self.process.pid] + [
            int(pid) for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()]

    def stop(self):
        self.process.terminate()
        self.process.wait()


def make_model(path):
    import numpy as np
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, FEATURES)).astype(np.float32)
    estimator = LogisticRegression().fit(x, (x[:, 0] > 0).astype(int))
    path.write_bytes(to_onnx(estimator, x[:1], options={"zipmap": False}).SerializeToString())


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def to_microseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]


def load(server, folder, connections, seconds):
    """One slice: requests a second, p99 in microseconds, CPU microseconds a request."""
    script = folder / f"{server.name}.lua"
    script.write_text(f'wrk.method = "POST"\nwrk.body = [==[{server.body}]==]\n'
                      'wrk.headers["Content-Type"] = "application/json"\n')
    before = cpu_seconds(server.pids)
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script),
                          server.url + server.path], capture_output=True, text=True, check=True).stdout
    used = cpu_seconds(server.pids) - before
    if "Non-2xx" in out or "Socket errors" in out:
        raise SystemExit(f"{server.name} did not answer every request:\n{out}")
    count = int(re.search(r"(\d+) requests in", out).group(1))
    return (float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)),
            to_microseconds(re.search(r"99%\s+(\S+)", out).group(1)), used / count * 1e6)


def compare(servers, folder, connections, seconds, rounds):
    slices = {server.name: [] for server in servers}
    for _ in range(rounds):
        for server in servers:
            slices[server.name].append(load(server, folder, connections, seconds))
    medians = {name: [statistics.median(column) for column in zip(*rows)] for name, rows in slices.items()}
    for name, (rate, p99, cpu) in medians.items():
        print(f"{connections:5d} connections  {name:6s} {rate:10.0f} requests/s   p99 {p99:8.0f} us   CPU {cpu:6.2f} us/request")
    ours, theirs = medians["baton"], medians["nginx"]
    print(f"{'':5s} baton / nginx       {ours[0] / theirs[0]:10.2f}              {ours[1] / theirs[1]:9.2f}       {ours[2] / theirs[2]:7.2f}")


def slow_and_idle(server, folder, seconds, idle, slow):
    """p99 of 32 busy connections alone, then beside idle connections and senders that never finish their head."""
    host, port = server.url.removeprefix("http://").split(":")
    _, steady, _ = load(server, folder, 32, seconds)
    held = []
    for i in range(idle + slow):
        connection = socket.create_connection((host, int(port)))
        if i < slow:
            connection.sendall(b"POST /v2/models/bench/infer HTTP/1.1\r\nHost: x\r\n")
        held.append(connection)
    _, beside, _ = load(server, folder, 32, seconds)
    for connection in held:
        connection.close()
    print(f"   32 busy beside {idle} idle and {slow} slow: p99 {steady:.0f} -> {beside:.0f} us, ratio {beside / steady:.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="build/release/bin/baton")
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    for tool in ("wrk", "nginx"):
        if shutil.which(tool) is None:
            raise SystemExit(f"{tool} is not installed: apt-get install {tool}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.chmod(folder, 0o755)
        baton = Baton(options.binary, folder)
        nginx = Nginx(folder, baton.answer(), baton.body)
        try:
            for connections in (1, 32, 512):
                compare([baton, nginx], folder, connections, options.seconds, options.rounds)
            slow_and_idle(baton, folder, options.seconds * 2, 5000, 200)
        finally:
            nginx.stop()
            baton.stop()


if __name__ == "__main__":
    main()
