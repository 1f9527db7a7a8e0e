"""Asks a live model over both inference protocols and compares its answers with scikit-learn's, row by row.

    python examples/compare.py digits [--improve] [--version 2]

Prints the largest difference and the number of different labels; exits 1 when the two do not agree. Training is
repeatable, so the estimator to compare with is simply trained again.
"""

import argparse
import importlib
import json
import sys
import urllib.request

import numpy as np

import baton
from baton.profiles import find_endpoint

EXAMPLES = ("diabetes", "breast_cancer", "digits")
# The models compute with 32-bit inputs, so scores agree to about seven digits; labels must agree exactly.
RELATIVE, ABSOLUTE = 1e-5, 1e-4


def over_oip(name, rows, version):
    """Version and outputs by name, over the Open Inference Protocol."""
    prediction = baton.predict(name, rows, version=version)
    return prediction.version, prediction.outputs


def over_tfserving(name, rows, version):
    """The same over TensorFlow Serving's REST protocol, in its column form."""
    path = f"/v1/models/{name}" + (f"/versions/{version}" if version else "")
    answer = post(path + ":predict", {"inputs": rows.tolist()})["outputs"]
    if not isinstance(answer, dict):  # a single output comes without its name
        answer = {"variable": answer}
    return None, {output: np.array(values) for output, values in answer.items()}


def post(path, document):
    url, token = find_endpoint()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(url + path, json.dumps(document).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def expected_outputs(estimator, rows):
    """What scikit-learn says: under the names and in the layout that the ONNX model uses."""
    if not hasattr(estimator, "classes_"):
        return {"variable": estimator.predict(rows).reshape(len(rows), -1)}
    scores = estimator.predict_proba(rows) if hasattr(estimator, "predict_proba") else estimator.decision_function(rows)
    return {"label": estimator.predict(rows), "probabilities": scores}


def compare(expected, answered):
    """The largest difference of a number, the count of different labels, and whether both are small enough."""
    difference, mismatches, agrees = 0.0, 0, True
    for output, values in expected.items():
        got = np.asarray(answered[output])
        if got.shape != values.shape:
            raise SystemExit(f"output '{output}' has shape {got.shape}, scikit-learn's has {values.shape}")
        if output == "label":
            mismatches = int((got != values).sum())
            agrees &= mismatches == 0
        else:
            difference = max(difference, float(np.abs(got - values).max()))
            agrees &= bool(np.allclose(got, values, rtol=RELATIVE, atol=ABSOLUTE))
    return difference, mismatches, agrees


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("example", choices=EXAMPLES)
    parser.add_argument("--improve", action="store_true", help="compare with the better second version")
    parser.add_argument("--version", type=int, help="ask for this version instead of the live one")
    options = parser.parse_args()

    example = importlib.import_module(f"train_{options.example}")
    X_train, X_test, y_train, _ = example.split()
    estimator = example.train(X_train, y_train, options.improve)
    rows = X_test.astype(np.float32)
    expected = expected_outputs(estimator, rows)
    failed = False
    for protocol, ask in (("OIP v2", over_oip), ("TF Serving", over_tfserving)):
        version, answered = ask(example.NAME, rows, options.version)
        difference, mismatches, agrees = compare(expected, answered)
        facts = [f"version {version}"] if version else []
        facts += [f"{len(rows)} rows", f"largest difference {difference:.2g}"]
        facts += [f"{mismatches} label mismatches"] if "label" in expected else []
        print(f"{example.NAME} over {protocol}: {', '.join(facts)}: {'equal' if agrees else 'DIFFERENT'}")
        failed |= not agrees
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    try:
        main()
    except (baton.BatonError, OSError) as error:
        sys.exit(f"error: {error}")
