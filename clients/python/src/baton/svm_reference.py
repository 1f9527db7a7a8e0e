"""SVM operators for ONNX's reference evaluator, as libsvm defines them and Baton's engine computes them.

The evaluator's own go row by row in 32 bits and couple the probabilities of more than two classes wrongly. These take all rows
at once in 64 bits. What scikit-learn's SVMs do not become is left to the evaluator's own.
"""

from __future__ import annotations

from typing import Any, List, Tuple

_ROWS_AT_ONCE = 1024
_EDGE = 1e-7  # probabilities of pairs are kept this far from 0 and 1


def operators() -> List[Any]:
    """The classes to give to ``ReferenceEvaluator(new_ops=…)``."""
    import numpy as np
    from onnx.reference.ops.aionnxml.op_svm_classifier import SVMClassifier as OwnClassifier
    from onnx.reference.ops.aionnxml.op_svm_regressor import SVMRegressor as OwnRegressor

    class SVMClassifier(OwnClassifier):  # type: ignore[misc]
        """By votes of all pairs of classes."""

        op_domain = "ai.onnx.ml"

        def _run(self, X: Any, **given: Any) -> Tuple[Any, Any]:
            counts, labels = given.get("vectors_per_class"), given.get("classlabels_ints") or given.get("classlabels_strings")
            if not counts or given.get("post_transform") not in (None, "NONE"):
                return super()._run(X, **given)
            decisions = np.vstack([_decisions(np, rows, given) for rows in _chunks(X)])
            pairs = _pairs(len(counts))
            votes = np.zeros((len(X), len(counts)))
            for column, (first, second) in enumerate(pairs):
                won = decisions[:, column] > 0
                votes[won, first] += 1
                votes[~won, second] += 1
            chosen = np.array(labels)[votes.argmax(axis=1)]
            if given.get("prob_a"):
                scores = _probabilities(np, decisions, len(counts), given["prob_a"], given["prob_b"])
            else:
                scores = np.hstack([-decisions, decisions]) if len(pairs) == 1 else decisions
            return chosen, scores.astype(X.dtype)

    class SVMRegressor(OwnRegressor):  # type: ignore[misc]
        """The sum over all support vectors."""

        op_domain = "ai.onnx.ml"

        def _run(self, X: Any, **given: Any) -> Tuple[Any]:
            if not given.get("n_supports") or given.get("post_transform") not in (None, "NONE"):
                return super()._run(X, **given)
            weights = np.asarray(given["coefficients"], dtype=np.float64)
            sums = np.concatenate([_kernel(np, rows, given, len(weights)) @ weights for rows in _chunks(X)]) + given["rho"][0]
            if given.get("one_class"):
                sums = np.where(sums > 0, 1.0, -1.0)
            return (sums.reshape(-1, 1).astype(X.dtype),)

    return [SVMClassifier, SVMRegressor]


def _chunks(X: Any) -> List[Any]:
    return [X[start : start + _ROWS_AT_ONCE] for start in range(0, len(X), _ROWS_AT_ONCE)] or [X]


def _pairs(classes: int) -> List[Tuple[int, int]]:
    return [(first, second) for first in range(classes) for second in range(first + 1, classes)]


def _kernel(np: Any, X: Any, given: Any, vectors: int) -> Any:
    """Rows by support vectors."""
    X = X.astype(np.float64)
    support = np.asarray(given["support_vectors"], dtype=np.float64).reshape(vectors, -1)
    gamma, coef0, degree = (float(value) for value in given["kernel_params"])
    kind = given.get("kernel_type") or "LINEAR"
    if kind == "RBF":
        squares = (X**2).sum(axis=1)[:, None] + (support**2).sum(axis=1) - 2 * X @ support.T
        return np.exp(-gamma * np.maximum(squares, 0))
    products = X @ support.T
    if kind == "LINEAR":
        return products
    return (gamma * products + coef0) ** degree if kind == "POLY" else np.tanh(gamma * products + coef0)


def _decisions(np: Any, X: Any, given: Any) -> Any:
    """The decision of each pair of classes, positive for the first of them."""
    counts = list(given["vectors_per_class"])
    kernel = _kernel(np, X, given, sum(counts))
    weights = np.asarray(given["coefficients"], dtype=np.float64).reshape(len(counts) - 1, -1)
    ends = np.cumsum(counts)
    own = [slice(end - count, end) for end, count in zip(ends, counts)]
    decisions = [
        kernel[:, own[first]] @ weights[second - 1, own[first]] + kernel[:, own[second]] @ weights[first, own[second]]
        for first, second in _pairs(len(counts))
    ]
    return np.column_stack(decisions) + np.asarray(given["rho"], dtype=np.float64)


def _probabilities(np: Any, decisions: Any, classes: int, prob_a: Any, prob_b: Any) -> Any:
    """Platt's sigmoid of each pair, coupled over all pairs as libsvm does (method 2 of Wu, Lin and Weng, JMLR 2004)."""
    pairwise = np.zeros((len(decisions), classes, classes))
    for column, (first, second) in enumerate(_pairs(classes)):
        with np.errstate(over="ignore"):
            won = 1 / (1 + np.exp(decisions[:, column] * prob_a[column] + prob_b[column]))
        pairwise[:, first, second] = np.clip(won, _EDGE, 1 - _EDGE)
        pairwise[:, second, first] = 1 - pairwise[:, first, second]
    lost = np.swapaxes(pairwise, 1, 2)
    q = -lost * pairwise
    diagonal = np.arange(classes)
    q[:, diagonal, diagonal] = (lost**2).sum(axis=2)
    p = np.full((len(decisions), classes), 1 / classes)
    going = np.arange(len(decisions))  # rows that have not come to rest
    for _ in range(max(100, classes)):
        qp = np.einsum("nij,nj->ni", q[going], p[going])
        pqp = (p[going] * qp).sum(axis=1)
        restless = np.abs(qp - pqp[:, None]).max(axis=1) >= 0.005 / classes
        going, qp, pqp = going[restless], qp[restless], pqp[restless]
        if not len(going):
            break
        for t in range(classes):
            step = (pqp - qp[:, t]) / q[going, t, t]
            p[going, t] += step
            pqp = (pqp + step * (step * q[going, t, t] + 2 * qp[:, t])) / (1 + step) ** 2
            qp = (qp + step[:, None] * q[going, t]) / (1 + step)[:, None]
            p[going] /= (1 + step)[:, None]
    return p
