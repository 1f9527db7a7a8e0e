"""Small ONNX models whose answers say which version gave them."""

from __future__ import annotations

import functools
import warnings

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("sklearn")
pytest.importorskip("skl2onnx")

from sklearn.linear_model import LinearRegression  # noqa: E402

import baton  # noqa: E402


@functools.lru_cache(maxsize=None)
def constant(value: float) -> bytes:
    """A model of two inputs that always answers ``value``."""
    return baton.to_onnx(estimator(0.0, 0.0, value))


def estimator(first: float, second: float, intercept: float) -> LinearRegression:
    """first * x0 + second * x1 + intercept, as scikit-learn would have found it."""
    X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    model = LinearRegression().fit(X, X @ [first, second] + intercept)
    model.coef_, model.intercept_ = np.array([first, second]), float(intercept)
    return model


def identity(datatype: int) -> bytes:
    """A model that answers its input: x of any number of rows of two."""
    from onnx import helper

    x, y = (helper.make_tensor_value_info(name, datatype, [None, 2]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "identity", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    return model.SerializeToString()


def quietly(work, *arguments, **options):
    """Without the warnings of other people's packages."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return work(*arguments, **options)
