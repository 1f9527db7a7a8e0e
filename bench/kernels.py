"""Times the Eigen engine, ONNX Runtime and scikit-learn on the same models, and the matrix product that bounds them.

    cmake --preset release -DBATON_BENCH=ON && cmake --build --preset release --target bench_kernels
    PYTHON bench/kernels.py build/release/bench

run.py runs it as well. PYTHON is an environment with scikit-learn and skl2onnx; ONNX Runtime is the library that the build
found, or the one that BATON_ONNXRUNTIME names. Trains a linear and a logistic regression (30 features) and an RBF SVC (2000
support vectors, 64 features), exports them, and prints the time of a row in one run, one thread each: of label and scores
(scikit-learn: of scores), rows one by one and 1024 at once. The bound of the SVC is a product of float matrices of its
shape, the best of Eigen's and of OpenBLAS's, which numpy brings.
"""

import functools
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

import document  # noqa: E402

BATCH, FEATURES, VECTORS = 1024, 64, 2000
# OpenBLAS does not know every processor; it is asked for these kernels as well, if the processor has what they need.
OPENBLAS_KERNELS = [None, "Haswell"] + (["SkylakeX"] if "avx512f" in pathlib.Path("/proc/cpuinfo").read_text() else [])


def microseconds(call, rows):
    """A row of a call, in the best of five rounds."""
    best = float("inf")
    for _ in range(5):
        done, start = 0, time.perf_counter()
        while time.perf_counter() - start < 0.2:
            call()
            done += 1
        best = min(best, (time.perf_counter() - start) / done)
    return best / rows * 1e6


def time_product():
    """Prints what numpy's product takes: for a process of its own, with the kernels its environment names."""
    random = np.random.default_rng(1)
    x = random.normal(size=(BATCH, FEATURES)).astype(np.float32)
    vectors = random.normal(size=(FEATURES, VECTORS)).astype(np.float32)
    products = np.empty((BATCH, VECTORS), np.float32)
    print(microseconds(lambda: np.matmul(x, vectors, out=products), BATCH))


def product_bound(folder):
    """Microseconds a row of the best product."""
    shape = [str(number) for number in (BATCH, FEATURES, VECTORS)]
    times = {"Eigen": float(subprocess.check_output([folder / "bench_gemm", *shape]))}
    for kernels in OPENBLAS_KERNELS:
        environment = os.environ | ({"OPENBLAS_CORETYPE": kernels} if kernels else {})
        output = subprocess.check_output([sys.executable, __file__, "--product"], env=environment)
        times[f"OpenBLAS, {kernels or 'its choice'}"] = float(output)
    print("\nThe float product alone, a row: " +
          "; ".join(f"{name} {document.microseconds(spent)}" for name, spent in times.items()) + ".")
    return min(times.values())


def models():
    """Name, fitted model, its features, the type of its inputs."""
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.svm import SVC

    random = np.random.default_rng(1)
    x = random.normal(size=(2000, 30))
    target = x @ random.normal(size=30) + random.normal(size=2000)
    yield "linear", LinearRegression().fit(x, target), 30, np.float32
    yield "logistic", LogisticRegression().fit(x, target > 0), 30, np.float32
    # Two classes of the same size without any pattern, and small weights: every row becomes a support vector.
    x = random.normal(size=(VECTORS, FEATURES))
    svm = SVC(C=0.01).fit(x, np.arange(VECTORS) % 2)
    assert len(svm.support_vectors_) == VECTORS
    yield "svm-rbf", svm, FEATURES, np.float32
    yield "svm-rbf-double", svm, FEATURES, np.float64


def score(model):
    if hasattr(model, "support_vectors_"):
        return model.decision_function  # the label is its sign
    return getattr(model, "predict_proba", model.predict)


def export(name, model, features, number, folder):
    from skl2onnx import to_onnx

    options = None if name == "linear" else {id(model): {"zipmap": False}}
    exported = to_onnx(model, np.zeros((1, features), number), options=options)
    (pathlib.Path(folder) / f"{name}.onnx").write_bytes(exported.SerializeToString())


def main():
    warnings.filterwarnings("ignore")  # the exporter reads attributes that are on their way out
    programs = pathlib.Path(sys.argv[1])
    times = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, model, features, number in models():
            export(name, model, features, number, folder)
            for rows in (1, BATCH):
                batch = np.random.default_rng(2).normal(size=(rows, features)).astype(number)
                times["scikit-learn", name, rows] = microseconds(functools.partial(score(model), batch), rows)
        lines = subprocess.check_output([programs / "bench_kernels", folder], text=True).splitlines()
    for line in map(json.loads, lines):
        times[line["engine"], line["model"], line["rows"]] = line["microseconds"]
    print_table(times)
    share = product_bound(programs) / times["eigen", "svm-rbf", BATCH]
    print(f"The whole svm-rbf with {BATCH:,} rows runs at {share:.2f} of the speed of the best of them.")


def print_table(times):
    peers = ("onnxruntime", "scikit-learn")
    rows = []
    for engine, name, count in times:
        if engine != "eigen":
            continue
        ours = times[engine, name, count]
        product = times.get(("product", name, count))
        row = [name, f"{count:,}", document.microseconds(ours), document.microseconds(product) if product else ""]
        for peer in peers:
            spent = times.get((peer, name, count))
            row += [document.microseconds(spent), document.ratio(spent / ours)] if spent else ["", ""]
        rows.append(row)
    print(document.table(["model", "rows", "Eigen", "of it product", "ONNX Runtime", "times as long", "scikit-learn",
                          "times as long"], rows))


if __name__ == "__main__":
    if sys.argv[1:] == ["--product"]:
        time_product()
    else:
        main()
