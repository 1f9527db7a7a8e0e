"""The servers that the benchmarks load: the processes, Baton, and what bounds it. Other model servers: peers.py."""

import json
import os
import signal
import socket
import struct
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from load import Failed, Unavailable, need

FEATURES = 30


class Workload:
    """One request that is sent over and over."""

    def __init__(self, path, body, headers=None, method="POST"):
        self.path, self.body, self.method = path, body, method
        self.headers = {"Content-Type": "application/json"} if headers is None else headers


def rows_of(count):
    return [[round(0.1 * i - 1 + 0.01 * row, 2) for i in range(FEATURES)] for row in range(count)]


def oip_json(model, count, name="X"):
    """An Open Inference Protocol request of `count` rows in JSON."""
    flat = [value for row in rows_of(count) for value in row]
    tensor = {"name": name, "shape": [count, FEATURES], "datatype": "FP32", "data": flat}
    return Workload(f"/v2/models/{model}/infer", json.dumps({"inputs": [tensor]}).encode())


def oip_binary(model, count):
    """The same with the tensor in binary form, there and back."""
    raw = struct.pack(f"<{count * FEATURES}f", *[value for row in rows_of(count) for value in row])
    tensor = {"name": "X", "shape": [count, FEATURES], "datatype": "FP32", "parameters": {"binary_data_size": len(raw)}}
    head = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    headers = {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(head))}
    return Workload(f"/v2/models/{model}/infer", head + raw, headers)


def send(url, method, path, body=None, headers=None, token=None):
    call = urllib.request.Request(url + path, data=body, method=method, headers=headers or {})
    if token:
        call.add_header("Authorization", "Bearer " + token)
    with urllib.request.urlopen(call, timeout=60) as answer:
        return answer.read()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_estimator(seed=0):
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(seed)
    x = rng.normal(size=(200, FEATURES)).astype(np.float32)
    return LogisticRegression().fit(x, (x[:, 0] > 0).astype(int)), x


def make_onnx(path, seed=0):
    """The logistic regression that every server serves; another seed makes another model of the same shape."""
    from skl2onnx import to_onnx

    estimator, x = make_estimator(seed)
    path.write_bytes(to_onnx(estimator, x[:1], options={"zipmap": False}).SerializeToString())
    return path


