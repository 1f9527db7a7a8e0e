"""Trains the small models in runtime-models/: tree ensembles, networks, text and images, most of which need ONNX Runtime.

    pip install scikit-learn==1.9.1 skl2onnx==1.20.0 onnx==1.23.2 onnxmltools==1.16.0 xgboost-cpu==3.2.0 lightgbm==4.7.0
    python tests/data/make_runtime_models.py

The files are of the same kind as those of make_models.py, beside this script: NAME.onnx, and in NAME.json input rows, the
answers of the library that trained the model, and which of them each output equals. Rows have the shape of the input.
"""

import json
import pathlib
import shutil

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType as ToolsFloat
from skl2onnx import to_onnx
from skl2onnx.common.data_types import StringTensorType
from sklearn import datasets
from sklearn.ensemble import (ExtraTreesClassifier, GradientBoostingClassifier, GradientBoostingRegressor,
                              RandomForestClassifier, RandomForestRegressor)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from lightgbm import LGBMClassifier
from xgboost import XGBClassifier, XGBRegressor

FOLDER = pathlib.Path(__file__).parent / "runtime-models"
ROWS = 16
TOLERANCE = {"rtol": 2e-5, "atol": 2e-6}
MAPS = {"equals": "probabilities", "as": "sequence of maps from class to value"}


def as_json(value):
    return value.tolist() if isinstance(value, np.ndarray) else value


def write(name, model, rows, expected, relation, classes=None):
    (FOLDER / f"{name}.onnx").write_bytes(model.SerializeToString())
    case = {"rows": as_json(rows), "expected": {key: as_json(value) for key, value in expected.items()},
            "relation": relation, "tolerance": {key: TOLERANCE for key in expected}}
    if classes is not None:
        case["classes"] = as_json(classes)
    (FOLDER / f"{name}.json").write_text(json.dumps(case, separators=(",", ":")) + "\n")


def sample(x):
    return x[np.random.default_rng(1).permutation(len(x))[:ROWS]].astype(np.float32)


def answers(estimator, rows):
    return {"labels": estimator.predict(rows), "probabilities": estimator.predict_proba(rows).astype(np.float64)}


def classifier(name, estimator, x, y, zipmap=False):
    estimator.fit(x, y)
    rows = sample(x)
    last = estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator
    model = to_onnx(estimator, rows[:1], options={id(last): {"zipmap": zipmap}})
    outputs = [output.name for output in model.graph.output]
    scores = MAPS if zipmap else {"equals": "probabilities"}
    write(name, model, rows, answers(estimator, rows), {outputs[0]: {"equals": "labels"}, outputs[1]: scores},
          estimator.classes_)


def regressor(name, estimator, x, y):
    estimator.fit(x, y)
    rows = sample(x)
    write(name, to_onnx(estimator, rows[:1]), rows, {"predictions": estimator.predict(rows).astype(np.float64)},
          {"variable": {"equals": "predictions", "arranged": "as one column"}})


def scikit_learn():
    iris = datasets.load_iris()
    named = iris.target_names[iris.target]
    digits, digit = datasets.load_digits(return_X_y=True)
    cancer, benign = datasets.load_breast_cancer(return_X_y=True)
    diabetes, progress = datasets.load_diabetes(return_X_y=True)
    classifier("tree-names", DecisionTreeClassifier(random_state=0), iris.data, named)
    classifier("forest-names-zipmap", RandomForestClassifier(20, max_depth=5, random_state=0), iris.data, named, True)
    classifier("forest-binary-zipmap", RandomForestClassifier(20, max_depth=5, random_state=0), cancer, benign, True)
    classifier("extra-trees-digits", ExtraTreesClassifier(10, max_depth=6, random_state=0), digits, digit)
    classifier("boosting-binary", GradientBoostingClassifier(n_estimators=30, random_state=0), cancer, benign)
    classifier("boosting-multi", GradientBoostingClassifier(n_estimators=10, random_state=0), iris.data, iris.target)
    classifier("scaled-mlp-binary", make_pipeline(StandardScaler(), MLPClassifier((16,), max_iter=200, random_state=0)),
               cancer, benign)
    classifier("mlp-digits-zipmap", MLPClassifier((24, 12), max_iter=150, random_state=0), digits / 16, digit, True)
    regressor("forest-regression", RandomForestRegressor(10, max_depth=6, random_state=0), diabetes, progress)
    regressor("boosting-regression", GradientBoostingRegressor(n_estimators=40, random_state=0), diabetes, progress)
    regressor("mlp-regression", MLPRegressor(hidden_layer_sizes=(16,), activation="tanh", max_iter=400, random_state=0), diabetes,
              progress / 100)


