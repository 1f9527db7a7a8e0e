"""The servers that the benchmarks compare: Baton and its peers, each with the same logistic regression of 30 features.

Peers run from a virtual environment of their own (see bench/README.md), so that nothing of theirs is needed to build or
test Baton.
"""

import json
import os
import socket
import struct
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

FEATURES = 30


class Workload:
    """One request that is sent over and over."""

    def __init__(self, path, body, headers=None):
        self.path, self.body = path, body
        self.headers = headers or {"Content-Type": "application/json"}


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


def make_estimator():
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, FEATURES)).astype(np.float32)
    return LogisticRegression().fit(x, (x[:, 0] > 0).astype(int)), x


def make_onnx(path):
    from skl2onnx import to_onnx

    estimator, x = make_estimator()
    path.write_bytes(to_onnx(estimator, x[:1], options={"zipmap": False}).SerializeToString())


class Server:
    """A running server: its address, and the processes whose CPU counts."""

    name = ""
    url = ""

    def __init__(self, command, **options):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, **options)

    @property
    def pids(self):
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *map(int, children)]

    def answer(self, workload):
        return send(self.url, "POST", workload.path, workload.body, workload.headers)

    def wait_until_it_answers(self, workload, seconds=60):
        for _ in range(seconds * 5):
            try:
                return self.answer(workload)
            except OSError:
                time.sleep(0.2)
        raise SystemExit(f"{self.name} did not answer within {seconds} s")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Baton(Server):
    """One live model, "bench". Options go to `baton serve`."""

    name = "baton"

    def __init__(self, binary, folder, *options):
        super().__init__([binary, "serve", "--data", str(folder / "data"), "--listen", "127.0.0.1:0",
                          "--anonymous-inference", "--no-access-log", *options])
        self.grpc = None
        token = None
        for line in self.process.stdout:
            if line.startswith("admin token: "):
                token = line.split(": ")[1].strip()
            if line.startswith("baton gRPC on "):
                self.grpc = line.split(" on ")[1].strip()
            if line.startswith("baton listening on "):
                self.url = line.split(" on ")[1].strip()
                break
        self.tokens = {}
        self.publish(binary, folder, token)

    def publish(self, binary, folder, admin):
        model = folder / "model.onnx"
        make_onnx(model)
        as_json = {"Content-Type": "application/json"}
        for user, role in (("dev", "developer"), ("app", "approver"), ("dep", "deployer")):
            document = json.dumps({"name": user, "roles": [role]}).encode()
            send(self.url, "POST", "/api/v1/users", document, as_json, admin)
            document = json.dumps({"user": user}).encode()
            self.tokens[user] = json.loads(send(self.url, "POST", "/api/v1/tokens", document, as_json, admin))["secret"]
        report = folder / "report.json"
        report.write_text('{"task":"binary","metrics":{"accuracy_score":1}}')
        self.binary = binary
        self.cli("dev", "register", "bench", str(model), "--report", str(report), "--request", "production")
        self.cli("app", "approve", "bench/1")
        self.cli("dep", "promote", "bench/1", "--wait")

    def cli(self, user, *words):
        environment = {**os.environ, "BATON_URL": self.url, "BATON_TOKEN": self.tokens[user]}
        subprocess.run([self.binary, *words], check=True, env=environment, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)


class Nginx(Server):
    """One worker that answers a canned reply of so many bytes."""

    name = "nginx"

    def __init__(self, folder, size):
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
  server {{ listen 127.0.0.1:{port} reuseport; location / {{ return 200 '{'x' * size}'; }} }}
}}""")
        super().__init__(["nginx", "-c", str(config), "-p", str(folder)])
        time.sleep(0.5)


class MLServer(Server):
    """MLServer with its scikit-learn runtime, as its documentation sets it up."""

    name = "MLServer"

    def __init__(self, python, folder):
        folder = Path(tempfile.mkdtemp(dir=folder))
        ports = [free_port() for _ in range(3)]
        dump = ("import joblib, sys; sys.path.insert(0, sys.argv[1]); import servers; "
                "joblib.dump(servers.make_estimator()[0], sys.argv[2])")
        subprocess.run([python, "-c", dump, str(Path(__file__).parent), str(folder / "model.joblib")], check=True)
        (folder / "settings.json").write_text(json.dumps(
            {"host": "127.0.0.1", "http_port": ports[0], "grpc_port": ports[1], "metrics_port": ports[2],
             "parallel_workers": 0, "debug": False}))
        (folder / "model-settings.json").write_text(json.dumps(
            {"name": "bench", "implementation": "mlserver_sklearn.SKLearnModel",
             "parameters": {"uri": "./model.joblib", "version": "1"}}))
        self.url = f"http://127.0.0.1:{ports[0]}"
        super().__init__([str(Path(python).parent / "mlserver"), "start", str(folder)])
        self.wait_until_it_answers(oip_json("bench", 1, "predict"))


class FastApi(Server):
    """What people write themselves: FastAPI in front of ONNX Runtime, one uvicorn worker."""

    name = "FastAPI + ONNX Runtime"
    source = '''
import numpy, onnxruntime
from fastapi import FastAPI
from pydantic import BaseModel

class Tensor(BaseModel):
    name: str
    shape: list[int]
    datatype: str
    data: list[float]

class Call(BaseModel):
    inputs: list[Tensor]

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession("model.onnx", options)
app = FastAPI()

@app.post("/v2/models/bench/infer")
def infer(call: Call):
    tensor = call.inputs[0]
    rows = numpy.array(tensor.data, dtype=numpy.float32).reshape(tensor.shape)
    names = [output.name for output in session.get_outputs()]
    outputs = session.run(names, {"X": rows})
    return {"outputs": [{"name": name, "shape": list(value.shape), "data": value.ravel().tolist()}
                        for name, value in zip(names, outputs)]}
'''

    def __init__(self, python, folder, model):
        folder = Path(tempfile.mkdtemp(dir=folder))
        port = free_port()
        (folder / "app.py").write_text(self.source)
        (folder / "model.onnx").write_bytes(Path(model).read_bytes())
        self.url = f"http://127.0.0.1:{port}"
        super().__init__([python, "-m", "uvicorn", "app:app", "--host", "127.0.0.1", "--port", str(port),
                          "--no-access-log", "--log-level", "error"], cwd=folder)
        self.wait_until_it_answers(oip_json("bench", 1))
