"""Logistic regression in a pipeline with a scaler: is a tumour benign?

First version: strong regularisation. With --improve: its strength is chosen by cross-validation on the training rows.
"""

from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import handover

NAME = "breast-cancer"


def split():
    """X_train, X_test, y_train, y_test."""
    X, y = load_breast_cancer(return_X_y=True)
    return train_test_split(X, y, test_size=0.3, random_state=7, stratify=y)


def train(X, y, improve=False):
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.001, max_iter=1000))
    if improve:
        search = GridSearchCV(model, {"logisticregression__C": [0.01, 0.03, 0.1, 0.3, 1.0, 3.0]}, scoring="neg_log_loss")
        return search.fit(X, y).best_estimator_
    return model.fit(X, y)


if __name__ == "__main__":
    handover.main(NAME, split, train, description="Logistic regression on the breast cancer data set")