def boosters():
    """XGBoost and LightGBM, by way of onnxmltools. XGBoost wants its columns named f0, f1 …"""
    iris, kind = datasets.load_iris(return_X_y=True)
    cancer, benign = datasets.load_breast_cancer(return_X_y=True)
    diabetes, progress = datasets.load_diabetes(return_X_y=True)
    for name, estimator, x, y, convert in (
        ("xgboost-multi", XGBClassifier(n_estimators=8, max_depth=3, random_state=0), iris, kind, convert_xgboost),
        ("xgboost-binary", XGBClassifier(n_estimators=12, max_depth=3, random_state=0), cancer, benign, convert_xgboost),
        ("lightgbm-multi", LGBMClassifier(n_estimators=8, num_leaves=7, random_state=0, verbose=-1), iris, kind,
         convert_lightgbm),
        ("lightgbm-binary", LGBMClassifier(n_estimators=12, num_leaves=7, random_state=0, verbose=-1), cancer, benign,
         convert_lightgbm),
    ):
        estimator.fit(x.astype(np.float32), y)
        rows = sample(x)
        model = convert(estimator, initial_types=[("input", ToolsFloat([None, x.shape[1]]))])
        label, scores = [output.name for output in model.graph.output]
        is_map = model.graph.output[1].type.WhichOneof("value") == "sequence_type"
        write(name, model, rows, answers(estimator, rows),
              {label: {"equals": "labels"}, scores: MAPS if is_map else {"equals": "probabilities"}}, estimator.classes_)
    estimator = XGBRegressor(n_estimators=10, max_depth=3, random_state=0).fit(diabetes.astype(np.float32), progress)
    rows = sample(diabetes)
    model = convert_xgboost(estimator, initial_types=[("input", ToolsFloat([None, diabetes.shape[1]]))])
    write("xgboost-regression", model, rows, {"predictions": estimator.predict(rows).astype(np.float64)},
          {model.graph.output[0].name: {"equals": "predictions", "arranged": "as one column"}})


def text():
    """Words in, a class out: strings as the input of a model."""
    praise = ["good fast service", "fast and friendly", "good value, friendly people", "a friendly place", "very good"]
    blame = ["slow and rude", "rude people", "bad slow service", "bad value", "a very bad place"]
    texts = np.array(praise + blame)
    estimator = make_pipeline(TfidfVectorizer(token_pattern="[a-z]+"), LogisticRegression())
    estimator.fit(texts, ["praise"] * len(praise) + ["blame"] * len(blame))
    rows = np.array(praise[:3] + blame[:3] + ["good but slow", "unknown words alone", ""]).reshape(-1, 1)
    model = to_onnx(estimator, initial_types=[("text", StringTensorType([None, 1]))],
                    options={id(estimator.steps[-1][1]): {"zipmap": False}})
    label, scores = [output.name for output in model.graph.output]
    write("text", model, rows, answers(estimator, rows[:, 0]),
          {label: {"equals": "labels"}, scores: {"equals": "probabilities"}}, estimator.classes_)


def image():
    """A small network over pictures of digits, batch and size of the picture open. Its weights are drawn, not trained."""
    draw = np.random.default_rng(5)
    kernels = (draw.standard_normal((4, 1, 3, 3)) / 3).astype(np.float32)
    weights = (draw.standard_normal((4, 10)) / 2).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["picture", "kernels"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("MatMul", ["f", "weights"], ["scores"]),
    ]
    graph = helper.make_graph(
        nodes, "pictures", [helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["n", 1, "height", "width"])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 10])],
        [numpy_helper.from_array(kernels, "kernels"), numpy_helper.from_array(weights, "weights")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="by hand")
    onnx.checker.check_model(model)
    rows = sample(datasets.load_digits().images[:, None] / 16)[:6]
    padded = np.pad(rows.astype(np.float64)[:, 0], ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    convolved = np.einsum("nhwij,kij->nkhw", windows, kernels[:, 0].astype(np.float64))
    scores = np.maximum(convolved, 0).mean(axis=(2, 3)) @ weights.astype(np.float64)
    write("image", model, rows, {"scores": scores}, {"scores": {"equals": "scores"}})


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    scikit_learn()
    boosters()
    text()
    image()


if __name__ == "__main__":
    main()
