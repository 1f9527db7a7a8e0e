"""Linear regression: how far diabetes will have progressed after a year.

First version: the four measurements of the first visit that a nurse can take, the other inputs unused. With --improve: all ten.
Both take the same ten inputs, so one can replace the other.
"""

from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split

import handover

NAME = "diabetes-progression"
MEASURED_BY_NURSE = [0, 1, 2, 3]  # age, sex, body mass index, blood pressure


def split():
    """X_train, X_test, y_train, y_test."""
    X, y = load_diabetes(return_X_y=True)
    return train_test_split(X, y, test_size=0.3, random_state=7)


def train(X, y, improve=False):
    if improve:
        return LinearRegression().fit(X, y)
    used = LinearRegression().fit(X[:, MEASURED_BY_NURSE], y)
    model = LinearRegression().fit(X, y)
    model.coef_[:] = 0
    model.coef_[MEASURED_BY_NURSE] = used.coef_
    model.intercept_ = used.intercept_
    return model


if __name__ == "__main__":
    handover.main(NAME, split, train, description="Linear regression on the diabetes data set")
