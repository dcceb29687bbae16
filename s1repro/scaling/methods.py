"""The list of methods: a file of `FILES` holds one, or several of one kind, and each can be chosen with `method=`.

One more method is its file, its line here, and a YAML in `conf/method/` that names it.

    METHODS["force"]            # the class Forcing
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from s1repro.scaling.method import Method

FILES = (
    "forcing",
    "conditional",
    "rejection",
    "best_of_n",
    "rebase",
    "plain",
)
"""The files of this folder that hold methods."""


def _methods_in(file: str) -> Iterator[type[Method]]:
    """The methods of a file, in its order: the classes that have a name of their own."""
    module = import_module(f"s1repro.scaling.{file}")
    for thing in vars(module).values():
        mine = isinstance(thing, type) and issubclass(thing, Method) and thing.__module__ == module.__name__
        if mine and "name" in vars(thing):
            yield thing


METHODS: dict[str, type[Method]] = {method.name: method for file in FILES for method in _methods_in(file)}
"""The methods by name."""
