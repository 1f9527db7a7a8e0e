"""Times scikit-learn and the Eigen engine on the same models, side by side.

    cmake --preset release -DBATON_BENCH=ON && cmake --build --preset release --target bench_kernels
    python bench/kernels_sklearn.py build/release/bench/bench_kernels

Trains a linear regression (30 features), a logistic regression (30) and an RBF SVC (500 support vectors, 64 features),
exports them, and prints rows a second of predict (for classifiers: of label and scores, as the engine answers both) and
the ratio. One thread each.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import warnings

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402  (after the number of threads is set)
from skl2onnx import to_onnx  # noqa: E402
from sklearn.linear_model import LinearRegression, LogisticRegression  # noqa: E402
from sklearn.svm import SVC  # noqa: E402


def models():
    random = np.random.default_rng(1)
    x = random.normal(size=(2000, 30))
    weights = random.normal(size=30)
    target = x @ weights + random.normal(size=2000)
    yield "linear", LinearRegression().fit(x, target), x
    yield "logistic", LogisticRegression().fit(x, target > 0), x
    # Labels without any pattern: every training row becomes a support vector.
    x = random.normal(size=(500, 64))
    yield "svm-rbf", SVC(C=1.0).fit(x, random.integers(0, 2, 500)), x


def answer(model):
    if isinstance(model, LinearRegression):
        return model.predict
    if isinstance(model, SVC):
        return model.decision_function  # the label is its sign
    return model.predict_proba


def rows_per_second(call, rows):
    best = 0.0
    for _ in range(5):
        done, start = 0, time.perf_counter()
        while time.perf_counter() - start < 0.2:
            call(rows)
            done += len(rows)
        best = max(best, done / (time.perf_counter() - start))
    return best


def main():
    warnings.filterwarnings("ignore")  # the exporter reads attributes that are on their way out
    program = sys.argv[1]
    sklearn = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, model, x in models():
            options = None if isinstance(model, LinearRegression) else {id(model): {"zipmap": False}}
            onnx = to_onnx(model, x[:1].astype(np.float32), options=options)
            (pathlib.Path(folder) / f"{name}.onnx").write_bytes(onnx.SerializeToString())
            batch = np.random.default_rng(2).normal(size=(1024, x.shape[1]))
            for rows in (1, 1024):
                sklearn[name, rows] = rows_per_second(answer(model), batch[:rows])
        ours = subprocess.run([program, folder], check=True, capture_output=True, text=True).stdout
    print(f"{'model':10} {'rows':>5} {'scikit-learn/s':>15} {'baton/s':>12} {'ratio':>7}")
    for line in map(json.loads, ours.splitlines()):
        key = line["model"], line["rows"]
        ratio = line["rows_per_second"] / sklearn[key]
        print(f"{key[0]:10} {key[1]:5} {sklearn[key]:15,.0f} {line['rows_per_second']:12,.0f} {ratio:7.1f}")


if __name__ == "__main__":
    main()
