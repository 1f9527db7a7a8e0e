"""Steps of the rollout tests: candidates, requests on one connection, models that are slow or differ in a known way."""

from __future__ import annotations

import http.client
import json
from collections import Counter
from typing import Any, Dict, Iterable, Mapping, Optional
from urllib.parse import urlsplit

from harness import REPORT, Server
from models import np, quietly

import onnx
from onnx import TensorProto, helper, numpy_helper


def candidate(server: Server, model: str, content: bytes) -> Dict[str, Any]:
    """A version whose request is approved."""
    version = server.register(model, content, path="model.onnx", report=REPORT)
    server.hand_over(version)
    return version


def traffic(server: Server, model: str) -> Dict[str, Any]:
    return server.call("vic", "GET", f"/models/{model}/traffic")


def set_rules(server: Server, model: str, **rules: Any) -> Dict[str, Any]:
    answer = server.call("drew", "PUT", f"/models/{model}/traffic", rules, query={"wait": "ready"})
    for kind in rules:
        assert answer[kind]["serving"] == "ready", answer
    return answer


def end(server: Server, model: str, outcome: str) -> Dict[str, Any]:
    return server.call("drew", "POST", f"/models/{model}/traffic/end", {"outcome": outcome, "reason": "the test"}, query={"wait": "ready"})


class Caller:
    """Inference on one connection."""

    def __init__(self, server: Server, who: str = "vic") -> None:
        self.connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
        self.token = server.tokens[who]

    def infer(self, path: str, rows: Any = ((0.5, 0.5),), headers: Optional[Mapping[str, str]] = None, parameters: Any = None) -> Any:
        """The answer's status, version and document."""
        rows = np.asarray(rows, dtype=np.float32)
        document = {"inputs": [{"name": "X", "datatype": "FP32", "shape": rows.shape, "data": rows.ravel().tolist()}]}
        if parameters:
            document["parameters"] = parameters
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        self.connection.request("POST", f"/v2/models/{path}/infer", json.dumps(document), sent)
        answer = self.connection.getresponse()
        body = json.loads(answer.read())
        version = answer.getheader("Baton-Model-Version")
        return answer.status, int(version) if version else None, body

    def version(self, path: str, **options: Any) -> int:
        status, version, document = self.infer(path, **options)
        assert status == 200, document
        assert document["model_version"] == str(version)
        return version

    def versions(self, path: str, count: int, headers: Iterable[Optional[Mapping[str, str]]] = ()) -> Counter:
        given = list(headers) or [None] * count
        return Counter(self.version(path, headers=one) for one in given)


def slow_model(steps: int, size: int = 1500) -> bytes:
    """Answers x0 after `steps` products with a large matrix."""
    first = np.zeros((2, size), dtype=np.float32)
    first[0, 0] = 1
    last = np.zeros((size, 1), dtype=np.float32)
    last[0, 0] = 1
    names = ["X"] + [f"h{step}" for step in range(steps + 1)] + ["variable"]
    weights = ["first"] + ["middle"] * steps + ["last"]
    nodes = [helper.make_node("MatMul", [names[i], weight], [names[i + 1]]) for i, weight in enumerate(weights)]
    graph = helper.make_graph(
        nodes,
        "slow",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("variable", TensorProto.FLOAT, [None, 1])],
        [
            numpy_helper.from_array(first, "first"),
            numpy_helper.from_array(np.eye(size, dtype=np.float32), "middle"),
            numpy_helper.from_array(last, "last"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model.SerializeToString()


def threshold(at: float) -> bytes:
    """A classifier: 1 where x0 is above `at`, with its probabilities."""
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit([[0.0, 0.0], [1.0, 0.0]], [0, 1])
    model.coef_, model.intercept_ = np.array([[50.0, 0.0]]), np.array([-50.0 * at])
    converted = quietly(to_onnx, model, np.zeros((1, 2), dtype=np.float32), options={"zipmap": False})
    return converted.SerializeToString()
