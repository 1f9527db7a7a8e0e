"""Trains the small models in models/ and writes what scikit-learn answers beside them.

    pip install scikit-learn==1.9.1 skl2onnx==1.20.0
    python tests/data/make_models.py

Every model is NAME.onnx; NAME.json has input rows (exact in float32), the expected answers in double precision, and for
each output of the model which of them it equals. Training is seeded, so the files only change with the tool chain.
"""

import json
import pathlib
import shutil
import warnings

import numpy as np
from skl2onnx import __version__ as skl2onnx_version, to_onnx
from sklearn import __version__ as sklearn_version, datasets
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR, NuSVC, OneClassSVM

FOLDER = pathlib.Path(__file__).parent / "models"
ROWS = 24

# Weights are stored in float32, so answers differ from double by about this much; in double models that hold double
# weights, by rounding alone.
FLOAT = {"rtol": 1e-5, "atol": 3e-6}
COUPLED = {"rtol": 1e-4, "atol": 2e-5}  # polynomial kernels cancel, coupled probabilities amplify
DOUBLE = {"rtol": 1e-9, "atol": 1e-10}


def iris():
    return datasets.load_iris(return_X_y=True)


def iris_names():
    data = datasets.load_iris()
    return data.data, data.target_names[data.target]


def iris_pair():
    x, y = iris()
    return x[50:], y[50:]


def breast_cancer():
    return datasets.load_breast_cancer(return_X_y=True)


def digits():
    x, y = datasets.load_digits(return_X_y=True)
    return x[:500], y[:500]


def diabetes():
    return datasets.load_diabetes(return_X_y=True)


def linnerud():
    return datasets.load_linnerud(return_X_y=True)


def iris_with_gaps():
    x, y = iris()
    x = x.copy()
    x[np.random.default_rng(7).random(x.shape) < 0.1] = np.nan
    return x, y


def scaled(*steps):
    return make_pipeline(StandardScaler(), *steps)


# name: (estimator, data)
REGRESSORS = {
    "linreg": (LinearRegression(), diabetes),
    "linreg-two-targets": (LinearRegression(), linnerud),
    "ridge-scaled": (scaled(Ridge()), diabetes),
    "lasso": (Lasso(alpha=0.1), diabetes),
    "linear-svr": (scaled(LinearSVR(random_state=0)), diabetes),
    "svr-rbf": (scaled(SVR(C=50)), diabetes),
    "svr-linear": (scaled(SVR(kernel="linear")), diabetes),
}

# name: (estimator, data, what the scores are)
CLASSIFIERS = {
    "logreg-binary": (LogisticRegression(max_iter=5000), iris_pair, "probabilities"),
    "logreg-binary-scaled": (scaled(LogisticRegression()), breast_cancer, "probabilities"),
    "logreg-multinomial": (LogisticRegression(max_iter=1000), iris, "probabilities"),
    "logreg-names-scaled": (scaled(LogisticRegression()), iris_names, "probabilities"),
    "logreg-digits": (make_pipeline(MinMaxScaler(), LogisticRegression(max_iter=500)), digits, "probabilities"),
    "pca-logreg": (scaled(PCA(2), LogisticRegression()), iris, "probabilities"),
    "imputer-logreg": (make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()), iris_with_gaps,
                       "probabilities"),
    "columns-logreg": (make_pipeline(
        ColumnTransformer([("a", StandardScaler(), [0, 1]), ("b", MinMaxScaler(), [2, 3])]), LogisticRegression()),
        iris, "probabilities"),
    "sgd-log-loss": (scaled(SGDClassifier(loss="log_loss", random_state=0)), iris, "probabilities"),
    "linear-svc-binary": (scaled(LinearSVC(random_state=0)), breast_cancer, "decision"),
    "linear-svc-multi": (scaled(LinearSVC(random_state=0)), iris, "decision"),
    "svc-linear-binary": (SVC(kernel="linear"), iris_pair, "decision"),
    "svc-rbf-binary": (scaled(SVC()), iris_pair, "decision"),
    "svc-rbf-binary-prob": (scaled(SVC(probability=True, random_state=0)), iris_pair, "coupled"),
    "svc-rbf-multi": (scaled(SVC()), iris, "decision"),
    "svc-rbf-multi-prob": (scaled(SVC(probability=True, random_state=0)), iris_names, "coupled"),
    "svc-rbf-digits": (SVC(), digits, "decision"),
    "svc-poly-multi-prob": (scaled(SVC(kernel="poly", probability=True, random_state=0)), iris, "coupled"),
    "svc-sigmoid-binary": (scaled(SVC(kernel="sigmoid")), iris_pair, "decision"),
    "nusvc-ovo": (scaled(NuSVC(decision_function_shape="ovo")), iris, "decision"),
    "calibrated-svc-binary": (scaled(CalibratedClassifierCV(SVC(), ensemble=False)), iris_pair, "probabilities"),
    "calibrated-svc-multi": (scaled(CalibratedClassifierCV(SVC(), ensemble=False)), iris_names, "probabilities"),
}

