"""Checks that settings of all kinds share: each raises one clear line that names the setting.

require_choice("sft.loss", loss, ("token", "sequence"))
require_at_least_one("engine", settings, "max_model_len", "max_concurrency")
"""

from __future__ import annotations

import re
from collections.abc import Iterable


def require_choice(key: str, name: str, choices: Iterable[str]) -> None:
    """Raise `ValueError` for a `name` that is none of the `choices`."""
    if name not in choices:
        raise ValueError(f"{key} is {name!r}; choose from: {', '.join(choices)}")


def require_at_least_one(group: str, settings: object, *names: str) -> None:
    """Raise `ValueError` where one of these settings of a group is below 1; None is no count."""
    for name in names:
        count = getattr(settings, name)
        if count is not None and count < 1:
            raise ValueError(f"{group}.{name} is {count}; give 1 or more")


def require_commit(key: str, revision: str) -> None:
    """Raise `ValueError` where `revision` is neither empty nor the whole hash of a commit, which alone never moves."""
    if revision and not re.fullmatch(r"[0-9a-f]{40}", revision):
        raise ValueError(
            f"{key} is {revision!r}; give a commit, 40 hex digits, as the model's page on the hub lists them: a branch "
            "or a tag may move"
        )


def require_variable(key: str, name: str) -> None:
    """Raise `ValueError` where `name` cannot be an environment variable. It is not repeated: it may be the secret."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError(f"{key} is no name of an environment variable, such as OPENAI_API_KEY")


def is_address(url: str) -> bool:
    """Whether `url` is an http address, without a user or a password in it."""
    return re.fullmatch(r"https?://[^/@\s]+(/[^@\s]*)?", url) is not None
