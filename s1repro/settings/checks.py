"""Checks that settings of all kinds share: each raises one clear line that names the setting.

require_choice("sft.loss", loss, ("token", "sequence"))
require_at_least_one("engine", settings, "max_model_len", "max_concurrency")
"""

from __future__ import annotations

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