# skl2onnx 1.20 gives every classifier of a pipeline the option zipmap, and then finds that LinearSVC has none: naming the
# class with no options stops it. In double it does not convert at all.
LINEAR_SVC = {LinearSVC: {}}


def last_step(estimator):
    return estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator


def sample(x):
    """Rows of the data and three outside it, rounded to float32."""
    picked = x[np.random.default_rng(1).permutation(len(x))[: ROWS - 3]]
    outside = np.stack([np.zeros(x.shape[1]), np.nanmean(x, axis=0) * 3, np.nanmax(x, axis=0) * -0.5])
    return np.concatenate([picked, outside]).astype(np.float32)


def as_json(value):
    if isinstance(value, np.ndarray):
        return [as_json(v) for v in value.tolist()]
    if isinstance(value, list):
        return [as_json(v) for v in value]
    return "NaN" if isinstance(value, float) and value != value else value


def write(name, model, rows, classes, expected, relation, tolerance):
    (FOLDER / f"{name}.onnx").write_bytes(model.SerializeToString())
    case = {"rows": as_json(rows), "expected": {k: as_json(v) for k, v in expected.items()}, "relation": relation,
            "tolerance": {key: tolerance for key in expected}}
    if classes is not None:
        case["classes"] = as_json(classes)
    (FOLDER / f"{name}.json").write_text(json.dumps(case, separators=(",", ":")) + "\n")


def regressor(name, estimator, data):
    x, y = data()
    estimator.fit(x, y)
    rows = sample(x)
    predictions = estimator.predict(rows.astype(np.float64))
    relation = {"equals": "predictions", "arranged": "as one column"}
    for precision, dtype in (("float", np.float32), ("double", np.float64)):
        model = to_onnx(estimator, rows[:1].astype(dtype))
        exact = precision == "double" and not isinstance(last_step(estimator), SVR)
        write(f"{name}-{precision}", model, rows, None, {"predictions": predictions}, {"variable": relation},
              DOUBLE if exact else FLOAT)


def scores_relation(field, classes, decision):
    if field != "decision":
        return {"equals": "probabilities"}
    if len(classes) == 2 and decision.ndim == 1:
        return {"equals": "decision", "arranged": "columns d, -d"}
    return {"equals": "decision"}


def classifier(name, estimator, data, field):
    x, y = data()
    estimator.fit(x, y)
    last = last_step(estimator)
    rows = sample(x)
    expected = {"labels": estimator.predict(rows.astype(np.float64))}
    if field == "decision":
        expected["decision"] = estimator.decision_function(rows.astype(np.float64))
    else:
        expected["probabilities"] = estimator.predict_proba(rows.astype(np.float64))
    relation = scores_relation(field, last.classes_, expected.get("decision"))
    if isinstance(last, LinearSVC) and len(last.classes_) == 2:
        relation = {"equals": "decision", "arranged": "as one column"}
    loose = field == "coupled"
    svm = not isinstance(last, (LogisticRegression, SGDClassifier))
    imputer = isinstance(getattr(estimator, "steps", [("", None)])[0][1], SimpleImputer)  # keeps its means in float32
    for precision, dtype in (("float", np.float32), ("double", np.float64)):
        if precision == "double" and isinstance(last, LinearSVC):
            continue
        exact = precision == "double" and not svm and not imputer
        tolerance = COUPLED if loose else DOUBLE if exact else FLOAT
        options = LINEAR_SVC if isinstance(last, LinearSVC) else {id(last): {"zipmap": False}}
        model = to_onnx(estimator, rows[:1].astype(dtype), options=options)
        write(f"{name}-{precision}", model, rows, last.classes_, expected,
              {"label": {"equals": "labels"}, "probabilities": relation}, tolerance)
    if field == "probabilities" and "logreg" in name:
        model = to_onnx(estimator, rows[:1])
        maps = {"equals": "probabilities", "as": "sequence of maps from class to value"}
        write(f"{name}-zipmap", model, rows, last.classes_, expected,
              {"output_label": {"equals": "labels"}, "output_probability": maps}, FLOAT)


def one_class():
    x, _ = iris()
    estimator = OneClassSVM(nu=0.1).fit(x)
    rows = sample(x)
    wide = rows.astype(np.float64)
    expected = {"labels": estimator.predict(wide), "decision": estimator.decision_function(wide)}
    relation = {"label": {"equals": "labels"}, "scores": {"equals": "decision", "arranged": "as one column"}}
    for precision, dtype in (("float", np.float32), ("double", np.float64)):
        write(f"one-class-{precision}", to_onnx(estimator, rows[:1].astype(dtype)), rows, None, expected, relation, FLOAT)


def main():
    warnings.filterwarnings("ignore")  # SVC(probability=True) is deprecated, and still in use
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    for name, arguments in REGRESSORS.items():
        regressor(name, *arguments)
    for name, arguments in CLASSIFIERS.items():
        classifier(name, *arguments)
    one_class()
    versions = {"scikit-learn": sklearn_version, "skl2onnx": skl2onnx_version}
    (FOLDER / "versions.json").write_text(json.dumps(versions) + "\n")


if __name__ == "__main__":
    main()
