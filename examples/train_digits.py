"""A support vector machine with an RBF kernel: which digit is on the picture?

First version: trained on the first 200 pictures that were labelled. With --improve: on all of them.
"""

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

import handover

NAME = "digits"


def split():
    """X_train, X_test, y_train, y_test."""
    X, y = load_digits(return_X_y=True)
    return train_test_split(X, y, test_size=0.3, random_state=7, stratify=y)


def train(X, y, improve=False):
    rows = len(X) if improve else 200
    return SVC(gamma="scale", C=5.0).fit(X[:rows], y[:rows])


if __name__ == "__main__":
    handover.main(NAME, split, train, description="SVM on the digits data set")