class Server:
    """A running server: its address, and the processes whose CPU counts."""

    name = ""
    url = ""

    def __init__(self, command, **options):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(command, stderr=self.log, text=True, start_new_session=True,
                                        **{"stdout": self.log, **options})

    @property
    def pids(self):
        """The process and all that it has started."""
        found = [self.process.pid]
        for pid in found:
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                found += map(int, children.read_text().split())
        return found

    def answer(self, workload):
        return send(self.url, workload.method, workload.path, workload.body, workload.headers)

    def wait_until_it_answers(self, workload, seconds=60):
        problem = None
        for _ in range(seconds * 5):
            try:
                return self.answer(workload)
            except urllib.error.HTTPError as refusal:
                problem = refusal.read().decode(errors="replace")
            except OSError as error:
                problem = error
            if self.process.poll() is not None:
                break
            time.sleep(0.2)
        self.stop()
        self.log.seek(0)
        raise Failed("\n".join([f"{self.name} did not answer: {problem}", *self.log.read().splitlines()[-5:]]))

    def stop(self):
        try:
            os.killpg(self.process.pid, signal.SIGTERM)  # its own session, see above
        except ProcessLookupError:
            pass
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Baton(Server):
    """A live model, "bench". Options go to `baton serve`."""

    name = "Baton"
    input_name = "X"

    def __init__(self, binary, folder, *options):
        if not Path(binary).exists():
            raise Unavailable(f"{binary} is not built")
        self.binary, self.folder, self.grpc, self.tokens = binary, Path(tempfile.mkdtemp(dir=folder)), None, {}
        super().__init__([binary, "serve", "--data", str(self.folder / "data"), "--listen", "127.0.0.1:0",
                          "--anonymous-inference", "--no-access-log", *options], stdout=subprocess.PIPE)
        for line in self.process.stdout:
            if line.startswith("admin token: "):
                self.tokens["admin"] = line.split(": ")[1].strip()
            if line.startswith("baton gRPC on "):
                self.grpc = line.split(" on ")[1].strip()
            if line.startswith("baton listening on "):
                self.url = line.split(" on ")[1].strip()
                break
        try:
            self.add_people()
            self.make_live("bench", make_onnx(self.folder / "model.onnx"))
        except BaseException:
            self.stop()
            raise

    def call(self, user, path, document):
        """A change through the native API."""
        answer = send(self.url, "POST", "/api/v1" + path, json.dumps(document).encode(),
                      {"Content-Type": "application/json"}, self.tokens[user])
        return json.loads(answer)

    def add_people(self):
        for user, role in (("dev", "developer"), ("app", "approver"), ("dep", "deployer")):
            self.call("admin", "/users", {"name": user, "roles": [role]})
            self.tokens[user] = self.call("admin", "/tokens", {"user": user})["secret"]

    def register(self, model, file):
        report = self.folder / "report.json"
        report.write_text('{"task":"binary","metrics":{"accuracy_score":1}}')
        subprocess.run([self.binary, "register", model, str(file), "--report", str(report)], check=True,
                       env={**os.environ, "BATON_URL": self.url, "BATON_TOKEN": self.tokens["dev"]},
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def hand_over(self, model, version):
        """Requests and approves; the request's id."""
        opened = self.call("dev", f"/models/{model}/versions/{version}/requests", {"environment": "production"})
        self.call("app", f"/requests/{opened['id']}/approvals", {"digest": opened["digest"]})
        return opened["id"]

    def promote(self, request):
        self.check_ready(self.call("dep", f"/requests/{request}/promotion?wait=ready", {}))

    def roll_back(self, model):
        self.check_ready(self.call("dep", f"/models/{model}/rollback?wait=ready", {"reason": "benchmark"}))

    @staticmethod
    def check_ready(slot):
        if slot["serving"] != "ready":
            raise Failed(f"a version does not serve: {slot}")

    def make_live(self, model, file):
        self.register(model, file)
        self.promote(self.hand_over(model, 1))


class Nginx(Server):
    """One worker that answers a canned reply of so many bytes."""

    name = "nginx"

    def __init__(self, folder, size):
        need("nginx")
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        folder = Path(tempfile.mkdtemp(dir=folder))
        folder.chmod(0o755)
        config = folder / "nginx.conf"
        config.write_text(f"""
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 12000; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 300s; client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi; default_type application/json; client_body_buffer_size 64k;
  server {{ listen 127.0.0.1:{port} reuseport backlog=4096; location / {{ return 200 '{'x' * size}'; }} }}
}}""")
        super().__init__(["nginx", "-c", str(config), "-p", str(folder)])
        self.wait_until_it_answers(Workload("/", b"{}"))


def start_program(server, command):
    """For programs of ours that print their port: starts one and answers the port."""
    if not Path(command[0]).exists():
        raise Unavailable(f"{command[0]} is not built")
    Server.__init__(server, command, stdout=subprocess.PIPE)
    return int(server.process.stdout.readline())


class Floor(Server):
    """Reading and writing without anything else: the kernel's own share."""

    name = "read and write alone"

    def __init__(self, programs, size):
        self.url = f"http://127.0.0.1:{start_program(self, [str(programs / 'bench_floor'), str(size)])}"


class CannedGrpc(Server):
    """A canned answer to every gRPC call, with the library that Baton uses."""

    name = "canned answer, gRPC for C++"
    input_name = "X"

    def __init__(self, programs):
        self.grpc = f"127.0.0.1:{start_program(self, [str(programs / 'bench_grpc_canned')])}"
