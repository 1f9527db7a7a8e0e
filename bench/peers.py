"""Other model servers with the same logistic regression as Baton, set up as their documentation says.

They run from a virtual environment of their own (see README.md), so that nothing of theirs is needed to build or test
Baton.
"""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from load import Unavailable
from servers import Server, Workload, free_port, oip_json, rows_of


class Peer(Server):
    """`module` is what the environment must have; `input_name` is what the model's input is called."""

    module = ""
    input_name = "X"

    def __init__(self, python, command, **options):
        path = f"{Path(python).parent}:{os.environ['PATH']}"  # peers call each other's commands
        super().__init__([python, "-m", *command], env={**os.environ, "PATH": path}, **options)

    @classmethod
    def check(cls, python):
        if not python:
            raise Unavailable(f"{cls.name}: name a virtual environment with --peers")
        if subprocess.run([python, "-c", f"import {cls.module}"], capture_output=True).returncode != 0:
            raise Unavailable(f"{cls.name}: the peers' environment has no {cls.module}")

    def workload(self, rows):
        return oip_json("bench", rows, self.input_name)


def run_with_estimator(python, statement, target):
    """Runs a statement in the peers' environment; `estimator` is the model and `target` the argument."""
    code = ("import sys; sys.path.insert(0, sys.argv[1]); import servers; "
            f"estimator, target = servers.make_estimator()[0], sys.argv[2]; {statement}")
    subprocess.run([python, "-c", code, str(Path(__file__).parent), str(target)], check=True, capture_output=True)


class MLServer(Peer):
    """With its scikit-learn runtime."""

    name = "MLServer, scikit-learn runtime"
    module = "mlserver_sklearn"
    input_name = "predict"

    def __init__(self, python, folder):
        self.check(python)
        folder = Path(tempfile.mkdtemp(dir=folder))
        ports = [free_port() for _ in range(3)]
        run_with_estimator(python, "import joblib; joblib.dump(estimator, target)", folder / "model.joblib")
        (folder / "settings.json").write_text(json.dumps(
            {"host": "127.0.0.1", "http_port": ports[0], "grpc_port": ports[1], "metrics_port": ports[2],
             "parallel_workers": 0, "debug": False}))
        (folder / "model-settings.json").write_text(json.dumps(
            {"name": "bench", "implementation": "mlserver_sklearn.SKLearnModel",
             "parameters": {"uri": "./model.joblib", "version": "1"}}))
        self.url = f"http://127.0.0.1:{ports[0]}"
        self.grpc = f"127.0.0.1:{ports[1]}"
        super().__init__(python, ["mlserver.cli.main", "start", str(folder)])
        self.wait_until_it_answers(self.workload(1))


class FastApi(Peer):
    """What people write themselves: FastAPI in front of ONNX Runtime, one uvicorn worker."""

    name = "FastAPI with ONNX Runtime"
    module = "fastapi, uvicorn, onnxruntime"
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
        self.check(python)
        folder = Path(tempfile.mkdtemp(dir=folder))
        port = free_port()
        (folder / "app.py").write_text(self.source)
        (folder / "model.onnx").write_bytes(Path(model).read_bytes())
        self.url = f"http://127.0.0.1:{port}"
        super().__init__(python, ["uvicorn", "app:app", "--host", "127.0.0.1", "--port", str(port), "--no-access-log",
                                  "--log-level", "error"], cwd=folder)
        self.wait_until_it_answers(self.workload(1))


class MLflow(Peer):
    """MLflow's scoring server, one worker, asked in its own words."""

    name = "MLflow scoring server"
    module = "mlflow, mlflow.sklearn"

    def __init__(self, python, folder):
        self.check(python)
        folder = Path(tempfile.mkdtemp(dir=folder))
        port = free_port()
        run_with_estimator(python, "import mlflow.sklearn; mlflow.sklearn.save_model(estimator, target)",
                           folder / "model")
        self.url = f"http://127.0.0.1:{port}"
        super().__init__(python, ["mlflow", "models", "serve", "-m", str(folder / "model"), "-h", "127.0.0.1", "-p",
                                  str(port), "--env-manager", "local", "--workers", "1"], cwd=folder)
        self.wait_until_it_answers(self.workload(1))

    def workload(self, rows):
        return Workload("/invocations", json.dumps({"inputs": rows_of(rows)}).encode())
