"""What the training scripts share: train, validate, and hand over in one call of baton.register."""

import argparse
import pathlib
import subprocess
import sys

import baton


def main(name, split, train, description):
    """Trains a model, registers it with its validation report and prints NAME/VERSION."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--improve", action="store_true", help="train the better second version")
    parser.add_argument("--request", metavar="ENVIRONMENT", help="also ask for promotion to this environment")
    parser.add_argument("--notes", default="", help="for the people who approve the request")
    options = parser.parse_args()

    X_train, X_test, y_train, y_test = split()
    model = train(X_train, y_train, options.improve)
    try:
        version = baton.register(
            model,
            name=name,
            X=X_test,
            y=y_test,
            dataset=f"{name}-test",
            description=description,
            metadata={"data_digest": baton.dataset_digest(X_train, y_train), "code_revision": code_revision()},
            request=options.request,
            notes=options.notes,
        )
    except baton.BatonError as error:
        sys.exit(f"error: {error}")
    print(version)


def code_revision():
    """The commit of this script, or "unknown" outside of a checkout."""
    command = ["git", "-C", str(pathlib.Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
