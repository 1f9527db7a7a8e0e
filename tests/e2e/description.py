"""Compares what a server answers with what its description of the native API, /openapi.json, says of it."""

from __future__ import annotations

from typing import Any, Dict, Iterator, Set, Tuple

import jsonschema

from harness import Answer


class Description:
    def __init__(self, document: Dict[str, Any]) -> None:
        self.operations: Dict[str, Dict[str, Any]] = {
            f"{method.upper()} {path}": operation
            for path, item in document["paths"].items()
            for method, operation in item.items()
        }
        self._components = closed(document["components"])
        self.answered: Set[Tuple[str, str]] = set()

    def successes(self) -> Iterator[Tuple[str, str]]:
        """Each operation with each status that it is said to answer when nothing is wrong: none of a problem."""
        for name, operation in self.operations.items():
            for status, response in operation["responses"].items():
                if "$ref" not in response:
                    yield name, status

    def check(self, name: str, answer: Answer) -> None:
        """Fails unless the operation is described as answering so: the status, the type of the body, and what is in it."""
        status = str(answer.status)
        responses = self.operations[name]["responses"]
        assert status in responses or answer.status >= 400, f"{name} is not said to answer {status}"
        self.answered.add((name, status))
        content = self._resolved(responses.get(status, responses["default"])).get("content", {})
        if not content:
            assert not answer.body, f"{name} answers {status} with a body that is not described"
            return
        media = answer.headers["content-type"].split(";")[0]
        assert media in content, f"{name} answers {status} with {media}"
        if "schema" in content[media]:
            self._validate(name, content[media]["schema"], answer.json)

    def _resolved(self, response: Dict[str, Any]) -> Dict[str, Any]:
        reference = response.get("$ref")
        return self._components["responses"][reference.rsplit("/", 1)[1]] if reference else response

    def _validate(self, name: str, schema: Dict[str, Any], body: Any) -> None:
        validator = jsonschema.Draft202012Validator({**schema, "components": self._components})
        wrong = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]
        assert not wrong, f"{name} answers otherwise than described: {'; '.join(wrong)}"


def closed(schema: Any) -> Any:
    """The same without room for fields that it does not name: clients tolerate them, but none must be forgotten."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") is not None:
        inner.setdefault("additionalProperties", False)
    return inner
