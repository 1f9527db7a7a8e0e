"""Times the Eigen engine, ONNX Runtime and scikit-learn on the same models, and the matrix product that bounds them.

    cmake --preset release -DBATON_BENCH=ON && cmake --build --preset release --target bench_kernels
    BATON_ONNXRUNTIME=LIBRARY PYTHON bench/kernels.py build/release/bench

PYTHON is an environment with scikit-learn and skl2onnx; LIBRARY is libonnxruntime.so.1, where the system has none of its
own. Trains a linear and a logistic regression (30 features) and an RBF SVC (2000 support vectors, 64 features), exports
them, and prints microseconds a row in one run, one thread each: of label and scores (scikit-learn: of scores), rows one
by one and 1024 at once. The bound of the SVC is a product of float matrices of its shape, the best of Eigen's and of
OpenBLAS's, which numpy brings.
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
    """Microseconds a row, and whose product that is."""
    shape = [str(number) for number in (BATCH, FEATURES, VECTORS)]
    times = {"Eigen": float(subprocess.check_output([folder / "bench_gemm", *shape]))}
    for kernels in OPENBLAS_KERNELS:
        environment = os.environ | ({"OPENBLAS_CORETYPE": kernels} if kernels else {})
        output = subprocess.check_output([sys.executable, __file__, "--product"], env=environment)
        times[f"OpenBLAS, {kernels or 'its choice'}"] = float(output)
    print("float product, us a row: " + "; ".join(f"{name} {spent:.3f}" for name, spent in times.items()))
    return min((spent, name) for name, spent in times.items())


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
    bound, whose = product_bound(programs)
    print_table(times)
    share = bound / times["eigen", "svm-rbf", BATCH]
    print(f"svm-rbf, {BATCH} rows: {share:.2f} of the speed of the float product ({bound:.3f} us, {whose})")


def print_table(times):
    peers = ("onnxruntime", "scikit-learn")
    print("us a row         rows    eigen   of it product" + "".join(f" {peer:>14}   ratio" for peer in peers))
    for engine, name, rows in times:
        if engine != "eigen":
            continue
        ours = times[engine, name, rows]
        product = times.get(("product", name, rows))
        line = f"{name:15} {rows:5} {ours:8.3f} " + (f"{product:15.3f}" if product else " " * 15)
        for peer in peers:
            spent = times.get((peer, name, rows))
            line += f" {spent:14.3f} {spent / ours:6.1f}x" if spent else " " * 23
        print(line)


if __name__ == "__main__":
    if sys.argv[1:] == ["--product"]:
        time_product()
    else:
        main()
