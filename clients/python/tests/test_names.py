"""Columns find their places by name: data frames, records and mappings, whatever their order."""

from __future__ import annotations

import json
import warnings

import pytest

import baton
from baton.upload import source_of_bytes

pd = pytest.importorskip("pandas")

FRAME = pd.DataFrame({"age": [20.0, 30.0], "income": [100.0, 200.0]})
RECORDS = [{"age": 20, "income": 100}, {"income": 200, "age": 30}]


def register(client, server, names, number=1):
    """A version that is live."""
    metadata = {} if names is None else {"feature_names": json.dumps(names)}
    client.register_files([source_of_bytes("model.onnx", bytes([number]))], "m", metadata=metadata)
    server.live["m"] = {"model": "m", "version": number, "serving": "ready"}


def sent(server):
    return [(item["name"], item["shape"], item["data"]) for item in server.of("POST", "/infer")[-1].document["inputs"]]


@pytest.mark.parametrize(
    "rows",
    [FRAME, FRAME[["income", "age"]], RECORDS, RECORDS[::-1], FRAME[["income", "age"]].to_dict("list")],
    ids=["frame", "other order", "records", "other order of records", "mapping"],
)
def test_the_order_of_columns_does_not_matter(client, server, rows):
    register(client, server, ["age", "income"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        client.predict("m", rows)
    first_is_younger = not isinstance(rows, list) or rows[0]["age"] == 20
    data = [20, 100, 30, 200] if first_is_younger else [30, 200, 20, 100]
    assert sent(server) == [("X", [2, 2], data)]


@pytest.mark.parametrize(
    "rows, says",
    [
        (FRAME.rename(columns={"age": "Age"}), "missing: 'age'; unknown: 'Age'"),
        (FRAME.assign(zip=1), "unknown: 'zip'"),
        (FRAME[["age"]], "missing: 'income'"),
        ([{"age": 1, "d": 2}], "missing: 'income'; unknown: 'd'"),
        ({"age": [1], "d": [2]}, "missing: 'income'; unknown: 'd'"),
        ([{"age": 1, "income": 2}, {"age": 1}], "row 1 has other names than the first: 'income'"),
        ([{"age": 1, "income": 2}, [1, 2]], "row 1 has no names"),
        ({"age": [1], "income": [2, 3]}, "same length"),
        (pd.concat([FRAME, FRAME[["age"]]], axis=1), "more than one column named 'age'"),
    ],
)
def test_other_names_are_refused_and_named(client, server, rows, says):
    register(client, server, ["age", "income"])
    with pytest.raises(baton.InvalidRequest, match=says):
        client.predict("m", rows)
    assert server.of("POST", "/infer") == []


@pytest.mark.parametrize("rows", [FRAME[["income", "age"]], [{"income": 100, "age": 20}, {"income": 200, "age": 30}]])
def test_names_that_cannot_be_checked_are_not_passed_over_in_silence(client, server, rows):
    register(client, server, None)
    with pytest.warns(UserWarning, match="m/1 does not say what its columns are called.*'income', 'age'"):
        client.predict("m", rows)
    assert sent(server) == [("X", [2, 2], [100, 20, 200, 30])]


def test_missing_values_of_any_kind_are_null(client, server):
    register(client, server, ["age", "income"])
    for frame in (
        pd.DataFrame({"age": [None, 1.0], "income": [2.0, float("nan")]}),
        pd.DataFrame({"age": [pd.NA, 1], "income": [2, pd.NA]}, dtype="Int64"),
        pd.DataFrame({"age": [None, 1], "income": [2, pd.NaT]}, dtype=object),
    ):
        server.fail("POST", "/infer", 200, {"model_name": "m", "model_version": "1", "outputs": []})
        client.predict("m", frame)
        assert sent(server) == [("X", [2, 2], [None, 2, 1, None])]


def test_names_that_may_not_be_read_cannot_be_checked(client, server):
    register(client, server, ["age", "income"])
    server.fail("GET", "/api/v1/models/m/versions/1", 401)
    with pytest.warns(UserWarning, match="does not say"):
        client.predict("m", FRAME)


def test_numbers_are_no_names(client, server):
    register(client, server, ["age", "income"])
    client.predict("m", pd.DataFrame([[1.0, 2.0]]))
    assert sent(server) == [("X", [1, 2], [1, 2])] and server.of("GET", "/versions/1") == []


def test_another_version_with_another_order_is_noticed(client, server):
    register(client, server, ["age", "income"])
    client.predict("m", FRAME)
    register(client, server, ["income", "age"], number=2)
    prediction = client.predict("m", FRAME)
    assert prediction.version == "2" and sent(server) == [("X", [2, 2], [100, 20, 200, 30])]
    assert len(server.of("GET", "/api/v1/models/m/versions")) == 2, "names are asked for once a version"


@pytest.mark.parametrize("names, asked", [(["age", "income"], 1), (["income", "age"], 2)], ids=["same order", "other order"])
def test_a_candidate_that_answers_gets_its_own_order(client, server, names, asked):
    register(client, server, ["age", "income"])
    client.predict("m", FRAME)
    before = len(server.of("POST", "/infer"))
    register(client, server, names, number=2)
    server.live["m"]["version"] = 1  # and version 2 answers some of the requests
    server.fail("POST", "/infer", 200, {"model_name": "m", "model_version": "2", "outputs": []})
    client.predict("m", FRAME)
    calls = server.of("POST", "/infer")[before:]
    assert len(calls) == asked
    if asked == 2:
        assert "/versions/2/infer" in calls[1].path and sent(server)[0][2] == [100, 20, 200, 30]


def test_a_model_with_an_input_for_each_column_takes_a_frame(client, server):
    register(client, server, ["age", "city", "unused"])
    server.inputs = [{"name": "age", "datatype": "FP32", "shape": [-1, 1]}, {"name": "city", "datatype": "BYTES", "shape": [-1, 1]}]
    frame = pd.DataFrame({"unused": [1], "city": ["Ulm"], "age": [float("nan")]})
    server.fail("POST", "/infer", 200, {"model_name": "m", "model_version": "1", "outputs": []})
    client.predict("m", frame)
    assert sent(server) == [("age", [1, 1], [None]), ("city", [1, 1], ["Ulm"])]
    server.fail("POST", "/infer", 200, {"model_name": "m", "model_version": "1", "outputs": []})
    client.predict("m", [{"city": "Ulm", "age": 7}])
    assert sent(server) == [("age", [1, 1], [7]), ("city", [1, 1], ["Ulm"])]
    for rows, says in [
        (frame.drop(columns="age"), "missing: 'age'"),
        (frame.assign(zip=1), "unknown: 'zip'"),
        (frame.assign(city=None), "input 'city' is BYTES, in which no value can be missing"),
        ([[1, "Ulm"]], "several inputs"),
    ]:
        with pytest.raises(baton.InvalidRequest, match=says):
            client.predict("m", rows)
