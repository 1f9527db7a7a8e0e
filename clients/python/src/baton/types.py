"""What Baton answers with, as frozen data classes. Fields that a newer server adds are kept out and do no harm."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, KeysView, List, Mapping, Optional, Tuple, Type, TypeVar

T = TypeVar("T", bound="Record")


@dataclass(frozen=True)
class Record:
    """Base of the answers: built from a JSON object by field name."""

    @classmethod
    def from_json(cls: Type[T], document: Mapping[str, Any]) -> T:
        """Takes the fields this class knows; an absent or null one keeps its default."""
        names = {item.name for item in dataclasses.fields(cls)}
        return cls(**{key: cls._value(key, value) for key, value in document.items() if key in names and value is not None})

    @classmethod
    def _value(cls, name: str, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value


@dataclass(frozen=True)
class File(Record):
    """One file of a version."""

    path: str
    size: int
    digest: str


@dataclass(frozen=True)
class Slot(Record):
    """What is live under a model and an environment. ``serving`` is ready, loading or failed (then see ``message``)."""

    model: str = ""
    environment: str = "production"
    version: int = 0
    digest: str = ""
    revision: int = 0
    since: str = ""
    request_id: str = ""
    rollback_of: int = 0
    serving: str = ""
    message: str = ""

    @classmethod
    def _value(cls, name: str, value: Any) -> Any:
        return str(value) if name == "request_id" else super()._value(name, value)


@dataclass(frozen=True)
class Model(Record):
    """A name that versions live under."""

    name: str
    description: str = ""
    owner: str = ""
    tags: Dict[str, str] = field(default_factory=dict)
    created_at: str = ""
    updated_at: str = ""
    versions: int = 0
    latest_version: int = 0
    live: Tuple[Dict[str, Any], ...] = ()
    aliases: Dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Version(Record):
    """An immutable version of a model. ``digest`` is its identity: approvals and live slots bind to it."""

    model: str
    version: int
    digest: str
    stage: str = "staged"
    created_at: str = ""
    created_by: str = ""
    description: str = ""
    tags: Dict[str, str] = field(default_factory=dict)
    metadata: Dict[str, Any] = field(default_factory=dict)
    signature: Dict[str, List[Dict[str, Any]]] = field(default_factory=dict)
    engine: str = ""
    files: Tuple[File, ...] = ()
    size: int = 0
    live_in: Tuple[str, ...] = ()
    findings: Tuple[Dict[str, Any], ...] = ()
    aliases: Tuple[str, ...] = ()

    @classmethod
    def _value(cls, name: str, value: Any) -> Any:
        if name == "files":
            return tuple(File.from_json(item) for item in value)
        return super()._value(name, value)

    def __str__(self) -> str:
        return f"{self.model}/{self.version}"


@dataclass(frozen=True)
class Request(Record):
    """A version proposed for an environment, with everything people and the policy said about it.

    ``digest`` is the version's; ``subject_digest`` also covers its reports, the environment and the policy.
    """

    id: str
    model: str = ""
    version: int = 0
    digest: str = ""
    subject_digest: str = ""
    environment: str = "production"
    state: str = ""
    requester: str = ""
    notes: str = ""
    created_at: str = ""
    expires_at: str = ""
    baseline: Optional[Dict[str, Any]] = None
    approvals: Tuple[Dict[str, Any], ...] = ()
    comments: Tuple[Dict[str, Any], ...] = ()
    evaluation: Dict[str, Any] = field(default_factory=dict)

    @classmethod
    def _value(cls, name: str, value: Any) -> Any:
        return str(value) if name == "id" else super()._value(name, value)


@dataclass(frozen=True)
class Prediction(Record):
    """The outputs of one prediction, by name as in a mapping, and the version that computed them.

    Outputs are numpy arrays when numpy arrays or data frames were sent, else nested lists.
    """

    model: str
    version: str
    outputs: Dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.outputs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.outputs)

    def __len__(self) -> int:
        return len(self.outputs)

    def __contains__(self, name: object) -> bool:
        return name in self.outputs

    def keys(self) -> KeysView[str]:
        """The names of the outputs."""
        return self.outputs.keys()
