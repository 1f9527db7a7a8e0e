"""References to versions, written as people say them.

========================  ==========================================
``credit-risk``           the model, where a version is not needed
``credit-risk/3``         version 3
``credit-risk/latest``    the newest version
``credit-risk/live``      the version that is live in production
``credit-risk/live@test`` the version that is live in environment ``test``
``credit-risk@champion``  the version under the alias ``champion``
``credit-risk/sha256:…``  the version with this digest
========================  ==========================================
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from .errors import InvalidRequest

_VERSION = re.compile(r"[1-9][0-9]*|latest|live(@[^/@]+)?|sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Reference:
    """A model and which of its versions; ``version`` is empty when only the model was named."""

    model: str
    version: str = ""

    def __str__(self) -> str:
        if self.version.startswith("@"):
            return self.model + self.version
        return f"{self.model}/{self.version}" if self.version else self.model

    @property
    def path(self) -> str:
        """The resource of this version below the base path of the API."""
        if not self.version:
            raise InvalidRequest(
                f"'{self.model}' names a model, not a version",
                code="invalid_argument",
                hint=f"write for example {self.model}/1, {self.model}/live or {self.model}@alias",
            )
        return f"/models/{quote(self.model, safe='')}/versions/{quote(self.version, safe='@:')}"


def parse_reference(text: str) -> Reference:
    """Parses a reference; raises InvalidRequest that says which forms there are."""
    model, slash, version = text.partition("/")
    if slash:
        if model and "@" not in model and _VERSION.fullmatch(version):
            return Reference(model, version)
    else:
        model, at, alias = text.partition("@")
        if model and bool(alias) == bool(at) and "@" not in alias:
            return Reference(model, at + alias)
    raise InvalidRequest(
        f"'{text}' is not a reference to a version",
        code="invalid_argument",
        hint="write NAME/3, NAME/latest, NAME/live, NAME/live@ENVIRONMENT, NAME@ALIAS or NAME/sha256:<64 hexadecimal digits>",
    )
