"""Where the server is and who is asking: arguments, then environment, then the profile that `baton login` wrote."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Mapping, NamedTuple, Optional

from .errors import InvalidRequest


class Endpoint(NamedTuple):
    """A server's URL without a trailing slash, and a token, which may be empty."""

    url: str
    token: str


def profile_file(environment: Mapping[str, str]) -> Path:
    """The file that the command line shares with this package."""
    base = environment.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "baton" / "profiles.json"


def find_endpoint(
    url: Optional[str] = None,
    token: Optional[str] = None,
    profile: Optional[str] = None,
    environment: Mapping[str, str] = os.environ,
) -> Endpoint:
    """Arguments win over BATON_URL and BATON_TOKEN, and those over the profile; naming a profile skips the environment.

    A profile's token is only ever sent to the profile's own URL.
    """
    if profile is None:
        url = url or environment.get("BATON_URL")
        token = token or environment.get("BATON_TOKEN")
    if not (url and token):
        stored = _read_profile(profile_file(environment), profile)
        if stored and (url is None or url.rstrip("/") == stored.url):
            url, token = stored.url, token or stored.token
    if not url:
        raise InvalidRequest(
            "no server is known",
            code="invalid_argument",
            hint="give url=, set BATON_URL, or run `baton login URL --token TOKEN` once",
        )
    return Endpoint(url.rstrip("/"), token or "")


def _read_profile(path: Path, name: Optional[str]) -> Optional[Endpoint]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        stored = document["profiles"][name or document["default"]]
        return Endpoint(stored["url"].rstrip("/"), stored.get("token", ""))
    except FileNotFoundError:
        if name is None:
            return None
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidRequest(f"{path} cannot be read: {error}", code="invalid_argument", hint="run `baton login` again") from error
    except KeyError:
        if name is None:
            return None
    raise InvalidRequest(
        f"there is no profile '{name}' in {path}",
        code="invalid_argument",
        hint=f"run `baton login URL --token TOKEN --profile {name}`",
    )
